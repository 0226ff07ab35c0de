"""Says of any error which code it has, what its reader is told, and with which exit code the process ends."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from contract.error_codes import ErrorCode, render
from job_code.errors import InputError, JobError, OneJobError
from job_code.runtime.disk_space import finds_disk_full
from job_code.runtime.progress import Progress

# Errors of others, by the names of their classes: an error is told even where the library cannot be imported.
BY_TYPE: Mapping[str, ErrorCode] = {
    "builtins.MemoryError": ErrorCode.OUT_OF_MEMORY,
    "botocore.exceptions.ConnectionError": ErrorCode.UNREACHABLE,
    "botocore.exceptions.HTTPClientError": ErrorCode.UNREACHABLE,
    "botocore.exceptions.IncompleteReadError": ErrorCode.UNREACHABLE,
    "botocore.exceptions.BotoCoreError": ErrorCode.AWS_ERROR,
}
LIGHTGBM = "lightgbm.basic.LightGBMError"
OF_ALLOCATION = "std::bad_alloc"  # all that LightGBM says where memory runs out
AWS_ANSWER = "botocore.exceptions.ClientError"
# AWS's own error codes whose HTTP status says something else, or nothing.
BY_AWS_CODE: Mapping[str, ErrorCode] = {
    "AccessDeniedException": ErrorCode.ACCESS_DENIED,
    "KMS.DisabledException": ErrorCode.ACCESS_DENIED,
    "KMS.KMSInvalidStateException": ErrorCode.ACCESS_DENIED,
    "KMS.NotFoundException": ErrorCode.ACCESS_DENIED,
    "KMS.ThrottlingException": ErrorCode.THROTTLED,
    "RequestLimitExceeded": ErrorCode.THROTTLED,
    "SlowDown": ErrorCode.THROTTLED,
    "Throttling": ErrorCode.THROTTLED,
    "ThrottlingException": ErrorCode.THROTTLED,
    "TooManyRequestsException": ErrorCode.THROTTLED,
}
BY_STATUS: Mapping[int, ErrorCode] = {
    401: ErrorCode.ACCESS_DENIED,
    403: ErrorCode.ACCESS_DENIED,
    429: ErrorCode.THROTTLED,
}
FAULTS_OF_AWS = 500  # and every status above


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What an error comes to.

    Attributes:
        code: The kind of failure.
        problems: What is wrong, a line each.
        exit_code: What the process ends with.
        trace: Where it happened, of an error that the program does not foresee.
    """

    code: ErrorCode
    problems: tuple[str, ...]
    exit_code: int
    trace: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Explains an error."""
        if isinstance(error, OneJobError):
            problems = error.problems if isinstance(error, InputError) else (str(error),)
            return cls(code=error.code, problems=problems, exit_code=error.exit_code)
        return cls(
            code=_code_of(error),
            problems=(f"{type(error).__name__}: {error}",),
            exit_code=JobError.exit_code,
            trace="".join(traceback.format_exception(error)),
        )

    @property
    def message(self) -> str:
        """All problems together."""
        return "; ".join(self.problems)

    def tell(self, progress: Progress) -> None:
        """Shows it: as one line of a log that machines search, or line by line to people."""
        if progress.about is None:
            progress.stream.write(self.trace or "")
            progress.stream.writelines(f"{render(self.code, problem)}\n" for problem in self.problems)
            progress.stream.flush()
            return
        trace = {"trace": self.trace} if self.trace else {}
        progress.say(self.message, level="ERROR", code=self.code, **trace)


def exit_code_of(work: Callable[[], None], *, on_failure: Callable[[Failure], None]) -> int:
    """Does the work of an entry, whatever becomes of it.

    Args:
        work: What to do.
        on_failure: Tells whoever must know.

    Returns:
        The exit code: 0, 1 for an error of the job or the platform, 2 for an error of the input.
    """
    try:
        work()
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # a panic of polars is no Exception
        failure = Failure.of(error)
        on_failure(failure)
        return failure.exit_code
    return 0


def _code_of(error: BaseException) -> ErrorCode:
    """The code of the first error that has one, among this error and those that led to it."""
    return next((code for each in _causes(error) if (code := _own_code(each))), ErrorCode.INTERNAL)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _own_code(error: BaseException) -> ErrorCode | None:
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
    if AWS_ANSWER in names:
        return _code_of_answer(error.response)  # type: ignore[attr-defined]
    if LIGHTGBM in names and str(error) == OF_ALLOCATION:
        return ErrorCode.OUT_OF_MEMORY
    if finds_disk_full(error):
        return ErrorCode.OUT_OF_DISK
    return next((BY_TYPE[name] for name in names if name in BY_TYPE), None)


def _code_of_answer(response: Mapping[str, Any]) -> ErrorCode:
    name = response.get("Error", {}).get("Code", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    by_status = BY_STATUS.get(status, ErrorCode.PLATFORM_FAULT if status >= FAULTS_OF_AWS else ErrorCode.AWS_ERROR)
    return BY_AWS_CODE.get(name, by_status)
