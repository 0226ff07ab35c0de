"""Disk space: known to be needed before it is."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from job_code.errors import JobError

REMEDY = "raise volume_gb in the environment file, or on a laptop give an --output on a disk with more room"

CUT_SHORT = re.compile(r"\d+ requested and \d+ written")  # all that numpy says of an array that did not fit


class OutOfDiskError(JobError):
    """The disk is too small for the run."""


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
    except Exception as error:
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        if full or os.strerror(errno.ENOSPC) in str(error) or CUT_SHORT.fullmatch(str(error)):
            raise OutOfDiskError(f"the disk is full; {REMEDY}") from error
        raise


def gigabytes(count: int) -> str:
    """`3.2 GB`."""
    return f"{count / 1e9:,.1f} GB"
