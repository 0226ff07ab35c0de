"""Errors of the program get their code from the class, errors of libraries from the type or AWS's error code."""

import errno
import io
import os
from collections.abc import Callable
from typing import Any

import botocore.exceptions as botocore_errors
import lightgbm
import numpy as np
import polars as pl
import pytest
from boto3.exceptions import S3UploadFailedError

from contract.error_codes import ErrorCode
from contract.log_lines import fields
from job_code.errors import InputError, JobError
from job_code.runtime.disk_space import FULL_IN_RUST, OutOfDiskError
from job_code.runtime.failures import Failure, exit_code_of
from job_code.runtime.progress import Progress


def answer(code: str, status: int | None = None) -> Exception:
    response: Any = {"Error": {"Code": code, "Message": "Wait"}}
    if status is not None:
        response["ResponseMetadata"] = {"HTTPStatusCode": status}
    error: Exception = botocore_errors.ClientError(response, "PutObject")
    return error


def raised(work: Callable[[], object]) -> BaseException:
    try:
        work()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def upload() -> None:
    try:
        raise answer("AccessDenied", 403)
    except botocore_errors.ClientError as error:
        raise S3UploadFailedError(f"Failed to upload a to b: {error}")  # noqa: B904 - as boto3 does


def wrap() -> None:
    try:
        raise MemoryError("Unable to allocate 2 GiB")
    except MemoryError as error:
        raise ValueError("no result") from error


def forget() -> None:
    try:
        raise MemoryError("Unable to allocate 2 GiB")
    except MemoryError:
        raise ValueError("no result") from None


NOTHING: dict[str, int] = {}
UNREACHED = [
    botocore_errors.EndpointConnectionError(endpoint_url="https://s3", error="x"),
    botocore_errors.ConnectTimeoutError(endpoint_url="https://s3", error="x"),
    botocore_errors.ReadTimeoutError(endpoint_url="https://s3", error="x"),
    botocore_errors.ConnectionClosedError(endpoint_url="https://s3", error="x"),
    botocore_errors.SSLError(endpoint_url="https://s3", error=OSError("x")),
    botocore_errors.ResponseStreamingError(error="x"),
    botocore_errors.IncompleteReadError(actual_bytes=1, expected_bytes=2),
]
OF_OTHERS = [
    (MemoryError(), ErrorCode.OUT_OF_MEMORY),
    (raised(lambda: np.empty(2**60, dtype=np.int8)), ErrorCode.OUT_OF_MEMORY),
    (lightgbm.basic.LightGBMError("std::bad_alloc"), ErrorCode.OUT_OF_MEMORY),
    (lightgbm.basic.LightGBMError("Check failed: MemoryError"), ErrorCode.INTERNAL),
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), ErrorCode.OUT_OF_DISK),
    (OSError("100000 requested and 0 written"), ErrorCode.OUT_OF_DISK),
    (OSError(FULL_IN_RUST), ErrorCode.OUT_OF_DISK),
    (pl.exceptions.ComputeError(f"parquet: IO error: {FULL_IN_RUST}"), ErrorCode.OUT_OF_DISK),
    (OSError(errno.EACCES, os.strerror(errno.EACCES)), ErrorCode.INTERNAL),
    *((error, ErrorCode.UNREACHABLE) for error in UNREACHED),
    (botocore_errors.NoCredentialsError(), ErrorCode.AWS_ERROR),
    (answer("AccessDenied", 403), ErrorCode.ACCESS_DENIED),
    (answer("AccessDeniedException", 400), ErrorCode.ACCESS_DENIED),
    (answer("SignatureDoesNotMatch", 403), ErrorCode.ACCESS_DENIED),
    (answer("KMS.DisabledException", 400), ErrorCode.ACCESS_DENIED),
    (answer("KMS.ThrottlingException", 400), ErrorCode.THROTTLED),
    (answer("SlowDown", 503), ErrorCode.THROTTLED),
    (answer("TooManyRequests", 429), ErrorCode.THROTTLED),
    (answer("InternalError", 500), ErrorCode.PLATFORM_FAULT),
    (answer("ServiceUnavailable", 503), ErrorCode.PLATFORM_FAULT),
    (answer("NoSuchBucket", 404), ErrorCode.AWS_ERROR),
    (answer("AnotherError"), ErrorCode.AWS_ERROR),
    (raised(upload), ErrorCode.ACCESS_DENIED),
    (raised(wrap), ErrorCode.OUT_OF_MEMORY),
    (raised(forget), ErrorCode.INTERNAL),
    (KeyError("An error occurred (AccessDenied) when calling"), ErrorCode.INTERNAL),
    (ValueError(FULL_IN_RUST), ErrorCode.INTERNAL),
    (pl.exceptions.PanicException("index out of bounds"), ErrorCode.INTERNAL),
]


@pytest.mark.parametrize(("error", "code"), OF_OTHERS, ids=lambda value: repr(value)[:50])
def test_an_error_of_a_library_gets_its_code_from_the_type(error: BaseException, code: ErrorCode) -> None:
    failure = Failure.of(error)
    assert failure.code is code
    assert failure.exit_code == 1
    assert failure.message == f"{type(error).__name__}: {error}"
    assert failure.trace is not None
    assert type(error).__name__ in failure.trace


def test_an_error_of_the_program_needs_no_trace() -> None:
    rejected = Failure.of(InputError(["demand: a", "static:\nb"]))
    assert rejected == Failure(code=ErrorCode.INPUT_ERROR, problems=("demand: a", "static: b"), exit_code=2)
    full = Failure.of(OutOfDiskError("the disk is full"))
    assert full == Failure(code=ErrorCode.OUT_OF_DISK, problems=("the disk is full",), exit_code=1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (JobError("x"), 1),
        (ValueError("x"), 1),
        (pl.exceptions.PanicException("x"), 1),
        (InputError(["x"]), 2),
    ],
)
def test_every_failure_has_an_exit_code_and_is_reported(error: BaseException | None, code: int) -> None:
    reported: list[Failure] = []

    def work() -> None:
        if error is not None:
            raise error

    assert exit_code_of(work, on_failure=reported.append) == code
    assert [failure.exit_code for failure in reported] == ([code] if error is not None else [])


@pytest.mark.parametrize("end", [SystemExit(137), KeyboardInterrupt()])
def test_an_exit_is_not_caught(end: BaseException) -> None:
    def work() -> None:
        raise end

    with pytest.raises(type(end)):
        exit_code_of(work, on_failure=lambda _: None)


def test_a_text_log_has_a_line_for_each_problem() -> None:
    stream = io.StringIO()
    Failure.of(InputError(["demand: a", "static: b"])).log(Progress(stream))
    assert stream.getvalue() == "[InputError] demand: a\n[InputError] static: b\n"
    stream = io.StringIO()
    Failure.of(raised(lambda: NOTHING["y"])).log(Progress(stream))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "[Internal] KeyError: 'y'"


def test_a_log_has_code_and_trace_as_fields() -> None:
    stream = io.StringIO()
    progress = Progress(stream, context={"run_id": "run-1"})
    Failure.of(InputError(["demand: a", "static: b"])).log(progress)
    Failure.of(raised(lambda: NOTHING["y"])).log(progress)
    rejected, broken = map(fields, stream.getvalue().splitlines())
    assert (rejected["level"], rejected["code"], rejected["message"]) == ("ERROR", "InputError", "demand: a; static: b")
    assert "trace" not in rejected
    assert (broken["code"], broken["message"]) == ("Internal", "KeyError: 'y'")
    assert "in <lambda>" in broken["trace"]
