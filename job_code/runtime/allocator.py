"""Has the C library keep memory that is freed, for the next array.

By default glibc maps each large array apart and unmaps it when it is freed, and the kernel clears each page anew.
Forecasts are made of many such arrays, one after the other and of the same sizes: it was a sixth of their time.
"""

import ctypes
import sys

# Parameters of glibc's mallopt (malloc.h).
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
MOST = 2**31 - 1
GROW_BY = 2**26


def tune_glibc_malloc() -> None:
    """Applies to this process from now on; does nothing where the C library is another than glibc."""
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl has none
        return
    mallopt(MMAP_THRESHOLD, MOST)
    mallopt(TRIM_THRESHOLD, MOST)
    mallopt(TOP_PAD, GROW_BY)
