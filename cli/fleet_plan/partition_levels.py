"""A thousand partitions by how many are under way at a time, as many runs by chance have it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cli.fleet_plan.assumed import Assumed, aligned
from cli.fleet_plan.levels import Level, beyond, dollars, last_useful
from cli.fleet_plan.partition_runs import PartitionChances, run_partitions
from infra.jobs import retries
from lambdas.shared.job_facts import SECONDS_AN_HOUR

AT_A_TIME = (1, 8, 20, 50, 100, 200)


@dataclass(frozen=True)
class PartitionLevel(Level):
    """One number of partitions at a time.

    Attributes:
        refused: Calls of a run that found the quota used up, on average.
        gave_up: Partitions of a run that waited for the quota in vain, on average.
        failed: Partitions of a run whose jobs failed time and again, on average.
    """

    refused: float
    gave_up: float
    failed: float


def partition_levels(
    hourly_price: float | None,
    *,
    chances: PartitionChances,
    runs: int,
    seed: int,
    counts: Sequence[int] = AT_A_TIME,
) -> list[PartitionLevel]:
    """Runs all partitions, with each number of them at a time.

    Args:
        hourly_price: Of the machine, in US dollars; None where nobody said.
        chances: What varies.
        runs: With each number.
        seed: Of chance.
        counts: Numbers at a time.
    """
    price = np.nan if hourly_price is None else hourly_price
    levels = []
    for count in counts:
        made = [
            run_partitions(max_concurrency=count, chances=chances, random=np.random.default_rng([seed, count, run]))
            for run in range(runs)
        ]
        levels.append(
            PartitionLevel(
                count=count,
                minutes=np.array([run.seconds for run in made]) / 60,
                dollars=np.array([run.billed_seconds for run in made]) / SECONDS_AN_HOUR * price,
                refused=float(np.mean([run.refused for run in made])),
                gave_up=float(np.mean([run.gave_up for run in made])),
                failed=float(np.mean([run.failed for run in made])),
            )
        )
    return levels


def partition_table(levels: Sequence[PartitionLevel]) -> str:
    """All levels."""
    head = ["at a time", "median", "p95 minutes", "price", "refused calls", "gave up", "failed"]
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
    return aligned(head, rows)


def partition_conclusions(levels: Sequence[PartitionLevel], chances: PartitionChances) -> list[str]:
    """Where it stops falling, what stands in the way there, and what that does to single partitions."""
    following = levels[min(last_useful(levels) + 1, len(levels) - 1)]
    calls = chances.partitions / chances.calls_per_second / 60
    if following.refused:
        why = f"the quota of {chances.quota:,}, shared with others, refuses calls"
    else:
        why = f"calls hold them back, which take {calls:,.0f} minutes alone"
    told = [beyond(levels, "at a time", why)]
    refused = [level for level in levels if level.refused]
    if refused:
        most = max(level.gave_up for level in refused)
        told.append(
            f"From {refused[0].count:,} at a time on calls are refused; "
            f"up to {most:,.1f} partitions of a run wait for the quota in vain."
        )
    return told


def partition_assumed(
    instance_type: str, hourly_price: float | None, chances: PartitionChances, *, runs: int
) -> tuple[Assumed, ...]:
    """What the runs rest on."""
    price = "not known" if hourly_price is None else f"${hourly_price:,.3f}"
    return (
        Assumed("partitions", f"{chances.partitions:,}", "given", "a training job each"),
        Assumed("runs of each count", f"{runs:,}", "given", "with the same seed"),
        Assumed("machine", f"{instance_type}, {price} an hour", "given", "the environment's first"),
        Assumed(
            "start-up of a job",
            f"{chances.startup_seconds:,.0f} s, spread {chances.startup_spread:g}",
            "believed",
            f"as the fleet's; {chances.startup_unbilled_seconds:,.0f} s of it not billed",
        ),
        Assumed(
            "work of a job",
            f"{chances.work_seconds:,.0f} s, spread {chances.work_spread:g}",
            "believed",
            "measured: a million series take 48 s on two cores",
        ),
        Assumed(
            "calls",
            f"{chances.calls_per_second:g} a second",
            "believed",
            "aws/sagemaker-python-sdk issue 645: five at once are throttled",
        ),
        Assumed(
            "quota",
            f"{chances.quota:,} jobs",
            "given",
            "--quota; others use 0 to "
            f"{chances.others_share:.0%} of it, new every {chances.others_seconds / 60:,.0f} minutes",
        ),
        Assumed(
            "refused",
            f"{retries.QUOTA_INTERVAL_SECONDS / 60:g} minutes, then longer",
            "given",
            f"infra/jobs/retries.py: x {retries.QUOTA_BACKOFF:g}, {retries.QUOTA_LONGEST_SECONDS / 60:g} at most, "
            f"{retries.QUOTA_ATTEMPTS} times",
        ),
        Assumed("faults", f"{chances.fault_share:.0%} of the jobs", "believed", "started anew, twice at most"),
    )
