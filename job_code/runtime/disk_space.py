"""Disk space: known to be needed before it is."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.error_codes import ErrorCode
from job_code.errors import JobError, OneJobError

REMEDY = "raise volume_gb in the environment file, or on a laptop give an --output on a disk with more room"

CUT_SHORT = re.compile(r"\d+ requested and \d+ written")  # all that numpy says of an array that did not fit
FULL_IN_RUST = f"{os.strerror(errno.ENOSPC)} (os error {errno.ENOSPC})"  # how polars passes on what the system says


class OutOfDiskError(JobError):
    """The disk is too small for the run."""

    code = ErrorCode.OUT_OF_DISK


def require_space(folder: Path, needed: int) -> None:
    """Makes sure of disk space before it is used.

    Args:
        folder: A folder of the disk.
        needed: Bytes.

    Raises:
        OutOfDiskError: If there is less.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        wanted, there = gigabytes(needed), gigabytes(free)
        raise OutOfDiskError(f"the run needs about {wanted} of disk and {there} are free; {REMEDY}")


@contextmanager
def explain_full_disk() -> Iterator[None]:
    """Turns what Python, numpy or polars say when the disk is full into what to do about it.

    Raises:
        OutOfDiskError: If the disk is full.
    """
    try:
        yield
    except OneJobError:
        raise  # its message may hold the user's words
    except Exception as error:
        if finds_disk_full(error):
            raise OutOfDiskError(f"the disk is full; {REMEDY}") from error
        raise


def finds_disk_full(error: BaseException) -> bool:
    """Whether Python, numpy or polars says by this error that the disk is full.

    Args:
        error: Of the system, or of one of these libraries.
    """
    if isinstance(error, OSError):
        full = error.errno == errno.ENOSPC or CUT_SHORT.fullmatch(str(error)) is not None
        return full or FULL_IN_RUST in str(error)
    return type(error).__module__.startswith("polars.") and FULL_IN_RUST in str(error)


def gigabytes(count: int) -> str:
    """`3.2 GB`."""
    return f"{count / 1e9:,.1f} GB"
