"""The types of failure, each with advice for the operator."""

from dataclasses import dataclass
from typing import Literal

from contract.function_errors import (
    CatalogUpdateFailed,
    IncompleteRun,
    InputError,
    PreflightFailed,
    PublishFailed,
    QualityGateFailed,
)

Rerun = Literal["yes", "no", "after a fix"]


@dataclass(frozen=True)
class FailureType:
    """One kind of failure.

    Attributes:
        name: Error name of the execution.
        label: Name of the kind in messages.
        rerun: Whether a rerun with the same input helps, as the message states it.
        advice: What the operator should do.
    """

    name: str
    label: str
    rerun: Rerun
    advice: str

    @property
    def rerun_helps(self) -> bool:
        """Whether a rerun with the same input may succeed without a fix."""
        return self.rerun == "yes"


def _kind(name: str, label: str, *, rerun: Rerun, advice: str) -> FailureType:
    return FailureType(name=name, label=label, rerun=rerun, advice=advice)


INPUT_ERROR = _kind(InputError.__name__, "input error", rerun="after a fix", advice="Fix the problem, then rerun.")
NOT_READY = _kind(
    PreflightFailed.__name__,
    "not ready",
    rerun="after a fix",
    advice="No job was started. Fix the problem, then rerun.",
)
JOB_ERROR = _kind(
    "JobError", "job error", rerun="no", advice="A rerun fails the same way. Read the job's log and fix the cause."
)
OBJECTS = _kind(
    "ChunksFailed",
    "some chunks have no forecasts",
    rerun="after a fix",
    advice="All other chunks are kept. A rerun forecasts only these chunks and helps if the cause was temporary. "
    'Otherwise fix the demand or the program. {"force": true} repeats the whole run.',
)
# For reasons that SageMaker gives and not the container. There may be no log.
NOT_RUN = _kind("JobError", "job error", rerun="after a fix", advice="Fix the cause, then rerun.")
NO_DATA = _kind(
    InputError.__name__,
    "input error",
    rerun="after a fix",
    advice="A rerun helps once the files exist and the job's role may list and read them.",
)
NO_IMAGE = _kind(
    "ImageNotPulled",
    "image not pulled",
    rerun="after a fix",
    advice="A rerun helps once the image exists. Deploy again, or correct image_uri and deploy.",
)
DISK_FULL = _kind(
    "DiskFull",
    "disk full",
    rerun="after a fix",
    advice="Raise training_job.volume_gb and deploy, then rerun.",
)
FLEETS_DISK_FULL = _kind(
    "DiskFull",
    "disk full",
    rerun="after a fix",
    advice="Raise fleet.volume_gb and deploy, or use more instances. Then rerun.",
)
OUT_OF_MEMORY = _kind(
    "OutOfMemory",
    "out of memory",
    rerun="after a fix",
    advice="Choose instance_types with more memory, or lower sample_rows. Then rerun.",
)
NO_CAPACITY = _kind(
    "NoCapacity",
    "no capacity",
    rerun="yes",
    advice="A rerun helps once AWS has capacity again. More instance_types make that more likely.",
)
QUOTA = _kind(
    "QuotaExceeded",
    "quota exceeded",
    rerun="after a fix",
    advice="Raise the quota in Service Quotas (Amazon SageMaker), or wait until other jobs have ended. Then rerun.",
)
UNREACHABLE = _kind(
    "ConnectionFailed",
    "connection failed",
    rerun="yes",
    advice="A rerun helps if the cause was temporary. If it fails again, check that the job can reach the service.",
)
THROTTLED = _kind("Throttled", "throttled", rerun="yes", advice="Wait a few minutes, then rerun.")
TIMED_OUT = _kind(
    "TimedOut",
    "timed out",
    rerun="after a fix",
    advice="Raise max_runtime_minutes or choose a faster instance type. Then rerun.",
)
STATE_TIMED_OUT = _kind(
    "TimedOut",
    "timed out",
    rerun="yes",
    advice="A rerun helps if the delay was temporary. If it fails again, read the function's log.",
)
SPOT = _kind(
    "SpotInterrupted",
    "no spot capacity in time",
    rerun="yes",
    advice="A rerun may find spot capacity. With spot = false, the job does not need it.",
)
STOPPED = _kind("Stopped", "stopped", rerun="yes", advice="Someone stopped the job. A rerun starts over.")
PLATFORM = _kind("PlatformFault", "platform fault", rerun="yes", advice="AWS had a fault. Rerun.")
DENIED = _kind(
    "AccessDenied",
    "access denied",
    rerun="after a fix",
    advice="A rerun helps once the role has this permission, or the change that removed it is undone.",
)
INCOMPLETE = _kind(
    IncompleteRun.__name__,
    "incomplete run",
    rerun="yes",
    advice="Nothing was published. A rerun makes a new run. If it fails again, read the job's log.",
)
HELD = _kind(
    QualityGateFailed.__name__,
    "rejected by the quality gate",
    rerun="no",
    advice="The run is kept, and the last published run stays. A rerun fails the same way until the demand changes.",
)
NOT_PUBLISHED = _kind(
    PublishFailed.__name__,
    "publishing failed",
    rerun="yes",
    advice="The last published run stays published. A rerun helps if the cause was temporary.",
)
NOT_IN_ATHENA = _kind(
    CatalogUpdateFailed.__name__,
    "published, but not in Athena",
    rerun="yes",
    advice='Redrive the execution, or start one with {"publish": ...}, to update Athena. Neither trains again.',
)
UNKNOWN = _kind(
    "Unknown", "unknown failure", rerun="yes", advice="Rerun once. If it fails again, read the execution's history."
)
