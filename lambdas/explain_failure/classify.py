"""What kind of failure it was, told from the error name and the cause that Step Functions hands on."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_SUMMARY = 1024
# SageMaker wraps the failure file's text: `AlgorithmError: <text>, exit code: 2`.
WRAPPING = re.compile(r"^AlgorithmError:\s*(?P<text>.*?)(,?\s*exit code:\s*(?P<code>-?\d+))?[\s.]*$", re.DOTALL)
OUT_OF_MEMORY = re.compile(r"MemoryError|[Oo]ut of memory|OutOfMemory|more memory")
KILLED = ("137", "-9")


@dataclass(frozen=True)
class Kind:
    """One way to fail.

    Attributes:
        name: The execution's error.
        words: The same for a reader.
        rerun_helps: Whether the same input may succeed as things are.
        advice: What to do, in a sentence.
    """

    name: str
    words: str
    rerun_helps: bool
    advice: str


def _kind(name: str, words: str, *, rerun: bool, advice: str) -> Kind:
    return Kind(name=name, words=words, rerun_helps=rerun, advice=advice)


INPUT_ERROR = _kind("InputError", "input error", rerun=False, advice="A rerun helps only once that is mended.")
JOB_ERROR = _kind(
    "JobError", "job error", rerun=False, advice="A rerun fails the same way; read the job's log and mend the cause."
)
OUT_OF_MEMORY_KIND = _kind(
    "OutOfMemory",
    "out of memory",
    rerun=False,
    advice="A rerun fails the same way; give instance_types with more memory, or a shorter history, and rerun.",
)
NO_CAPACITY = _kind(
    "NoCapacity",
    "no capacity",
    rerun=True,
    advice="A rerun helps once AWS has capacity again; more instance_types make it likelier.",
)
QUOTA = _kind(
    "QuotaExceeded",
    "quota exceeded",
    rerun=False,
    advice="Raise it in Service Quotas (Amazon SageMaker) or wait for other jobs to end, then rerun.",
)
THROTTLED = _kind("Throttled", "throttled", rerun=True, advice="A rerun helps; wait a few minutes.")
TIMED_OUT = _kind(
    "TimedOut",
    "timed out",
    rerun=False,
    advice="A rerun takes as long; raise max_runtime_minutes or give a faster instance type, and rerun.",
)
STATE_TIMED_OUT = _kind(
    "TimedOut", "timed out", rerun=True, advice="A rerun helps if the delay was passing; then read the function's log."
)
SPOT = _kind(
    "SpotInterrupted",
    "no spot capacity in time",
    rerun=True,
    advice="A rerun may find some; spot = false makes it certain.",
)
STOPPED = _kind("Stopped", "stopped", rerun=True, advice="Someone stopped it; a rerun starts over.")
PLATFORM = _kind("PlatformFault", "platform fault", rerun=True, advice="A rerun helps; nothing of ours was at fault.")
DENIED = _kind(
    "AccessDenied",
    "access denied",
    rerun=False,
    advice="A rerun fails the same way; give the role that right, or undo what took it away, and rerun.",
)
INCOMPLETE = _kind(
    "IncompleteRun",
    "incomplete run",
    rerun=True,
    advice="Nothing was published; a rerun writes a run of its own. If it happens again, read the job's log.",
)
NOT_PUBLISHED = _kind(
    "PublishFailed",
    "publishing failed",
    rerun=True,
    advice="The last good run stays published; a rerun helps if the reason above was passing.",
)
UNKNOWN = _kind(
    "Unknown", "unknown failure", rerun=True, advice="One rerun is worth a try; then read the execution's history."
)

# What the state machine's own handlers raise.
BY_ERROR = {"InputError": INPUT_ERROR, "IncompleteRun": INCOMPLETE, "PublishFailed": NOT_PUBLISHED}
BY_SECONDARY_STATUS = {"MaxRuntimeExceeded": TIMED_OUT, "MaxWaitTimeExceeded": SPOT, "Interrupted": SPOT}
# Words of AWS's messages, the most telling first.
BY_WORDS = (
    (re.compile(r"CapacityError|InsufficientCapacity"), NO_CAPACITY),
    (re.compile(r"ResourceLimitExceeded|service limit"), QUOTA),
    (re.compile(r"AccessDenied|not authorized|AccessDeniedException"), DENIED),
    (re.compile(r"Throttl|Rate exceeded|TooManyRequests|SlowDown"), THROTTLED),
    (re.compile(r"InternalServerError|InternalServerException|ServiceUnavailable|Lambda\.ServiceException"), PLATFORM),
    (re.compile(r"States\.Timeout|Task timed out|Sandbox\.Timedout"), STATE_TIMED_OUT),
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
    return BY_SECONDARY_STATUS.get(str(secondary), STOPPED), f"the job {job_name} ended as {status} ({secondary})"


def _failed_job(reason: str) -> tuple[Kind, str]:
    match = WRAPPING.match(reason)
    if match is None:
        kind = next((kind for pattern, kind in BY_WORDS if pattern.search(reason)), None)
        if kind is None:
            kind = OUT_OF_MEMORY_KIND if OUT_OF_MEMORY.search(reason) else JOB_ERROR
        return kind, reason
    text = match["text"].strip()
    if text.startswith("input error:"):
        return INPUT_ERROR, text.removeprefix("input error:").strip()
    if match["code"] in KILLED or OUT_OF_MEMORY.search(text):
        return OUT_OF_MEMORY_KIND, text.removeprefix("job error:").strip() or "the job was killed for want of memory"
    return JOB_ERROR, text.removeprefix("job error:").strip() or f"the job ended with exit code {match['code']}"


def _by_words(name: str, text: str, state: Mapping[str, Any]) -> Kind:
    if name in BY_ERROR:
        return BY_ERROR[name]
    if name == "States.Timeout" and "plan" in state and "job" not in state:
        return TIMED_OUT
    for pattern, kind in BY_WORDS:
        if pattern.search(f"{name} {text}"):
            return kind
    return NOT_PUBLISHED if "run" in state else UNKNOWN


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
