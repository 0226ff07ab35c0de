"""Let the C library keep freed memory for the next array.

By default glibc maps each large array separately and unmaps it when it is freed. The kernel then clears every page of
the next array. A forecast allocates many arrays of the same sizes in turn; this took a sixth of its time.
"""

import ctypes
import sys

# Parameters of glibc's mallopt (malloc.h).
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
MAX_BYTES = 2**31 - 1
GROW_BY = 2**26  # bytes


def tune_glibc_malloc() -> None:
    """Set the malloc options of this process. Without glibc, do nothing."""
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl has no mallopt
        return
    mallopt(MMAP_THRESHOLD, MAX_BYTES)
    mallopt(TRIM_THRESHOLD, MAX_BYTES)
    mallopt(TOP_PAD, GROW_BY)
