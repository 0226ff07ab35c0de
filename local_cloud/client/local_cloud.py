"""`LocalCloud`: has the server run, hands out what clients need, and makes things go wrong on request."""

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from local_cloud.client.access import Access
from local_cloud.client.assembly import deploy_assembly
from local_cloud.client.cdk_cli import run_cdk
from local_cloud.client.client_factory import ClientFactory
from local_cloud.client.server_process import ServerProcess
from local_cloud.core.cpu_affinity import checked_cores
from local_cloud.core.held_states import HeldStates
from local_cloud.core.job_faults import FaultReason, Faults
from local_cloud.core.server_options import ServerOptions
from local_cloud.core.service_quotas import set_quota
from local_cloud.core.state_layout import StateLayout
from local_cloud.middleware.api_faults import ApiFault, ApiFaults


class LocalCloud:
    """A cloud in a process of its own, for as long as the context is open.

    Args:
        state_folder: Where images, job folders and logs are kept. Default: a temporary folder, removed at the end.
            What the services remember (objects, stacks, executions) is in memory and ends with the process. One cloud
            at a time may use a folder.
        region: The region clients and stacks use.
        account: The account every caller is in.
        stop_grace_seconds: From SIGTERM to SIGKILL when a job is stopped (120 in SageMaker).
        iam: Whether a role may do only what its policies allow.
        time_scale: What a workflow's Wait states and Retry intervals are multiplied by: 0.01 for tests of a retry.
        cores_per_instance: How many of the machine's cores an instance of a job has: instance after instance gets the
            next ones, and the first again after the last. Linux only. Default: every instance has all.

    The server ends with the context, and also when the process that opened it is killed: it holds one end of a pipe.
    """

    def __init__(
        self,
        state_folder: Path | None = None,
        *,
        region: str = "eu-central-1",
        account: str = "123456789012",
        stop_grace_seconds: float = 120.0,
        time_scale: float = 1.0,
        iam: bool = True,
        cores_per_instance: int | None = None,
    ) -> None:
        temporary = Path(tempfile.gettempdir()) / f"local-cloud-{uuid.uuid4().hex}"
        self.region = region
        self.account = account
        self.state_folder = (state_folder or temporary).resolve()
        self._options = ServerOptions(
            state_folder=self.state_folder,
            account=account,
            temporary=state_folder is None,
            iam=iam,
            time_scale=time_scale,
            stop_grace_seconds=stop_grace_seconds,
            cores_per_instance=None if cores_per_instance is None else checked_cores(cores_per_instance),
        )
        self._layout = StateLayout(self.state_folder)
        self._server: ServerProcess | None = None
        self._access: Access | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the server and returns when it answers.

        Raises:
            RuntimeError: It did not start; the message holds the end of its log.
        """
        self._layout.create()
        self._layout.write_docker_program()
        self._server = ServerProcess(self._options, log_file=self.log_file)
        try:
            port = self._server.port()
        except BaseException:
            self.stop()
            raise
        self._access = Access(
            # Host written `localhost`: with an address the CDK's S3 client cannot form the URLs that moto's S3 expects.
            endpoint_url=f"http://localhost:{port}",
            region=self.region,
            account=self.account,
            docker_program=self._layout.docker_program,
        )

    def stop(self) -> None:
        """Stops jobs, Lambdas and the server; returns when they are gone. Harmless when nothing runs."""
        server, self._server = self._server, None
        if server is None:
            return
        server.end()
        if self._options.temporary:
            shutil.rmtree(self.state_folder, ignore_errors=True)

    @property
    def endpoint_url(self) -> str:
        """The URL of every service, `http://localhost:<port>`."""
        return self._started_access().endpoint_url

    @property
    def log_file(self) -> Path:
        """The server's log: requests that failed, what moto left out, tracebacks."""
        return self._layout.server_log

    @property
    def permissions_file(self) -> Path:
        """What roles have asked for: role, action, resource, context, and the statements that allowed it."""
        return self._layout.permissions

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point a child process at this cloud; see `Access.environment`."""
        return self._started_access().environment

    def child_environment(self) -> dict[str, str]:
        """Returns the caller's environment without any `AWS_*` of its own, plus `environment`."""
        return self._started_access().child_environment()

    @property
    def client(self) -> ClientFactory:
        """Makes boto3 clients of this cloud; the caller's own AWS configuration is never read."""
        return self._started_access().client

    def deploy(self, assembly_folder: Path) -> dict[str, dict[str, str]]:
        """Deploys a synthesised cloud assembly with boto3 alone: assets first, then stacks in order.

        Returns:
            Each stack's outputs, by stack name and output key.

        Raises:
            DeploymentError: A stack failed, or the assembly holds something that is not known here.
        """
        return deploy_assembly(
            assembly_folder, client=self.client, account=self.account, region=self.region, images=self._layout.images
        )

    def cdk(
        self, *arguments: str, cwd: Path, cdk_program: Path, capture: bool = False, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Runs the real CDK CLI against this cloud, e.g. `cloud.cdk("deploy", "--all", cwd=..., cdk_program=...)`.

        What the local cloud requires (`--method direct` and the like) is added to the arguments.

        Args:
            arguments: The command and its options.
            cwd: Where `cdk.json` is.
            cdk_program: `node_modules/.bin/cdk`.
            capture: Return stdout and stderr instead of showing them.
            check: Raise `subprocess.CalledProcessError` on a non-zero exit.
        """
        return run_cdk(
            arguments,
            cwd=cwd,
            cdk_program=cdk_program,
            environment=self.child_environment(),
            capture=capture,
            check=check,
        )

    def job_logs(self, job_name: str) -> list[Path]:
        """The live log files of a job, one an instance; empty until it runs."""
        return sorted(self._layout.jobs.glob(f"*/{job_name}/logs/*.log"))

    def fail_next_job(self, *, reason: FaultReason, instance_type: str | None = None) -> None:
        """Makes the next job on `instance_type` (any, if None) fail as the platform fails; see `job_faults`."""
        Faults(self._layout.faults).add(instance_type=instance_type, reason=reason)

    def set_quota(self, name: str, value: float) -> None:
        """Sets how many instances jobs may use at the same time, by the name that Service Quotas has for it."""
        set_quota(self._layout.quotas, name, value)

    def fail_calls(self, fault: ApiFault) -> None:
        """Makes the next API calls that fit go wrong; see `api_faults`."""
        ApiFaults(self._layout.api_faults).add(fault)

    def forget_faults(self) -> None:
        """Takes back the failures that were asked for and have not happened, and lets go of held states."""
        self.release_states()
        ApiFaults(self._layout.api_faults).clear()
        Faults(self._layout.faults).clear()

    def hold_state(self, name: str) -> None:
        """Has executions wait where they enter a state, until they are ended or `release_states` is called."""
        HeldStates(self._layout.held_states).hold(name)

    def release_states(self) -> None:
        """Lets executions go on that wait in a state."""
        HeldStates(self._layout.held_states).release()

    def kill_job(self, job_name: str) -> None:
        """Kills the main processes of a running job (SIGKILL), as the kernel does when memory runs out."""
        for file in self._layout.jobs.glob(f"*/{job_name}/**/*.pid"):
            with suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGKILL)

    def _started_access(self) -> Access:
        if self._access is None:
            raise RuntimeError("the local cloud is not started; use it as a context manager or call start()")
        return self._access
