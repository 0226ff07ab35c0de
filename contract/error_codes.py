"""The codes that classify a job container's failure, and the text format that carries them."""

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 1024  # characters of a failure file that SageMaker keeps
CUT = " ... (truncated; the job's log, or the run's data-quality report, has all of it)"
FORM = re.compile(r"\[(?P<code>\w+)\]\s*(?P<message>.*)", re.DOTALL)


class ErrorCode(StrEnum):
    """Cause of a container's failure. Readers classify a failure by the code only, never by the message."""

    # The configuration, the demand or another input of the job is invalid. A rerun helps after the input is fixed.
    INPUT_ERROR = "InputError"
    # The disk is full, or too small for the run. A rerun helps after volume_gb is raised.
    OUT_OF_DISK = "OutOfDisk"
    # A process of the job ran out of memory. A rerun helps on an instance type with more memory.
    OUT_OF_MEMORY = "OutOfMemory"
    # The model's files are damaged, incomplete or of another format. A rerun with the same model fails the same way; a
    # run with mode train writes a new model.
    MODEL_UNUSABLE = "ModelUnusable"
    # The handover from the training job to the fleet is damaged or of another format. A rerun that reads the same
    # handover fails the same way.
    HANDOVER_UNUSABLE = "HandoverUnusable"
    # Some chunks of a fleet have no forecasts; the completed chunks are kept. A rerun forecasts only the failed chunks
    # and helps if the cause was temporary.
    CHUNKS_FAILED = "ChunksFailed"
    # The job failed for a reason that no other code covers; the message states it. A rerun does not help until the
    # cause is fixed.
    JOB_ERROR = "JobError"
    # An AWS service did not answer after several retries. A rerun helps if the cause was temporary.
    UNREACHABLE = "Unreachable"
    # AWS denied a call: the role lacks a permission, or the key is not usable. A rerun helps after that is fixed.
    ACCESS_DENIED = "AccessDenied"
    # AWS throttled calls, also after several retries. A rerun helps after a few minutes.
    THROTTLED = "Throttled"
    # AWS answered with an internal error, also after several retries. A rerun helps.
    PLATFORM_FAULT = "PlatformFault"
    # A call to AWS failed for another reason, for example because a bucket does not exist. A rerun does not help until
    # the cause is fixed.
    AWS_ERROR = "AwsError"
    # A user or SageMaker stopped the container. A rerun starts over.
    STOPPED = "Stopped"
    # The program raised an unexpected error, which is a bug; the log has the traceback. A rerun does not help.
    INTERNAL = "Internal"


@dataclass(frozen=True, kw_only=True)
class FailureText:
    """A parsed failure text.

    Attributes:
        code: Code of the failure.
        message: One line for people.
    """

    code: ErrorCode
    message: str


def render(code: ErrorCode, message: str) -> str:
    """Return the text of a failure: `[OutOfDisk] The run needs ...`.

    Args:
        code: Code of the failure.
        message: Message for people. Line breaks become spaces.

    Returns:
        One line of at most 1,024 characters. A truncated message ends with `CUT`; the code is always complete.
    """
    line = f"[{code}] {one_line(message)}"
    return line if len(line) <= LONGEST else line[: LONGEST - len(CUT)] + CUT


def parse(text: str) -> FailureText | None:
    """Parse a text that `render` wrote.

    Args:
        text: Text of a failure, as SageMaker returns it.

    Returns:
        Code and message; None if the text does not begin with a known code.
    """
    found = FORM.fullmatch(text.strip())
    if found is None or found["code"] not in set(ErrorCode):
        return None
    return FailureText(code=ErrorCode(found["code"]), message=found["message"])


def one_line(text: str) -> str:
    """Return the text with runs of white space as single spaces, and other unprintable characters as `?`."""
    return "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))
