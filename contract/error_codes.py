"""The codes by which a container of the job says why it failed, and the one form of the text that carries them."""

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 1024  # characters: SageMaker keeps so many of a failure file
CUT = " ... (cut; the job's log, or the run's data-quality report, has all of it)"
FORM = re.compile(r"\[(?P<code>\w+)\]\s*(?P<message>.*)", re.DOTALL)


class ErrorCode(StrEnum):
    """Why a container failed. A reader of failures goes by the code alone, and never by the message."""

    # Configuration, demand, or what the job was started with cannot be used; somebody must change it.
    INPUT_ERROR = "InputError"
    # The disk is too small for the run, or full.
    OUT_OF_DISK = "OutOfDisk"
    # Memory ran out, in this process or in one of its workers.
    OUT_OF_MEMORY = "OutOfMemory"
    # The model's files are damaged, incomplete, or made by another program; a training makes new ones.
    MODEL_UNUSABLE = "ModelUnusable"
    # What the training job handed over to the fleet is damaged, or made by another program.
    HANDOVER_UNUSABLE = "HandoverUnusable"
    # Some of a fleet's objects have no forecasts; all other objects have theirs.
    CHUNKS_FAILED = "ChunksFailed"
    # The job cannot go on for a reason that no other code names; the message says why.
    JOB_ERROR = "JobError"
    # An AWS service did not answer, after several attempts.
    UNREACHABLE = "Unreachable"
    # AWS refused a call because the role lacks a right, or the key cannot be used.
    ACCESS_DENIED = "AccessDenied"
    # AWS took no more calls, after several attempts.
    THROTTLED = "Throttled"
    # AWS answered with a fault of its own, after several attempts.
    PLATFORM_FAULT = "PlatformFault"
    # A call to AWS failed for another reason, e.g. the bucket does not exist.
    AWS_ERROR = "AwsError"
    # Somebody, or the platform, told the container to stop.
    STOPPED = "Stopped"
    # The program met an error that it does not foresee: a bug. The log has the traceback.
    INTERNAL = "Internal"


@dataclass(frozen=True, kw_only=True)
class FailureText:
    """What the text of a failure says.

    Attributes:
        code: The kind of failure.
        message: For people, in one line.
    """

    code: ErrorCode
    message: str


def render(code: ErrorCode, message: str) -> str:
    """Writes the text of a failure: `[OutOfDisk] The run needs ...`.

    Args:
        code: The kind of failure.
        message: For people. Line breaks become spaces.

    Returns:
        One line of at most 1,024 characters. It says so where the message is cut; the code is always whole.
    """
    line = f"[{code}] {one_line(message)}"
    return line if len(line) <= LONGEST else line[: LONGEST - len(CUT)] + CUT


def parse(text: str) -> FailureText | None:
    """Reads what `render` wrote.

    Args:
        text: Of a failure, as the platform hands it on.

    Returns:
        None where the text does not begin with a known code.
    """
    found = FORM.fullmatch(text.strip())
    if found is None or found["code"] not in set(ErrorCode):
        return None
    return FailureText(code=ErrorCode(found["code"]), message=found["message"])


def one_line(text: str) -> str:
    """Returns the text with single spaces for line breaks, and `?` for other characters that do not print."""
    return "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))
