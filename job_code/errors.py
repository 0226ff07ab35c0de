"""The errors that a run foresees. Each class has the code that tells the operator what to do."""

from collections.abc import Sequence
from typing import ClassVar

from contract.error_codes import ErrorCode, one_line


class OneJobError(Exception):
    """An error whose message says what is wrong and what to do: no traceback would tell more.

    Attributes:
        code: The kind of failure.
        exit_code: What the process ends with.
    """

    code: ClassVar[ErrorCode]
    exit_code: ClassVar[int]


class InputError(OneJobError):
    """The input cannot be forecast; a rerun helps only after somebody has changed it.

    Attributes:
        problems: One line each: what is wrong, which rows or files, and what to do.
    """

    code = ErrorCode.INPUT_ERROR
    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        # Keys, column names and library messages may hold anything: a broken line would break the one-line reason.
        self.problems = tuple(map(one_line, problems))
        super().__init__("; ".join(self.problems))


class JobError(OneJobError):
    """The job cannot go on, although its input may be sound."""

    code = ErrorCode.JOB_ERROR
    exit_code = 1


class OutOfMemoryError(JobError):
    """The machine's memory is too small for the run."""

    code = ErrorCode.OUT_OF_MEMORY


class ModelUnusableError(JobError):
    """A model's files cannot be used."""

    code = ErrorCode.MODEL_UNUSABLE


class HandoverUnusableError(JobError):
    """A fleet cannot use what was handed over to it."""

    code = ErrorCode.HANDOVER_UNUSABLE
