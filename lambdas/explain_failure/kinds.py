"""The ways a run can fail, each with what its operator should do."""

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

Rerun = Literal["yes", "no", "once mended"]


@dataclass(frozen=True)
class Kind:
    """One way to fail.

    Attributes:
        name: The execution's error.
        words: The same for a reader.
        rerun: Whether a rerun with the same input helps, as the message says it.
        advice: What to do, in a sentence.
    """

    name: str
    words: str
    rerun: Rerun
    advice: str

    @property
    def rerun_helps(self) -> bool:
        """Whether the same input may succeed as things are."""
        return self.rerun == "yes"


def _kind(name: str, words: str, *, rerun: Rerun, advice: str) -> Kind:
    return Kind(name=name, words=words, rerun=rerun, advice=advice)


INPUT_ERROR = _kind(
    InputError.__name__, "input error", rerun="once mended", advice="A rerun helps only once that is mended."
)
NOT_READY = _kind(
    PreflightFailed.__name__,
    "not ready",
    rerun="once mended",
    advice="Nothing was started; a rerun helps once that is mended.",
)
JOB_ERROR = _kind(
    "JobError", "job error", rerun="no", advice="A rerun fails the same way; read the job's log and mend the cause."
)
OBJECTS = _kind(
    "ChunksFailed",
    "objects could not be forecast",
    rerun="once mended",
    advice="All others are kept, and a rerun takes up only these: it helps where what was wrong with them has passed. "
    'Else mend demand or program; {"force": true} makes all of it anew.',
)
# What SageMaker gives as the reason where the container did not: there may be no log.
NOT_RUN = _kind("JobError", "job error", rerun="once mended", advice="A rerun helps only once that is mended.")
NO_DATA = _kind(
    InputError.__name__,
    "input error",
    rerun="once mended",
    advice="A rerun helps once the files are there and the job's role may list and read them.",
)
NO_IMAGE = _kind(
    "ImageNotPulled",
    "image not pulled",
    rerun="once mended",
    advice="A rerun helps once the image is there: deploy again, or mend image_uri and deploy.",
)
DISK_FULL = _kind(
    "DiskFull",
    "disk full",
    rerun="once mended",
    advice="A rerun helps once training_job.volume_gb is larger and deployed.",
)
FLEETS_DISK_FULL = _kind(
    "DiskFull",
    "disk full",
    rerun="once mended",
    advice="A rerun helps once fleet.volume_gb is larger, or there are more machines.",
)
OUT_OF_MEMORY = _kind(
    "OutOfMemory",
    "out of memory",
    rerun="once mended",
    advice="A rerun helps once instance_types have more memory, or sample_rows is smaller.",
)
NO_CAPACITY = _kind(
    "NoCapacity",
    "no capacity",
    rerun="yes",
    advice="A rerun helps once AWS has capacity again; more instance_types make it likelier.",
)
QUOTA = _kind(
    "QuotaExceeded",
    "quota exceeded",
    rerun="once mended",
    advice="A rerun helps once it is raised in Service Quotas (Amazon SageMaker), or other jobs have ended.",
)
UNREACHABLE = _kind(
    "ConnectionFailed",
    "connection failed",
    rerun="yes",
    advice="A rerun helps where this was passing; if it happens again, see whether the job can reach the service.",
)
THROTTLED = _kind("Throttled", "throttled", rerun="yes", advice="A rerun helps; wait a few minutes.")
TIMED_OUT = _kind(
    "TimedOut",
    "timed out",
    rerun="once mended",
    advice="A rerun helps with more max_runtime_minutes, or on a faster instance type.",
)
STATE_TIMED_OUT = _kind(
    "TimedOut", "timed out", rerun="yes", advice="A rerun helps if the delay was passing; then read the function's log."
)
SPOT = _kind(
    "SpotInterrupted",
    "no spot capacity in time",
    rerun="yes",
    advice="A rerun may find some; spot = false makes it certain.",
)
STOPPED = _kind("Stopped", "stopped", rerun="yes", advice="Someone stopped it; a rerun starts over.")
PLATFORM = _kind("PlatformFault", "platform fault", rerun="yes", advice="A rerun helps; nothing of ours was at fault.")
DENIED = _kind(
    "AccessDenied",
    "access denied",
    rerun="once mended",
    advice="A rerun helps once the role has that right, or what took it away is undone.",
)
INCOMPLETE = _kind(
    IncompleteRun.__name__,
    "incomplete run",
    rerun="yes",
    advice="Nothing was published; a rerun writes a run of its own. If it happens again, read the job's log.",
)
HELD = _kind(
    QualityGateFailed.__name__,
    "held by the quality gate",
    rerun="no",
    advice="The run is kept and the last good one stays published; a rerun ends the same way until the demand changes.",
)
NOT_PUBLISHED = _kind(
    PublishFailed.__name__,
    "publishing failed",
    rerun="yes",
    advice="The last good run stays published; a rerun helps if the reason above was passing.",
)
NOT_IN_ATHENA = _kind(
    CatalogUpdateFailed.__name__,
    "published, but not in Athena",
    rerun="yes",
    advice='A redrive shows it there, and so does an execution with {"publish": ...}; nothing is trained again.',
)
UNKNOWN = _kind(
    "Unknown", "unknown failure", rerun="yes", advice="One rerun is worth a try; then read the execution's history."
)
