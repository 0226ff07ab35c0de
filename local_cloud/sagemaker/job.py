"""The common part of training and processing jobs: the life cycle from Starting to the end, in one thread per job."""

import abc
import logging
import shutil
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import boto3

from local_cloud.containers.images import ImageStore
from local_cloud.core.breakpoints import Breakpoints
from local_cloud.core.job_faults import Faults
from local_cloud.core.log_streams import LogStream
from local_cloud.core.processes import ProcessRegistry
from local_cloud.core.server_settings import ServerSettings
from local_cloud.sagemaker.instances import Container, Instance, InstanceGroup, Outcome
from local_cloud.sagemaker.s3_transfer import JobInput, TransferError, download_inputs

_LOG = logging.getLogger(__name__)
_NO_CAPACITY = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type."
)
_INTERNAL = "InternalServerError: We encountered an internal error.  Please try again."
MAX_FAILURE_CHARACTERS = 1024


@dataclass(frozen=True)
class JobPlace:
    """The context of a job: the server, its processes, and the region of the call."""

    settings: ServerSettings
    processes: ProcessRegistry
    region: str

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN of a job in this region."""
        return f"arn:aws:sagemaker:{self.region}:{self.settings.account}:{kind.lower()}-job/{name}"


class Job(abc.ABC):
    """One job. Subclasses implement the request format, `/opt/ml`, the outputs, and the description.

    Args:
        request: The checked request of the Create call.
        place: The job's context.
        image_uri: The container image.
        cluster: The part of the request with InstanceType and InstanceCount.

    Attributes:
        kind: `Training` or `Processing`, as in the names of the calls.
    """

    kind: ClassVar[str]

    def __init__(self, request: dict[str, Any], *, place: JobPlace, image_uri: str, cluster: dict[str, Any]) -> None:
        self.request, self.place, self.cluster = request, place, cluster
        self.name = str(request[f"{self.kind}JobName"])
        self.arn = place.arn(self.kind, self.name)
        self.status = "InProgress"
        self.failure_reason: str | None = None
        self.created = self.modified = datetime.now(UTC)
        self.started: datetime | None = None
        self.ended: datetime | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        settings = place.settings
        self.image = ImageStore(settings.layout.images).get(image_uri)
        self._folder = settings.layout.jobs / self.kind.lower() / self.name
        shutil.rmtree(self._folder, ignore_errors=True)  # an earlier cloud may have used the name
        self.s3 = boto3.client("s3", **settings.connection(place.region, role=request["RoleArn"]))

    @staticmethod
    @abc.abstractmethod
    def find_unsupported(request: dict[str, Any]) -> str | None:
        """Return the first setting in a request that the local cloud does not support; None if it supports all."""

    @property
    def on_spot(self) -> bool:
        """True if the job runs on spot capacity."""
        return bool(self.request.get("EnableManagedSpotTraining"))

    @property
    def in_progress(self) -> bool:
        """True while the job uses its instances."""
        return self.status in ("InProgress", "Stopping")

    @abc.abstractmethod
    def command(self) -> list[str]:
        """Return the container's command: entry point and arguments."""

    @abc.abstractmethod
    def lay_out(self, instances: list[Instance]) -> None:
        """Write each instance's `/opt/ml`: configuration and data."""

    @abc.abstractmethod
    def upload(self, instances: list[Instance]) -> None:
        """Upload the files that the instances have written."""

    @abc.abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return the response of the Describe call."""

    @abc.abstractmethod
    def explain_failure(self, outcome: Outcome) -> str:
        """Return the FailureReason of a job whose container failed."""

    @abc.abstractmethod
    def phase(self, name: str, message: str = "") -> None:
        """Record that a phase of the job begins."""

    def download(self, inputs: list[JobInput], instances: list[Instance]) -> None:
        """Download each instance's share of the inputs."""
        folders = [instance.opt_ml for instance in instances]
        download_inputs(self.s3, inputs, folders, role=self.request["RoleArn"], region=self.place.region)

    def finish(self, status: str, *, detail: str = "") -> None:
        """Set the job's final status.

        Args:
            status: Completed, Failed or Stopped.
            detail: The FailureReason of a failed job; `MaxRuntimeExceeded` if the job exceeded its maximum runtime;
                `MaxWaitTimeExceeded` if it got no spot capacity in time.
        """
        if status == "Failed":
            self.failure_reason = detail
        self.ended = self.modified = datetime.now(UTC)
        self.status = status

    def start(self) -> None:
        """Start the job and return immediately."""
        threading.Thread(target=self._run, daemon=True, name=f"job {self.name}").start()

    def request_stop(self) -> bool:
        """Ask the job to stop, and return whether it was still in progress."""
        with self._lock:
            if self.status != "InProgress":
                return False
            self.status = "Stopping"
        self.phase("Stopping", "Stopping the training job")
        self._stop.set()
        return True

    def _run(self) -> None:
        try:
            self._run_phases()
        except TransferError as error:
            self.finish("Failed", detail=str(error))
        except Exception:
            _LOG.exception("job %s", self.name)
            self.finish("Failed", detail=_INTERNAL)

    def _run_phases(self) -> None:
        self.phase("Starting", "Preparing the instances")
        fault = Faults(self.place.settings.layout.faults).take(
            instance_type=self.cluster["InstanceType"],
            reasons=("capacity", "internal", *(("reclaimed",) if self.on_spot else ())),
        )
        if fault == "reclaimed":
            self.finish("Stopped", detail="MaxWaitTimeExceeded")
            return
        if fault is not None:
            self.finish("Failed", detail=_NO_CAPACITY if fault == "capacity" else _INTERNAL)
            return
        instances = [self._instance(number) for number in range(1, self.cluster["InstanceCount"] + 1)]
        self.phase("Downloading", "Downloading input data")
        self.lay_out(instances)
        if self._stop.is_set():
            self.finish("Stopped")
            return
        self.started = datetime.now(UTC)
        self.phase("Training", "Training image download completed. Training in progress.")
        outcome = self._run_instances(instances)
        if outcome.failed is None or outcome.stopped or outcome.timed_out:
            self.phase("Uploading", "Uploading generated model")
            self.upload(instances)
        if outcome.stopped or outcome.timed_out:
            self.finish("Stopped", detail="MaxRuntimeExceeded" if outcome.timed_out else "")
        elif outcome.failed is not None:
            self.finish("Failed", detail=self.explain_failure(outcome))
        else:
            self.finish("Completed")

    def _run_instances(self, instances: list[Instance]) -> Outcome:
        settings = self.place.settings
        now = int(time.time() * 1000)
        logs = boto3.client("logs", **settings.connection(self.place.region, role=self.request["RoleArn"]))
        container = Container(
            image=self.image,
            command=self.command(),
            environment={
                **settings.workload_environment(role=self.request["RoleArn"]),
                **self.request.get("Environment", {}),
                f"{self.kind.upper()}_JOB_NAME": self.name,
                f"{self.kind.upper()}_JOB_ARN": self.arn,
            },
            cores=settings.options.cores_per_instance,
        )
        group = InstanceGroup(
            processes=self.place.processes,
            stop=self._stop,
            stop_grace_seconds=settings.options.stop_grace_seconds,
            breakpoints=Breakpoints(settings.layout.paused_lines),
        )
        return group.run(
            instances,
            container,
            streams=[
                LogStream(logs, group=f"/aws/sagemaker/{self.kind}Jobs", stream=f"{self.name}/{instance.host}-{now}")
                for instance in instances
            ],
            seconds=self.request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86400),
        )

    def _instance(self, number: int) -> Instance:
        host = f"algo-{number}"
        folder = self._folder / host
        (folder / "opt" / "ml").mkdir(parents=True, exist_ok=True)
        return Instance(host=host, folder=folder, log=self._folder / "logs" / f"{host}.log")


def read_message(path: Path, length: int = MAX_FAILURE_CHARACTERS) -> str:
    """Return the first `length` characters of a file that a container may have written; empty if missing."""
    return path.read_text(errors="replace")[:length] if path.is_file() else ""
