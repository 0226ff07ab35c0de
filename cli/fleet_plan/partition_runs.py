"""A thousand partitions, a training job each: calls limited, a quota shared with others, waits that grow."""

import heapq
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np

from infra.jobs.retries import (
    MAX_FAULTS,
    QUOTA_ATTEMPTS,
    QUOTA_BACKOFF,
    QUOTA_INTERVAL_SECONDS,
    QUOTA_LONGEST_SECONDS,
)

# More than a run can take.
OTHERS_CHANGES = 10_000


@dataclass(frozen=True, kw_only=True)
class PartitionChances:
    """What varies. A spread is the standard deviation of the logarithm.

    Attributes:
        partitions: Training jobs to be done.
        startup_seconds: Of a job, the median.
        startup_unbilled_seconds: Part of it before SageMaker bills.
        startup_spread: From job to job.
        work_seconds: Of a job, the median.
        work_spread: From job to job.
        calls_per_second: CreateTrainingJob's limit, for the account; refused calls count.
        quota: Jobs of that machine that the account may run at a time.
        others_share: The most of it that others use; how much changes now and then.
        others_seconds: How often it changes.
        fault_share: Jobs that fail somewhere halfway and are started anew.
    """

    partitions: int = 1_000
    startup_seconds: float = 210.0
    startup_unbilled_seconds: float = 120.0
    startup_spread: float = 0.25
    work_seconds: float = 60.0
    work_spread: float = 0.4
    calls_per_second: float = 1.0
    quota: int = 100
    others_share: float = 0.3
    others_seconds: float = 1800.0
    fault_share: float = 0.01


@dataclass(frozen=True, kw_only=True)
class PartitionsRun:
    """How it went.

    Attributes:
        seconds: Until the last partition is through.
        billed_seconds: Of all jobs.
        done: Partitions that have a forecast.
        refused: Calls that found the quota used up.
        gave_up: Partitions that waited for the quota as often as they may.
        failed: Partitions whose jobs failed as often as they may.
    """

    seconds: float
    billed_seconds: float
    done: int
    refused: int
    gave_up: int
    failed: int


class _Event(Enum):
    REQUEST = auto()
    CALL = auto()
    END = auto()
    FAULT = auto()


@dataclass
class _Partition:
    refusals: int = 0
    faults: int = 0


@dataclass(kw_only=True)
class _Day:
    """All that happens, in its order in time."""

    chances: PartitionChances
    random: np.random.Generator
    events: list[tuple[float, int, _Event, _Partition]] = field(default_factory=list)
    number: int = 0
    running: int = 0
    next_call: float = 0.0
    billed: float = 0.0
    done: int = 0
    refused: int = 0
    gave_up: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        most = round(self.chances.quota * self.chances.others_share)
        self.others = self.random.integers(0, most + 1, OTHERS_CHANGES).tolist()

    def add(self, time: float, event: _Event, partition: _Partition) -> None:
        self.number += 1  # keeps what happens at the same time in order
        heapq.heappush(self.events, (time, self.number, event, partition))

    def handle(self, now: float, event: _Event, partition: _Partition) -> bool:
        """Returns whether that was the last of the partition."""
        if event is _Event.REQUEST:
            at = max(now, self.next_call)
            self.next_call = at + 1 / self.chances.calls_per_second
            self.add(at, _Event.CALL, partition)
            return False
        if event is _Event.CALL:
            return self._called(now, partition)
        self.running -= 1
        if event is _Event.END:
            self.done += 1
            return True
        partition.faults += 1
        if partition.faults > MAX_FAULTS:
            self.failed += 1
            return True
        self.add(now, _Event.REQUEST, partition)
        return False

    def _called(self, now: float, partition: _Partition) -> bool:
        others = self.others[int(now / self.chances.others_seconds)]
        if self.running + others < self.chances.quota:
            self._start(now, partition)
            return False
        self.refused += 1
        if partition.refusals == QUOTA_ATTEMPTS:
            self.gave_up += 1
            return True
        longest = min(QUOTA_INTERVAL_SECONDS * QUOTA_BACKOFF**partition.refusals, QUOTA_LONGEST_SECONDS)
        partition.refusals += 1
        self.add(now + longest * self.random.random(), _Event.REQUEST, partition)
        return False

    def _start(self, now: float, partition: _Partition) -> None:
        chances = self.chances
        startup = chances.startup_seconds * self.random.lognormal(0, chances.startup_spread)
        work = chances.work_seconds * self.random.lognormal(0, chances.work_spread)
        fault = self.random.random() < chances.fault_share
        if fault:
            work *= self.random.random()
        self.running += 1
        self.billed += max(startup - chances.startup_unbilled_seconds, 0) + work
        self.add(now + startup + work, _Event.FAULT if fault else _Event.END, partition)


def run_partitions(*, max_concurrency: int, chances: PartitionChances, random: np.random.Generator) -> PartitionsRun:
    """Runs all partitions.

    Args:
        max_concurrency: Partitions under way together, those that wait for the quota included.
        chances: What varies.
        random: Where chance comes from.
    """
    day = _Day(chances=chances, random=random)
    waiting = deque(_Partition() for _ in range(chances.partitions))
    for _ in range(min(max_concurrency, chances.partitions)):
        day.add(0.0, _Event.REQUEST, waiting.popleft())
    now = 0.0
    while day.events:
        now, _, event, partition = heapq.heappop(day.events)
        if day.handle(now, event, partition) and waiting:
            day.add(now, _Event.REQUEST, waiting.popleft())
    return PartitionsRun(
        seconds=now,
        billed_seconds=day.billed,
        done=day.done,
        refused=day.refused,
        gave_up=day.gave_up,
        failed=day.failed,
    )
