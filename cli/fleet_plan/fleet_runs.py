"""Simulation of a fleet: instances start late, load slowly, straggle or are lost, and chunks differ in size."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from cli.fleet_plan.levels import Floats
from cli.fleet_plan.scenario import Scenario
from lambdas.plan_fleet.fleet import Assumptions
from lambdas.shared.job_facts import SECONDS_AN_HOUR


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """Random effects of a fleet. A spread is the standard deviation of the logarithm: 0.25 is about a quarter.

    Attributes:
        startup_seconds: Median start-up of an instance. The job starts with its slowest instance.
        startup_spread: Spread of the start-up between instances.
        download_spread: Spread of the download speed between instances.
        chunk_spread: Spread of the bytes and series of a chunk.
        straggler_share: Share of slow instances.
        straggler_times: Factor by which slow instances take longer to forecast.
        losses_per_instance_hour: Rate at which instances are lost. A lost instance fails the job.
        restart_seconds: Time from a failed job to the request for the next one.
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
    def noiseless(cls, assumptions: Assumptions) -> Self:
        """Return the estimate's start-up and no random effects."""
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
    """The result of one simulated fleet.

    Attributes:
        seconds: Time from the first request to the end.
        startup_seconds: Time spent waiting for jobs to start.
        billed_seconds: Billed time of all instances of all jobs.
        jobs: Number of jobs: 1 plus the number of lost instances.
        forecast: Shape (chunks,): number of kept forecasts per chunk, 1 each in a correct run.
    """

    seconds: float
    startup_seconds: float
    billed_seconds: float
    jobs: int
    forecast: npt.NDArray[np.int64]


def run_fleet(scenario: Scenario, *, instances: int, noise: NoiseModel, rng: np.random.Generator) -> FleetRun:
    """Simulate a fleet. After each lost instance, another job forecasts the missing chunks.

    Args:
        scenario: Work, instance and throughput of the fleet.
        instances: Instances of the first job. A later job has at most one per missing chunk, and at least one.
        noise: The random effects.
        rng: Random generator.
    """
    work, assumptions = scenario.work, scenario.assumptions
    sizes = rng.lognormal(0, noise.chunk_spread, work.chunks)
    sizes /= sizes.mean()
    left = np.arange(work.chunks)
    forecast = np.zeros(work.chunks, dtype=np.int64)
    gathering = assumptions.gathering(work)
    now = waited = billed = 0.0
    jobs, gathered = 0, False
    while not gathered:
        now += noise.restart_seconds if jobs else 0
        jobs += 1
        count = max(1, min(instances, left.size))
        startup = float((noise.startup_seconds * rng.lognormal(0, noise.startup_spread, count)).max())
        shares = _distribute(work.chunks, count, rng)
        finished = _finish_times(scenario, shares, sizes, forecast == 0, noise=noise, rng=rng)
        end = float(np.nanmax(finished, initial=0)) + gathering
        lost = _first_loss(count, noise, rng)
        forecast += finished <= lost
        left = np.flatnonzero(forecast == 0)
        gathered = end <= lost
        worked = min(end, lost)
        now += startup + worked
        waited += startup
        billed += count * (max(startup - assumptions.startup_unbilled_seconds, 0) + worked)
    return FleetRun(seconds=now, startup_seconds=waited, billed_seconds=billed, jobs=jobs, forecast=forecast)


def _distribute(chunks: int, instances: int, rng: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """Distribute chunks in random order by count, not by size. ShardedByS3Key promises no more."""
    shuffled = rng.permutation(chunks)
    return [shuffled[place::instances] for place in range(instances)]


def _finish_times(
    scenario: Scenario,
    shares: Sequence[npt.NDArray[np.int64]],
    sizes: Floats,
    left: npt.NDArray[np.bool_],
    *,
    noise: NoiseModel,
    rng: np.random.Generator,
) -> Floats:
    """Return the seconds from the job's start to each chunk's forecast; NaN for chunks of an earlier job."""
    work, megabytes_per_second = scenario.work, scenario.assumptions.download_mb_per_second
    chunk_seconds = scenario.assumptions.of_object(work, scenario.rate)
    loading = megabytes_per_second * rng.lognormal(0, noise.download_spread, len(shares))
    slow = np.where(rng.random(len(shares)) < noise.straggler_share, noise.straggler_times, 1.0)
    finished = np.full(work.chunks, np.nan)
    for share, speed, slowness in zip(shares, loading, slow, strict=True):
        loaded = float(sizes[share].sum()) * work.bytes / work.chunks / 1e6 / float(speed)
        own = share[left[share]]
        times = (sizes[own] * chunk_seconds * float(slowness)).tolist()
        finished[own] = _ends(times, cores=scenario.instance.cores, start=loaded)
    return finished


def _ends(times: Sequence[float], *, cores: int, start: float) -> list[float]:
    """Return the end of each chunk. Each core takes the next chunk when it is free."""
    free = [start] * cores
    ends = []
    for time in times:
        end = free[0] + time
        heapq.heapreplace(free, end)
        ends.append(end)
    return ends


def _first_loss(instances: int, noise: NoiseModel, rng: np.random.Generator) -> float:
    if not noise.losses_per_instance_hour:
        return np.inf
    return float(rng.exponential(SECONDS_AN_HOUR / noise.losses_per_instance_hour, instances).min())
