"""Assigns cores of this computer to a job's instances, so that fleets of different sizes can be compared."""

import os


def checked_cores(count: int) -> int:
    """Return `count`, the number of cores for each instance.

    Raises:
        ValueError: This computer cannot give an instance that many cores.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise ValueError("cores_per_instance: only Linux can limit processes to cores; omit the setting on this system")
    available = len(os.sched_getaffinity(0))
    if not 1 <= count <= available:
        raise ValueError(f"cores_per_instance={count}: this computer has {available} cores; use 1 to {available}")
    return count


def cores_of(index: int, *, count: int) -> list[int]:
    """Return the numbers of the `count` cores of a job's `index`-th instance.

    Each instance gets the next cores. After the last core, the first follows again.
    """
    available = sorted(os.sched_getaffinity(0))
    return [available[number % len(available)] for number in range(index * count, (index + 1) * count)]
