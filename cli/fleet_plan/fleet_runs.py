"""A fleet, run by chance: machines that come late, load slowly, straggle or are lost; chunks of uneven size."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from cli.fleet_plan.case import Case
from cli.fleet_plan.levels import Floats
from lambdas.plan_fleet.fleet import Assumptions
from lambdas.shared.job_facts import SECONDS_AN_HOUR


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """What varies. A spread is the standard deviation of the logarithm: 0.25 is about a quarter up or down.

    Attributes:
        startup_seconds: Of an instance, the median; the job starts with its slowest one.
        startup_spread: From instance to instance.
        download_spread: Likewise, of the megabytes a second.
        chunk_spread: From chunk to chunk, of its bytes and series.
        straggler_share: Instances that are slow.
        straggler_times: How much longer these take to forecast.
        losses_per_instance_hour: Instances lost; the job fails then.
        restart_seconds: From a failed job to the request of the next one.
    """

    startup_seconds: float = 210.0
    startup_spread: float = 0.25
    download_spread: float = 0.2
    chunk_spread: float = 0.15
    straggler_share: float = 0.02
    straggler_times: float = 2.0
    losses_per_instance_hour: float = 0.005
    restart_seconds: float = 60.0

    @classmethod
    def none(cls, assumptions: Assumptions) -> Self:
        """As the sizing has it for one instance, nothing by chance."""
        return cls(
            startup_seconds=assumptions.startup_seconds,
            startup_spread=0,
            download_spread=0,
            chunk_spread=0,
            straggler_share=0,
            losses_per_instance_hour=0,
        )


@dataclass(frozen=True, kw_only=True)
class FleetRun:
    """How it went.

    Attributes:
        seconds: From the first request to the end.
        startup_seconds: Those in which a job was awaited.
        billed_seconds: Of all instances of all jobs.
        jobs: 1, and one more each time an instance was lost.
        forecast: How often each chunk's forecasts were kept; once, if all is well.
    """

    seconds: float
    startup_seconds: float
    billed_seconds: float
    jobs: int
    forecast: npt.NDArray[np.int64]


def run_fleet(case: Case, *, instances: int, chances: NoiseModel, random: np.random.Generator) -> FleetRun:
    """Runs the fleet, and once more for what is missing whenever an instance is lost.

    Args:
        case: Its work, machine and speed.
        instances: Of the first job; a later one has no more than there are chunks left, and one to gather them all.
        chances: What varies.
        random: Where chance comes from.
    """
    work, assumptions = case.work, case.assumptions
    sizes = random.lognormal(0, chances.chunk_spread, work.chunks)
    sizes /= sizes.mean()
    left = np.arange(work.chunks)
    forecast = np.zeros(work.chunks, dtype=np.int64)
    gathering = assumptions.gathering(work)
    now = awaited = billed = 0.0
    jobs, gathered = 0, False
    while not gathered:
        now += chances.restart_seconds if jobs else 0
        jobs += 1
        machines = max(1, min(instances, left.size))
        startup = float((chances.startup_seconds * random.lognormal(0, chances.startup_spread, machines)).max())
        hands = _dealt(work.chunks, machines, random)
        finished = _finished(case, hands, sizes, forecast == 0, chances=chances, random=random)
        end = float(np.nanmax(finished, initial=0)) + gathering
        lost = _first_loss(machines, chances, random)
        forecast += finished <= lost
        left = np.flatnonzero(forecast == 0)
        gathered = end <= lost
        worked = min(end, lost)
        now += startup + worked
        awaited += startup
        billed += machines * (max(startup - assumptions.startup_unbilled_seconds, 0) + worked)
    return FleetRun(seconds=now, startup_seconds=awaited, billed_seconds=billed, jobs=jobs, forecast=forecast)


def _dealt(chunks: int, machines: int, random: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """All by number, whatever their size, in no particular order: that is all that ShardedByS3Key promises."""
    shuffled = random.permutation(chunks)
    return [shuffled[place::machines] for place in range(machines)]


def _finished(
    case: Case,
    hands: Sequence[npt.NDArray[np.int64]],
    sizes: Floats,
    left: npt.NDArray[np.bool_],
    *,
    chances: NoiseModel,
    random: np.random.Generator,
) -> Floats:
    """Seconds from the job's start until each chunk is forecast; not a number for those that were before."""
    work, megabytes_per_second = case.work, case.assumptions.download_mb_per_second
    object_seconds = case.assumptions.of_object(work, case.rate)
    loading = megabytes_per_second * random.lognormal(0, chances.download_spread, len(hands))
    slow = np.where(random.random(len(hands)) < chances.straggler_share, chances.straggler_times, 1.0)
    finished = np.full(work.chunks, np.nan)
    for hand, speed, slowness in zip(hands, loading, slow, strict=True):
        loaded = float(sizes[hand].sum()) * work.bytes / work.chunks / 1e6 / float(speed)
        own = hand[left[hand]]
        times = (sizes[own] * object_seconds * float(slowness)).tolist()
        finished[own] = _ends(times, cores=case.machine.cores, start=loaded)
    return finished


def _ends(times: Sequence[float], *, cores: int, start: float) -> list[float]:
    """Each core takes the next chunk as soon as it is free."""
    free = [start] * cores
    ends = []
    for time in times:
        end = free[0] + time
        heapq.heapreplace(free, end)
        ends.append(end)
    return ends


def _first_loss(machines: int, chances: NoiseModel, random: np.random.Generator) -> float:
    if not chances.losses_per_instance_hour:
        return np.inf
    return float(random.exponential(SECONDS_AN_HOUR / chances.losses_per_instance_hour, machines).min())
