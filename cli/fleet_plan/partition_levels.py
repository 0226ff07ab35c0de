"""Simulated runs of a thousand partitions, by number of concurrent partitions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cli.fleet_plan.assumption import Assumption, format_table
from cli.fleet_plan.levels import Level, beyond, dollars, last_useful
from cli.fleet_plan.partition_runs import PartitionNoise, run_partitions
from infra.jobs import retries
from lambdas.shared.job_facts import SECONDS_AN_HOUR

CONCURRENCIES = (1, 8, 20, 50, 100, 200)


@dataclass(frozen=True)
class PartitionLevel(Level):
    """Simulated runs with one number of concurrent partitions.

    Attributes:
        refused: Mean number of calls per run that exceed the quota.
        gave_up: Mean number of partitions per run that used all retries for the quota.
        failed: Mean number of partitions per run whose jobs used all retries after faults.
    """

    refused: float
    gave_up: float
    failed: float


def partition_levels(
    hourly_price: float | None,
    *,
    noise: PartitionNoise,
    runs: int,
    seed: int,
    counts: Sequence[int] = CONCURRENCIES,
) -> list[PartitionLevel]:
    """Simulate all partitions with each number of concurrent partitions.

    Args:
        hourly_price: Price of the instance in US dollars; None if unknown.
        noise: The random effects.
        runs: Runs for each number of concurrent partitions.
        seed: Seed of the random generator.
        counts: Numbers of concurrent partitions.
    """
    price = np.nan if hourly_price is None else hourly_price
    levels = []
    for count in counts:
        simulated = [
            run_partitions(max_concurrency=count, noise=noise, rng=np.random.default_rng([seed, count, run]))
            for run in range(runs)
        ]
        levels.append(
            PartitionLevel(
                count=count,
                minutes=np.array([run.seconds for run in simulated]) / 60,
                dollars=np.array([run.billed_seconds for run in simulated]) / SECONDS_AN_HOUR * price,
                refused=float(np.mean([run.refused for run in simulated])),
                gave_up=float(np.mean([run.gave_up for run in simulated])),
                failed=float(np.mean([run.failed for run in simulated])),
            )
        )
    return levels


def partition_table(levels: Sequence[PartitionLevel]) -> str:
    """Return the simulated runs as a table in plain text."""
    head = ["concurrent", "median", "p95 minutes", "price", "refused calls", "gave up", "failed"]
    rows = [
        [
            f"{level.count:,}",
            f"{level.median:,.0f}",
            f"{level.p95:,.0f}",
            dollars(level.price),
            f"{level.refused:,.0f}",
            f"{level.gave_up:,.2f}",
            f"{level.failed:,.2f}",
        ]
        for level in levels
    ]
    return format_table(head, rows)


def partition_conclusions(levels: Sequence[PartitionLevel], noise: PartitionNoise) -> list[str]:
    """Return where more concurrency stops saving time, the bottleneck, and the partitions that give up."""
    following = levels[min(last_useful(levels) + 1, len(levels) - 1)]
    calls = noise.partitions / noise.calls_per_second / 60
    if following.refused:
        why = f"calls exceed the quota of {noise.quota:,}, which other jobs share"
    else:
        why = f"the call rate limits the run: the calls alone take {calls:,.0f} minutes"
    lines = [beyond(levels, "concurrent partitions", why)]
    refused = [level for level in levels if level.refused]
    if refused:
        most = max(level.gave_up for level in refused)
        lines.append(
            f"With {refused[0].count:,} or more concurrent partitions, SageMaker refuses calls. "
            f"Up to {most:,.1f} partitions per run use all retries for the quota and give up."
        )
    return lines


def partition_assumed(
    instance_type: str, hourly_price: float | None, noise: PartitionNoise, *, runs: int
) -> tuple[Assumption, ...]:
    """Return the assumptions of the simulation."""
    price = "price unknown" if hourly_price is None else f"${hourly_price:,.3f} per hour"
    return (
        Assumption("partitions", f"{noise.partitions:,}", "given", "one training job each"),
        Assumption("runs per count", f"{runs:,}", "given", "with the same seed"),
        Assumption("instance", f"{instance_type}, {price}", "given", "the environment's first instance type"),
        Assumption(
            "start-up of a job",
            f"{noise.startup_seconds:,.0f} s, spread {noise.startup_spread:g}",
            "assumed",
            f"as for the fleet; {noise.startup_unbilled_seconds:,.0f} s are not billed",
        ),
        Assumption(
            "work of a job",
            f"{noise.work_seconds:,.0f} s, spread {noise.work_spread:g}",
            "assumed",
            "measured: a million series take 48 s on two cores",
        ),
        Assumption(
            "calls",
            f"{noise.calls_per_second:g} per second",
            "assumed",
            "aws/sagemaker-python-sdk issue 645: SageMaker throttles five simultaneous calls",
        ),
        Assumption(
            "quota",
            f"{noise.quota:,} jobs",
            "given",
            "--quota; other jobs use 0 to "
            f"{noise.others_share:.0%} of it, changing every {noise.others_seconds / 60:,.0f} minutes",
        ),
        Assumption(
            "wait after a refused call",
            f"{retries.QUOTA_INTERVAL_SECONDS / 60:g} minutes, then longer",
            "given",
            f"infra/jobs/retries.py: x {retries.QUOTA_BACKOFF:g}, at most {retries.QUOTA_LONGEST_SECONDS / 60:g} "
            f"minutes, {retries.QUOTA_ATTEMPTS} times",
        ),
        Assumption("faults", f"{noise.fault_share:.0%} of the jobs", "assumed", "at most two retries"),
    )
