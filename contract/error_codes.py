"""The codes that classify a job container's failure, and the text format that carries them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

LONGEST = 1024  # characters of a failure file that SageMaker keeps
CUT = " ... (truncated; the job's log, or the run's data-quality report, has all of it)"
FORM = re.compile(r"\[(?P<code>\w+)\]\s*(?P<message>.*)", re.DOTALL)


class ErrorCode(StrEnum):
    """Cause of a container's failure. Readers classify a failure by the code only, never by the message.

    Attributes:
        meaning: The cause, in sentences for docs/errors.md. The failure type of the code says whether a rerun helps.
    """

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """Create a code. Only the look-up of a code by its text omits the meaning."""
        code = str.__new__(cls, value)
        code._value_, code.meaning = value, meaning
        return code

    INPUT_ERROR = "InputError", "The configuration, the demand or another input of the job is invalid."
    OUT_OF_DISK = "OutOfDisk", "The disk is full, or too small for the run."
    OUT_OF_MEMORY = "OutOfMemory", "A process of the job ran out of memory."
    MODEL_UNUSABLE = (
        "ModelUnusable",
        "The model's files are damaged, incomplete or of another format. A run with mode train writes a new model.",
    )
    HANDOVER_UNUSABLE = (
        "HandoverUnusable",
        "The handover from the training job to the fleet is damaged or of another format. A rerun that reads the same "
        "handover fails the same way.",
    )
    CHUNKS_FAILED = "ChunksFailed", "Some chunks of a fleet have no forecasts. The completed chunks are kept."
    JOB_ERROR = "JobError", "The job failed for a reason that no other code covers. The message states it."
    UNREACHABLE = "Unreachable", "An AWS service did not answer after several retries."
    ACCESS_DENIED = "AccessDenied", "AWS denied a call. The role lacks a permission, or the key is not usable."
    THROTTLED = "Throttled", "AWS throttled calls, also after several retries."
    PLATFORM_FAULT = "PlatformFault", "AWS answered with an internal error, also after several retries."
    AWS_ERROR = "AwsError", "A call to AWS failed for another reason, for example because a bucket does not exist."
    STOPPED = "Stopped", "A user or SageMaker stopped the container."
    INTERNAL = "Internal", "The program raised an unexpected error, which is a bug. The log has the traceback."


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
