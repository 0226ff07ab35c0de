"""Find the type of a failure from the Error and Cause that Step Functions passes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.error_codes import LONGEST, parse
from contract.function_errors import (
    JOB_NOT_COMPLETED,
    CatalogUpdateFailed,
    IncompleteRun,
    InputError,
    PreflightFailed,
    PublishFailed,
    QualityGateFailed,
)
from contract.job_start import FLEET_INPUTS
from contract.names import JobKind
from lambdas.shared.job_facts import json_object, parse_timestamp

from . import failure_types
from .aws_error_patterns import OUT_OF_MEMORY, match_failure_type
from .code_types import failed_container, parse_container_failure
from .failure_types import FailureType

# Errors that onejob's own Lambda functions raise.
BY_ERROR = {
    InputError.__name__: failure_types.INPUT_ERROR,
    PreflightFailed.__name__: failure_types.PREFLIGHT_FAILED,
    IncompleteRun.__name__: failure_types.INCOMPLETE,
    QualityGateFailed.__name__: failure_types.GATE_FAILED,
    PublishFailed.__name__: failure_types.NOT_PUBLISHED,
    CatalogUpdateFailed.__name__: failure_types.CATALOG_NOT_UPDATED,
}
BY_SECONDARY_STATUS = {
    "MaxRuntimeExceeded": failure_types.TIMED_OUT,
    "MaxWaitTimeExceeded": failure_types.SPOT,
    "Interrupted": failure_types.SPOT,
}
# SageMaker reports these types itself. The container may have run before, so there may be a log.
MAY_HAVE_RUN = (failure_types.OUT_OF_MEMORY, failure_types.DISK_FULL, failure_types.PLATFORM)


@dataclass(frozen=True)
class Failure:
    """A classified failure.

    Attributes:
        failure_type: Type of the failure.
        summary: The cause, in one line.
        job_name: Name of the failed job; None if no job was started.
        has_log: Whether the job may have written a log.
        job_kind: `Training` or `Processing`.
    """

    failure_type: FailureType
    summary: str
    job_name: str | None
    has_log: bool
    job_kind: JobKind


def classify(state: Mapping[str, Any]) -> Failure:
    """Find the cause of a failure.

    Args:
        state: Data of the state machine at the time of the failure: `error` with Error and Cause, and `job`, `run` and
            so on as far as the execution got.
    """
    error = state.get("error") or {}
    name, cause = str(error.get("Error", "")), str(error.get("Cause", ""))
    details = json_object(cause)
    # PlanFleet is the last function before the fleet, so its result is in the state before a fleet starts.
    by_fleet = "ProcessingJobName" in details or "fleet" in state
    own_name = details.get("TrainingJobName") or details.get("ProcessingJobName") or details.get("name")
    job_name = own_name or (state.get("fleet_job" if by_fleet else "job") or {}).get("name")
    has_log = job_name is not None
    if name == JOB_NOT_COMPLETED:
        secondary = details.get("secondary_status") or _stop_reason(details.get("description") or {})
        failure_type, summary = _stopped(job_name, status=details.get("status"), secondary=secondary)
    elif details.get("FailureReason"):
        reason = str(details["FailureReason"])
        wrapped = parse_container_failure(details)
        failure_type, summary = failed_container(wrapped) if wrapped else (_platform_failure(reason), reason)
        has_log = wrapped is not None or failure_type in MAY_HAVE_RUN
    elif "TrainingJobStatus" in details or "ProcessingJobStatus" in details:
        status = details.get("TrainingJobStatus") or details["ProcessingJobStatus"]
        secondary = details.get("SecondaryStatus") or _stop_reason(details)
        failure_type, summary = _stopped(job_name, status=status, secondary=secondary)
    else:
        text = str(details.get("errorMessage", cause)) or name
        failure_type, summary = _by_message(name, text, state), text
    summary = one_line(_with_image_or_data(summary, failure_type, details=details, state=state))
    if by_fleet and failure_type is failure_types.DISK_FULL:
        failure_type = failure_types.FLEETS_DISK_FULL
    return Failure(
        failure_type=failure_type,
        summary=summary or failure_type.label,
        job_name=job_name,
        has_log=has_log,
        job_kind="Processing" if by_fleet else "Training",
    )


def one_line(text: str) -> str:
    """Remove line breaks and control characters, and shorten the text to the limit of a failure file."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def _stopped(job_name: str | None, *, status: object, secondary: object) -> tuple[FailureType, str]:
    why = f" ({secondary})" if secondary else ""
    return BY_SECONDARY_STATUS.get(
        str(secondary), failure_types.STOPPED
    ), f"the job {job_name} ended with status {status}{why}"


def _stop_reason(description: Mapping[str, Any]) -> object:
    """Return the equivalent of a training job's secondary status for a processing job, which has none."""
    started, ended = (parse_timestamp(description.get(name)) for name in ("ProcessingStartTime", "ProcessingEndTime"))
    most = _at(description, "StoppingCondition", "MaxRuntimeInSeconds")
    if started is not None and ended is not None and isinstance(most, int) and ended - started >= most:
        return "MaxRuntimeExceeded"
    message = description.get("ExitMessage")
    failure = parse(str(message))
    return failure.message if failure else message


def _platform_failure(reason: str) -> FailureType:
    """Classify a failure that SageMaker reports from before, during or after the container's run."""
    return match_failure_type(reason) or (
        failure_types.OUT_OF_MEMORY if OUT_OF_MEMORY.search(reason) else failure_types.NOT_RUN
    )


def _with_image_or_data(
    summary: str, failure_type: FailureType, *, details: Mapping[str, Any], state: Mapping[str, Any]
) -> str:
    """Add the image or the S3 prefixes to a summary that does not contain them."""
    concerned: list[object] = []
    if failure_type is failure_types.NO_IMAGE:
        concerned = [
            _at(details, "AlgorithmSpecification", "TrainingImage") or _at(details, "AppSpecification", "ImageUri")
        ]
    elif failure_type is failure_types.NO_DATA and "s3://" not in summary:
        if "fleet" in state:
            concerned = [_at(state, "fleet", name) for name in FLEET_INPUTS]
        channels = _at(state, "plan", "channels") if "fleet" not in state else None
        for channel in channels if isinstance(channels, list) else []:
            concerned.append(_at(channel, "DataSource", "S3DataSource", "S3Uri"))
    unnamed = [str(name) for name in concerned if name and str(name) not in summary]
    return f"{summary.rstrip('. ')} ({', '.join(unnamed)})" if unnamed else summary


def _by_message(name: str, text: str, state: Mapping[str, Any]) -> FailureType:
    if name in BY_ERROR:
        return BY_ERROR[name]
    # Preflight is the last function before the training job, CheckRun the first after it. PlanFleet is the last
    # function before the fleet. An execution that resumes an earlier handover skips Preflight.
    if name == "States.Timeout" and ("preflight" in state or "fleet" in state) and not _has_completed(state):
        return failure_types.TIMED_OUT
    return match_failure_type(f"{name} {text}") or (
        failure_types.NOT_PUBLISHED if "run" in state else failure_types.UNKNOWN
    )


def _has_completed(state: Mapping[str, Any]) -> bool:
    last = state.get("fleet_job" if "fleet" in state else "job") or {}
    return bool(last.get("status") == "Completed")


def _at(value: object, *path: str) -> object:
    """Return the value at a path of keys, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
