"""Check disk space before it is needed, and explain a full disk."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.error_codes import ErrorCode
from job_code.errors import JobError, OneJobError

REMEDY = "raise volume_gb in the environment file, or in a local run use an --output on a disk with more space"

CUT_SHORT = re.compile(r"\d+ requested and \d+ written")  # numpy's whole message for an array that did not fit
FULL_IN_RUST = f"{os.strerror(errno.ENOSPC)} (os error {errno.ENOSPC})"  # polars' text for the system's error


class OutOfDiskError(JobError):
    """The disk is too small for the run."""

    code = ErrorCode.OUT_OF_DISK


def require_space(folder: Path, needed: int) -> None:
    """Check that the disk has enough free space.

    Args:
        folder: A folder of the disk.
        needed: Bytes.

    Raises:
        OutOfDiskError: If less space is free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OutOfDiskError(
            f"the run needs about {gigabytes(needed)} of disk space, {gigabytes(free)} is free; {REMEDY}"
        )


@contextmanager
def explain_full_disk() -> Iterator[None]:
    """Turn the errors of Python, numpy and polars for a full disk into an error that says what to do.

    Raises:
        OutOfDiskError: If the disk is full.
    """
    try:
        yield
    except OneJobError:
        raise  # its message may quote user data that reads like a full disk
    except Exception as error:
        if finds_disk_full(error):
            raise OutOfDiskError(f"the disk is full; {REMEDY}") from error
        raise


def finds_disk_full(error: BaseException) -> bool:
    """Return whether this error of Python, numpy or polars means that the disk is full.

    Args:
        error: An error of the system, or of one of these libraries.
    """
    if isinstance(error, OSError):
        full = error.errno == errno.ENOSPC or CUT_SHORT.fullmatch(str(error)) is not None
        return full or FULL_IN_RUST in str(error)
    return type(error).__module__.startswith("polars.") and FULL_IN_RUST in str(error)


def gigabytes(count: int) -> str:
    """Format a number of bytes, like `3.2 GB`."""
    return f"{count / 1e9:,.1f} GB"
