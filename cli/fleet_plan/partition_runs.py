"""Simulation of many training jobs, one per partition: limited call rate, shared quota, growing waits."""

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

# Number of changes in the quota that other jobs use: more than any run lasts.
OTHERS_CHANGES = 10_000


@dataclass(frozen=True, kw_only=True)
class PartitionNoise:
    """Random effects of many training jobs. A spread is the standard deviation of the logarithm.

    Attributes:
        partitions: Number of partitions, with one training job each.
        startup_seconds: Median start-up of a job.
        startup_unbilled_seconds: Part of the start-up that SageMaker does not bill.
        startup_spread: Spread of the start-up between jobs.
        work_seconds: Median working time of a job.
        work_spread: Spread of the working time between jobs.
        calls_per_second: The account's limit of CreateTrainingJob. Refused calls count.
        quota: Concurrent jobs with this instance type that the account may run.
        others_share: Largest share of the quota that other jobs use.
        others_seconds: Interval at which the use by other jobs changes.
        fault_share: Share of jobs that fail while they work and are retried.
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
    """The result of one simulated run of all partitions.

    Attributes:
        seconds: Time until the last partition ends.
        billed_seconds: Billed time of all jobs.
        done: Partitions that have a forecast.
        refused: Calls that exceeded the quota.
        gave_up: Partitions that used all retries for the quota.
        failed: Partitions whose jobs used all retries after faults.
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
class _Timeline:
    """The events of a run in chronological order."""

    noise: PartitionNoise
    rng: np.random.Generator
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
        most = round(self.noise.quota * self.noise.others_share)
        self.others = self.rng.integers(0, most + 1, OTHERS_CHANGES).tolist()

    def add(self, time: float, event: _Event, partition: _Partition) -> None:
        self.number += 1  # keeps simultaneous events in order
        heapq.heappush(self.events, (time, self.number, event, partition))

    def handle(self, now: float, event: _Event, partition: _Partition) -> bool:
        """Process an event and return whether the partition has ended."""
        if event is _Event.REQUEST:
            at = max(now, self.next_call)
            self.next_call = at + 1 / self.noise.calls_per_second
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
        others = self.others[int(now / self.noise.others_seconds)]
        if self.running + others < self.noise.quota:
            self._start(now, partition)
            return False
        self.refused += 1
        if partition.refusals == QUOTA_ATTEMPTS:
            self.gave_up += 1
            return True
        longest = min(QUOTA_INTERVAL_SECONDS * QUOTA_BACKOFF**partition.refusals, QUOTA_LONGEST_SECONDS)
        partition.refusals += 1
        self.add(now + longest * self.rng.random(), _Event.REQUEST, partition)
        return False

    def _start(self, now: float, partition: _Partition) -> None:
        noise = self.noise
        startup = noise.startup_seconds * self.rng.lognormal(0, noise.startup_spread)
        work = noise.work_seconds * self.rng.lognormal(0, noise.work_spread)
        fault = self.rng.random() < noise.fault_share
        if fault:
            work *= self.rng.random()
        self.running += 1
        self.billed += max(startup - noise.startup_unbilled_seconds, 0) + work
        self.add(now + startup + work, _Event.FAULT if fault else _Event.END, partition)


def run_partitions(*, max_concurrency: int, noise: PartitionNoise, rng: np.random.Generator) -> PartitionsRun:
    """Simulate a run of all partitions.

    Args:
        max_concurrency: Number of concurrent partitions, including those that wait for the quota.
        noise: The random effects.
        rng: Random generator.
    """
    timeline = _Timeline(noise=noise, rng=rng)
    waiting = deque(_Partition() for _ in range(noise.partitions))
    for _ in range(min(max_concurrency, noise.partitions)):
        timeline.add(0.0, _Event.REQUEST, waiting.popleft())
    now = 0.0
    while timeline.events:
        now, _, event, partition = heapq.heappop(timeline.events)
        if timeline.handle(now, event, partition) and waiting:
            timeline.add(now, _Event.REQUEST, waiting.popleft())
    return PartitionsRun(
        seconds=now,
        billed_seconds=timeline.billed,
        done=timeline.done,
        refused=timeline.refused,
        gave_up=timeline.gave_up,
        failed=timeline.failed,
    )
