"""The types of failure, each with its meaning and advice. `docs/errors.md` and the operator's message show them."""

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
    """One type of failure.

    Attributes:
        name: Error name of the execution.
        label: Name of the type in messages.
        meaning: The failure, in sentences for docs/errors.md.
        rerun: Whether a rerun with the same input helps, as the message states it.
        advice: What the operator should do, for the message and docs/errors.md.
    """

    name: str
    label: str
    meaning: str
    rerun: Rerun
    advice: str

    @property
    def rerun_helps(self) -> bool:
        """Whether a rerun with the same input may succeed without a fix."""
        return self.rerun == "yes"


INPUT_ERROR = FailureType(
    InputError.__name__,
    "input error",
    meaning="The execution's input, the configuration or the demand is invalid. "
    "The message names the file, the column and the value.",
    rerun="after a fix",
    advice="Fix the problem, then rerun.",
)
PREFLIGHT_FAILED = FailureType(
    PreflightFailed.__name__,
    "preflight failed",
    meaning="The run lacks demand, quota, image, bucket, key or time. The message lists everything that is missing.",
    rerun="after a fix",
    advice="No job was started. Fix the problem, then rerun.",
)
JOB_ERROR = FailureType(
    "JobError",
    "job error",
    meaning="The program failed. The message has the reason.",
    rerun="no",
    advice="A rerun fails the same way. Read the job's log and fix the cause.",
)
CHUNKS_FAILED = FailureType(
    "ChunksFailed",
    "some chunks have no forecasts",
    meaning="The fleet could not forecast some chunks. "
    "The message names the first chunks and series; `summary.json` lists all.",
    rerun="after a fix",
    advice="All other chunks are kept. A rerun forecasts only these chunks and helps if the cause was temporary. "
    'Otherwise fix the demand or the program. {"force": true} repeats the whole run.',
)
# For reasons that SageMaker gives and not the container. There may be no log.
NOT_RUN = FailureType(
    "JobError",
    "job error",
    meaning="SageMaker could not run the program. The message has SageMaker's reason.",
    rerun="after a fix",
    advice="Fix the cause, then rerun.",
)
NO_DATA = FailureType(
    InputError.__name__,
    "input error",
    meaning="SageMaker found no files, or could not download them. The message names the S3 prefixes.",
    rerun="after a fix",
    advice="A rerun helps once the files exist and the job's role may list and read them.",
)
NO_IMAGE = FailureType(
    "ImageNotPulled",
    "image not pulled",
    meaning="SageMaker could not pull the container image that the message names.",
    rerun="after a fix",
    advice="A rerun helps once the image exists. Deploy again, or correct image_uri and deploy.",
)
DISK_FULL = FailureType(
    "DiskFull",
    "disk full",
    meaning="The training job's demand and forecasts do not fit on the instance's disk.",
    rerun="after a fix",
    advice="Raise training_job.volume_gb and deploy, then rerun.",
)
FLEETS_DISK_FULL = FailureType(
    "DiskFull",
    "disk full",
    meaning="A fleet instance's share of the run does not fit on its disk.",
    rerun="after a fix",
    advice="Raise fleet.volume_gb and deploy, or use more instances. Then rerun.",
)
OUT_OF_MEMORY = FailureType(
    "OutOfMemory",
    "out of memory",
    meaning="The instance has too little memory.",
    rerun="after a fix",
    advice='Start a new execution with fewer sample_rows, for example {"config": {"sample_rows": 750000}}. '
    "Or put instance types with more memory first in instance_types, deploy, and start a new execution.",
)
NO_CAPACITY = FailureType(
    "NoCapacity",
    "no capacity",
    meaning="AWS has no capacity for any of the instance types.",
    rerun="yes",
    advice="A rerun helps once AWS has capacity again. More instance_types make that more likely.",
)
QUOTA = FailureType(
    "QuotaExceeded",
    "quota exceeded",
    meaning="The account's quota for the instance type is used up. The message names the quota.",
    rerun="after a fix",
    advice="Raise the quota in Service Quotas (Amazon SageMaker), or wait until other jobs have ended. Then rerun.",
)
UNREACHABLE = FailureType(
    "ConnectionFailed",
    "connection failed",
    meaning="The job could not reach an AWS service, after several attempts.",
    rerun="yes",
    advice="A rerun helps if the cause was temporary. If it fails again, check that the job can reach the service.",
)
THROTTLED = FailureType(
    "Throttled",
    "throttled",
    meaning="AWS throttled the calls, after several attempts.",
    rerun="yes",
    advice="Wait a few minutes, then rerun.",
)
TIMED_OUT = FailureType(
    "TimedOut",
    "timed out",
    meaning="The job exceeded `max_runtime_minutes`.",
    rerun="after a fix",
    advice="Raise max_runtime_minutes or choose a faster instance type. Then rerun.",
)
STATE_TIMED_OUT = FailureType(
    "TimedOut",
    "timed out",
    meaning="A function, or another state than a job, exceeded its timeout.",
    rerun="yes",
    advice="A rerun helps if the delay was temporary. If it fails again, read the function's log.",
)
SPOT = FailureType(
    "SpotInterrupted",
    "no spot capacity in time",
    meaning="There was no spot capacity within `max_wait_minutes`.",
    rerun="yes",
    advice="A rerun may find spot capacity. With spot = false, the job does not need it.",
)
STOPPED = FailureType(
    "Stopped",
    "stopped",
    meaning="Someone stopped the job.",
    rerun="yes",
    advice="A rerun starts over.",
)
PLATFORM = FailureType(
    "PlatformFault",
    "platform fault",
    meaning="AWS failed. Step Functions has already retried.",
    rerun="yes",
    advice="Start a rerun. If it fails again, wait until AWS has fixed the fault.",
)
DENIED = FailureType(
    "AccessDenied",
    "access denied",
    meaning="A role lacks a permission, or a KMS key is not usable.",
    rerun="after a fix",
    advice="A rerun helps once the role has this permission, or the change that removed it is undone.",
)
INCOMPLETE = FailureType(
    IncompleteRun.__name__,
    "incomplete run",
    meaning="The job completed, but its files differ from its manifest, or the handover is gone.",
    rerun="yes",
    advice="Nothing was published. A rerun makes a new run. If it fails again, read the job's log.",
)
GATE_FAILED = FailureType(
    QualityGateFailed.__name__,
    "rejected by the quality gate",
    meaning="The forecasts are complete, but exceed a threshold of `[gate]`. "
    "The message names it, and how to publish the run anyway.",
    rerun="no",
    advice="The run is kept, and the last published run stays. A rerun fails the same way until the demand changes.",
)
NOT_PUBLISHED = FailureType(
    PublishFailed.__name__,
    "publishing failed",
    meaning="The forecasts are complete, but the pointer could not be moved.",
    rerun="yes",
    advice="The last published run stays published. A rerun helps if the cause was temporary.",
)
CATALOG_NOT_UPDATED = FailureType(
    CatalogUpdateFailed.__name__,
    "published, but not in Athena",
    meaning="Readers of S3 see the run, but the Athena tables could not follow the pointer.",
    rerun="yes",
    advice='Redrive the execution, or start one with {"publish": ...}, to update Athena. Neither trains again.',
)
INVALID_REQUEST = FailureType(
    "InvalidRequest",
    "invalid request",
    meaning="An AWS service rejected a request as invalid, for example because the region lacks an instance type.",
    rerun="after a fix",
    advice="Change the setting that the message names, for example instance_types. Deploy, and start a new execution.",
)
UNKNOWN = FailureType(
    "Unknown",
    "unknown failure",
    meaning="The failure has none of the other types.",
    rerun="yes",
    advice="Rerun once. If it fails again, read the execution's history.",
)
