"""Map any error to its error code, its message and the exit code of the process."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from contract.error_codes import ErrorCode, render
from job_code.errors import InputError, JobError, OneJobError
from job_code.runtime.disk_space import finds_disk_full
from job_code.runtime.progress import Progress

# Errors of libraries, by class name. The mapping works even if the library cannot be imported.
BY_TYPE: Mapping[str, ErrorCode] = {
    "builtins.MemoryError": ErrorCode.OUT_OF_MEMORY,
    "botocore.exceptions.ConnectionError": ErrorCode.UNREACHABLE,
    "botocore.exceptions.HTTPClientError": ErrorCode.UNREACHABLE,
    "botocore.exceptions.IncompleteReadError": ErrorCode.UNREACHABLE,
    "botocore.exceptions.BotoCoreError": ErrorCode.AWS_ERROR,
}
LIGHTGBM = "lightgbm.basic.LightGBMError"
ALLOCATION_FAILED = "std::bad_alloc"  # LightGBM's whole message when memory runs out
CLIENT_ERROR = "botocore.exceptions.ClientError"
# AWS error codes whose HTTP status is misleading or missing.
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
MIN_SERVER_ERROR = 500  # HTTP status; every status from here on is a fault of AWS


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An error as the job reports it.

    Attributes:
        code: The error code.
        problems: The problems, one line each.
        exit_code: The exit code of the process.
        trace: The traceback of an unexpected error; None for an error that the program foresees.
    """

    code: ErrorCode
    problems: tuple[str, ...]
    exit_code: int
    trace: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Describe an error."""
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
        """All problems in one line."""
        return "; ".join(self.problems)

    def log(self, progress: Progress) -> None:
        """Write the failure as one JSON line, or as one text line per problem.

        Args:
            progress: The log of the run.
        """
        if progress.context is None:
            progress.stream.write(self.trace or "")
            progress.stream.writelines(f"{render(self.code, problem)}\n" for problem in self.problems)
            progress.stream.flush()
            return
        trace = {"trace": self.trace} if self.trace else {}
        progress.log(self.message, level="ERROR", code=self.code, **trace)


def exit_code_of(work: Callable[[], None], *, on_failure: Callable[[Failure], None]) -> int:
    """Run the work of an entry point, and return the exit code of the process.

    Args:
        work: The work.
        on_failure: Reports a failure.

    Returns:
        0 on success, 1 for an error of the job or the platform, 2 for an error of the input.
    """
    try:
        work()
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # a polars panic does not derive from Exception
        failure = Failure.of(error)
        on_failure(failure)
        return failure.exit_code
    return 0


def _code_of(error: BaseException) -> ErrorCode:
    """Return the code of the first error in the chain of causes that has a code."""
    return next((code for each in _causes(error) if (code := _own_code(each))), ErrorCode.INTERNAL)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _own_code(error: BaseException) -> ErrorCode | None:
    names = [f"{each.__module__}.{each.__qualname__}" for each in type(error).__mro__]
    if CLIENT_ERROR in names:
        return _code_of_response(error.response)  # type: ignore[attr-defined]
    if LIGHTGBM in names and str(error) == ALLOCATION_FAILED:
        return ErrorCode.OUT_OF_MEMORY
    if finds_disk_full(error):
        return ErrorCode.OUT_OF_DISK
    return next((BY_TYPE[name] for name in names if name in BY_TYPE), None)


def _code_of_response(response: Mapping[str, Any]) -> ErrorCode:
    name = response.get("Error", {}).get("Code", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    by_status = BY_STATUS.get(status, ErrorCode.PLATFORM_FAULT if status >= MIN_SERVER_ERROR else ErrorCode.AWS_ERROR)
    return BY_AWS_CODE.get(name, by_status)
