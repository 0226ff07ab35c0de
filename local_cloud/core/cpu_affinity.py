"""Which of the machine's cores an instance of a job has, so that fleets of different sizes can be compared on it."""

import os


def checked_cores(count: int) -> int:
    """Returns how many cores an instance has.

    Raises:
        ValueError: This machine cannot give an instance so many cores of its own.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise ValueError("cores_per_instance: processes cannot be kept to cores here, Linux can; leave it out")
    available = len(os.sched_getaffinity(0))
    if not 1 <= count <= available:
        raise ValueError(f"cores_per_instance={count}: this machine has {available}; give 1 to {available}")
    return count


def cores_of(index: int, *, count: int) -> list[int]:
    """The `count` cores of the `index`-th instance of a job: the next ones, and the first again after the last."""
    available = sorted(os.sched_getaffinity(0))
    return [available[number % len(available)] for number in range(index * count, (index + 1) * count)]
