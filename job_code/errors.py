"""Expected errors of a run. The code of each class selects the advice that the operator gets."""

from collections.abc import Sequence
from typing import ClassVar

from contract.error_codes import ErrorCode, one_line


class OneJobError(Exception):
    """An expected error. Its message states the problem and the remedy, so the log needs no traceback.

    Attributes:
        code: Code of the failure.
        exit_code: Exit code of the process.
    """

    code: ClassVar[ErrorCode]
    exit_code: ClassVar[int]


class InputError(OneJobError):
    """The input cannot be forecast. A rerun fails until the user fixes the input.

    Attributes:
        problems: One line per problem: what is wrong, the rows or files, and what to do.
    """

    code = ErrorCode.INPUT_ERROR
    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        # Keys, column names and library messages may contain line breaks. The failure reason must be one line.
        self.problems = tuple(map(one_line, problems))
        super().__init__("; ".join(self.problems))


class JobError(OneJobError):
    """The job cannot continue, although its input may be valid."""

    code = ErrorCode.JOB_ERROR
    exit_code = 1


class OutOfMemoryError(JobError):
    """The memory of the instance is too small for the run."""

    code = ErrorCode.OUT_OF_MEMORY


class ModelUnusableError(JobError):
    """The files of a model cannot be used."""

    code = ErrorCode.MODEL_UNUSABLE


class HandoverUnusableError(JobError):
    """A fleet cannot use the handover of the training job."""

    code = ErrorCode.HANDOVER_UNUSABLE
