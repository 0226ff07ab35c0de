"""What kind of failure it was, told from the error name and the cause that Step Functions hands on."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import kinds
from .kinds import Kind

LONGEST_SUMMARY = 1024
# SageMaker wraps the failure file's text: `AlgorithmError: <text>, exit code: 2`.
WRAPPING = re.compile(r"^AlgorithmError:\s*(?P<text>.*?)(,?\s*exit code:\s*(?P<code>-?\d+))?[\s.]*$", re.DOTALL)
OUT_OF_MEMORY = re.compile(r"MemoryError|[Oo]ut of memory|OutOfMemory|more memory")
KILLED = ("137", "-9")


# What the state machine's own handlers raise.
BY_ERROR = {"InputError": kinds.INPUT_ERROR, "IncompleteRun": kinds.INCOMPLETE, "PublishFailed": kinds.NOT_PUBLISHED}
BY_SECONDARY_STATUS = {
    "MaxRuntimeExceeded": kinds.TIMED_OUT,
    "MaxWaitTimeExceeded": kinds.SPOT,
    "Interrupted": kinds.SPOT,
}
# Words of AWS's messages, the most telling first.
BY_WORDS = (
    (re.compile(r"CapacityError|InsufficientCapacity"), kinds.NO_CAPACITY),
    (re.compile(r"ResourceLimitExceeded|service limit"), kinds.QUOTA),
    (re.compile(r"AccessDenied|not authorized|AccessDeniedException"), kinds.DENIED),
    (re.compile(r"Throttl|Rate exceeded|TooManyRequests|SlowDown"), kinds.THROTTLED),
    (
        re.compile(r"InternalServerError|InternalServerException|ServiceUnavailable|Lambda\.ServiceException"),
        kinds.PLATFORM,
    ),
    (re.compile(r"States\.Timeout|Task timed out|Sandbox\.Timedout"), kinds.STATE_TIMED_OUT),
)


@dataclass(frozen=True)
class Failure:
    """What broke.

    Attributes:
        kind: The way it failed.
        summary: One line of what broke.
        job_name: The job concerned, if one was started.
    """

    kind: Kind
    summary: str
    job_name: str | None


def classify(state: Mapping[str, Any]) -> Failure:
    """Tells what broke from the state machine's data at the time of the failure.

    Args:
        state: `error` with Error and Cause; and `job`, `run` as far as the run had got.
    """
    error = state.get("error") or {}
    name, cause = str(error.get("Error", "")), str(error.get("Cause", ""))
    details = _json_object(cause)
    job_name = details.get("TrainingJobName") or details.get("name") or (state.get("job") or {}).get("name")
    if name == "JobNotCompleted":
        kind, summary = _stopped(job_name, status=details.get("status"), secondary=details.get("secondary_status"))
    elif details.get("FailureReason"):
        kind, summary = _failed_job(str(details["FailureReason"]))
    elif "TrainingJobStatus" in details:
        status, secondary = details["TrainingJobStatus"], details.get("SecondaryStatus")
        kind, summary = _stopped(job_name, status=status, secondary=secondary)
    else:
        text = str(details.get("errorMessage", cause)) or name
        kind, summary = _by_words(name, text, state), text
    return Failure(kind=kind, summary=one_line(summary) or kind.words, job_name=job_name)


def one_line(text: str) -> str:
    """The text without line breaks and control characters, shortened to what a failure file may hold."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= LONGEST_SUMMARY else f"{line[: LONGEST_SUMMARY - 3]}..."


def _stopped(job_name: str | None, *, status: object, secondary: object) -> tuple[Kind, str]:
    return BY_SECONDARY_STATUS.get(str(secondary), kinds.STOPPED), f"the job {job_name} ended as {status} ({secondary})"


def _failed_job(reason: str) -> tuple[Kind, str]:
    match = WRAPPING.match(reason)
    if match is None:
        kind = next((kind for pattern, kind in BY_WORDS if pattern.search(reason)), None)
        if kind is None:
            kind = kinds.OUT_OF_MEMORY if OUT_OF_MEMORY.search(reason) else kinds.JOB_ERROR
        return kind, reason
    text = match["text"].strip()
    if text.startswith("input error:"):
        return kinds.INPUT_ERROR, text.removeprefix("input error:").strip()
    if match["code"] in KILLED or OUT_OF_MEMORY.search(text):
        return kinds.OUT_OF_MEMORY, text.removeprefix("job error:").strip() or "the job was killed for want of memory"
    return kinds.JOB_ERROR, text.removeprefix("job error:").strip() or f"the job ended with exit code {match['code']}"


def _by_words(name: str, text: str, state: Mapping[str, Any]) -> Kind:
    if name in BY_ERROR:
        return BY_ERROR[name]
    if name == "States.Timeout" and "plan" in state and "job" not in state:
        return kinds.TIMED_OUT
    for pattern, kind in BY_WORDS:
        if pattern.search(f"{name} {text}"):
            return kind
    return kinds.NOT_PUBLISHED if "run" in state else kinds.UNKNOWN


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
