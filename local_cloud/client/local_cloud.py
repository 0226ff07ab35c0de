"""`LocalCloud`: starts the server, gives access to it, and injects faults on request."""

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from local_cloud.client.access import Access
from local_cloud.client.assembly import deploy_assembly
from local_cloud.client.cdk_cli import CDK_OPTIONS, run_cdk
from local_cloud.client.client_factory import ClientFactory
from local_cloud.client.server_process import ServerProcess
from local_cloud.core.breakpoints import Breakpoints
from local_cloud.core.cpu_affinity import checked_cores
from local_cloud.core.job_faults import FaultReason, Faults
from local_cloud.core.resource_faults import ResourceFaults
from local_cloud.core.server_options import ServerOptions
from local_cloud.core.service_quotas import set_quota
from local_cloud.core.state_layout import StateLayout
from local_cloud.middleware.api_faults import ApiFault, ApiFaults


class LocalCloud:
    """A cloud in its own process. It runs while the context is open.

    The server ends with the context. It holds one end of a pipe, so it also ends when the opening process is killed.

    Args:
        state_folder: Where images, job folders and logs are kept. Default: a temporary folder, removed at the end.
            The services keep their state (objects, stacks, executions) in memory, so it ends with the process. Only
            one cloud at a time may use a folder.
        region: The region of clients and stacks.
        account: The account of every caller.
        stop_grace_seconds: Seconds from SIGTERM to SIGKILL when a job is stopped (120 in SageMaker).
        iam: Whether a role may do only what its policies allow.
        time_scale: Factor for a workflow's Wait states and Retry intervals, e.g. 0.01 for a test of a retry.
        cores_per_instance: Number of this computer's cores for each instance of a job. Each instance gets the next
            cores; after the last core, the first follows again. Linux only. Default: every instance has all cores.
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
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and return when it is ready.

        Raises:
            RuntimeError: The server did not start. The message has the end of its log.
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
            # The host must be `localhost`: the CDK's S3 client cannot form the URLs that moto expects from an address.
            endpoint_url=f"http://localhost:{port}",
            region=self.region,
            account=self.account,
            docker_program=self._layout.docker_program,
        )

    def stop(self) -> None:
        """Stop jobs, Lambda functions and the server, and return when they have ended.

        Do nothing if the server does not run.
        """
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
        """The server's log: failed requests, types that are only recorded, tracebacks."""
        return self._layout.server_log

    @property
    def permissions_file(self) -> Path:
        """The permissions that roles needed: role, action, resource, context, allowing statements."""
        return self._layout.permissions

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point a child process at this cloud; see `Access.environment`."""
        return self._started_access().environment

    def child_environment(self) -> dict[str, str]:
        """Return the caller's environment without its own `AWS_*` variables, plus `environment`."""
        return self._started_access().child_environment()

    @property
    def client(self) -> ClientFactory:
        """The factory of this cloud's boto3 clients. It never reads the caller's own AWS configuration."""
        return self._started_access().client

    @property
    def cdk_options(self) -> Mapping[str, Sequence[str]]:
        """Options that the local cloud requires of the CDK CLI, by command. `cdk` adds them itself."""
        return CDK_OPTIONS

    def deploy(self, assembly_folder: Path) -> dict[str, dict[str, str]]:
        """Deploy a synthesized cloud assembly with boto3 alone: first the assets, then the stacks in order.

        Returns:
            Each stack's outputs, by stack name and output key.

        Raises:
            DeploymentError: A stack failed, or the local cloud does not support a part of the assembly.
        """
        return deploy_assembly(
            assembly_folder, client=self.client, account=self.account, region=self.region, images=self._layout.images
        )

    def cdk(
        self, *arguments: str, cwd: Path, cdk_program: Path, capture: bool = False, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the real CDK CLI against this cloud, e.g. `cloud.cdk("deploy", "--all", cwd=..., cdk_program=...)`.

        The method adds the options that the local cloud requires, such as `--method direct`.

        Args:
            arguments: The command and its options.
            cwd: The folder of `cdk.json`.
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
        """Return the live log files of a job, one for each instance; empty until the job runs."""
        return sorted(self._layout.jobs.glob(f"*/{job_name}/logs/*.log"))

    def fail_next_job(self, *, reason: FaultReason, instance_type: str | None = None) -> None:
        """Make the next job on `instance_type` (any, if None) fail like a platform failure; see `job_faults`."""
        Faults(self._layout.faults).add(instance_type=instance_type, reason=reason)

    def set_quota(self, name: str, value: float) -> None:
        """Set a quota by its name in Service Quotas; see `service_quotas`."""
        set_quota(self._layout.quotas, name, value)

    def fail_calls(self, fault: ApiFault) -> None:
        """Make the next matching API calls fail; see `api_faults`."""
        ApiFaults(self._layout.api_faults).add(fault)

    def fail_resource(self, resource_type: str, message: str) -> None:
        """Make CloudFormation fail to create the next resource of a type, e.g. `AWS::Budgets::Budget`."""
        ResourceFaults(self._layout.resource_faults).add(resource_type=resource_type, message=message)

    def forget_faults(self) -> None:
        """Remove all unused faults and release all paused states and jobs."""
        self.resume_states()
        self.resume_jobs()
        ApiFaults(self._layout.api_faults).clear()
        ResourceFaults(self._layout.resource_faults).clear()
        Faults(self._layout.faults).clear()

    def pause_at_state(self, name: str) -> None:
        """Pause executions when they enter the state, until they end or `resume_states` is called."""
        Breakpoints(self._layout.paused_states).pause(name)

    def pause_job_at(self, text: str) -> None:
        """Pause jobs (SIGSTOP) when they print a line with the text, until they end or `resume_jobs` is called."""
        Breakpoints(self._layout.paused_lines).pause(text)

    def resume_jobs(self) -> None:
        """Let paused jobs continue, and pause no further ones."""
        Breakpoints(self._layout.paused_lines).release()

    def resume_states(self) -> None:
        """Let paused executions continue, and pause no further ones."""
        Breakpoints(self._layout.paused_states).release()

    def kill_job(self, job_name: str) -> None:
        """Kill the main processes of a running job (SIGKILL), as the kernel does when memory runs out."""
        for file in self._layout.jobs.glob(f"*/{job_name}/**/*.pid"):
            with suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGKILL)

    def _started_access(self) -> Access:
        if self._access is None:
            raise RuntimeError("the local cloud is not started: use it as a context manager or call start()")
        return self._access
