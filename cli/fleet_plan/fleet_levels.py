"""Simulated fleets with different numbers of instances, compared with the estimate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cli.fleet_plan.assumption import Assumption, format_table
from cli.fleet_plan.fleet_runs import NoiseModel, run_fleet
from cli.fleet_plan.levels import Level, beyond, dollars, last_useful
from cli.fleet_plan.scenario import Scenario
from contract.limits import MAX_INSTANCES
from lambdas.plan_fleet.fleet import disk_bytes, fleet_time
from lambdas.plan_fleet.sizing import minutes
from lambdas.shared.job_facts import SECONDS_AN_HOUR

COUNTS = (1, 2, 4, 8, 16, 32, 64, MAX_INSTANCES)


@dataclass(frozen=True)
class FleetLevel(Level):
    """Simulated runs with one number of instances.

    Attributes:
        estimate: Minutes by the estimate.
        disk_gb: Disk that each instance needs.
        waiting_share: Share of the time in which the job waits for its instances to start.
        restart_share: Share of the runs that lose an instance and start another job.
    """

    estimate: float
    disk_gb: float
    waiting_share: float
    restart_share: float


def fleet_levels(
    scenario: Scenario, *, noise: NoiseModel, runs: int, seed: int, counts: Sequence[int] = COUNTS
) -> list[FleetLevel]:
    """Simulate the fleet with each number of instances. A fleet has at most one instance per chunk.

    Args:
        scenario: Work, instance and throughput of the fleet.
        noise: The random effects.
        runs: Runs for each number of instances.
        seed: Seed of the random generator.
        counts: Numbers of instances.
    """
    return [
        _level(scenario, instances, noise=noise, runs=runs, seed=seed)
        for instances in sorted({min(count, scenario.work.chunks) for count in counts})
    ]


def _level(scenario: Scenario, instances: int, *, noise: NoiseModel, runs: int, seed: int) -> FleetLevel:
    simulated = [
        run_fleet(scenario, instances=instances, noise=noise, rng=np.random.default_rng([seed, instances, run]))
        for run in range(runs)
    ]
    price = np.nan if scenario.instance.hourly_price is None else scenario.instance.hourly_price
    time = fleet_time(
        scenario.work, scenario.instance, scenario.rate, instances=instances, assumptions=scenario.assumptions
    )
    return FleetLevel(
        count=instances,
        minutes=np.array([run.seconds for run in simulated]) / 60,
        dollars=np.array([run.billed_seconds for run in simulated]) / SECONDS_AN_HOUR * price,
        estimate=time.seconds / 60,
        disk_gb=disk_bytes(scenario.work, instances=instances, assumptions=scenario.assumptions) / 1e9,
        waiting_share=sum(run.startup_seconds for run in simulated) / sum(run.seconds for run in simulated),
        restart_share=float(np.mean([run.jobs > 1 for run in simulated])),
    )


def minutes_lost(scenario: Scenario, level: FleetLevel, *, noise: NoiseModel, runs: int, seed: int) -> float:
    """Return the minutes that one lost instance adds to a run.

    Args:
        scenario: Work, instance and throughput of the fleet.
        level: Simulated runs at the usual rate of losses.
        noise: The random effects. The function raises the loss rate to about one loss per job.
        runs: Number of runs to simulate; only the runs with exactly one loss count.
        seed: Seed of the random generator.
    """
    working_hours = level.median / 60 * (1 - level.waiting_share)
    often = replace(noise, losses_per_instance_hour=1 / working_hours / level.count)
    simulated = [
        run_fleet(scenario, instances=level.count, noise=often, rng=np.random.default_rng([seed, level.count, run]))
        for run in range(runs)
    ]
    return float(np.median([run.seconds / 60 for run in simulated if run.jobs == 2])) - level.median


def fleet_table(levels: Sequence[FleetLevel]) -> str:
    """Return the simulated fleets as a table in plain text."""
    head = ["instances", "estimate", "median", "p95 minutes", "start-up share", "restarted", "price", "disk GB each"]
    rows = [
        [
            f"{level.count:,}",
            f"{level.estimate:,.1f}",
            f"{level.median:,.1f}",
            f"{level.p95:,.1f}",
            f"{level.waiting_share:.0%}",
            f"{level.restart_share:.1%}",
            dollars(level.price),
            f"{level.disk_gb:,.1f}",
        ]
        for level in levels
    ]
    return format_table(head, rows)


def fleet_conclusions(levels: Sequence[FleetLevel]) -> list[str]:
    """Return where more instances stop saving time, and how far the estimate is off."""
    waiting_share = levels[last_useful(levels)].waiting_share
    off = [level.estimate / level.median - 1 for level in levels]
    later = max(level.p95 - level.estimate for level in levels)
    return [
        beyond(levels, "instances", f"start-up takes {waiting_share:.0%} of the time or more"),
        f"The estimate differs from the median by {min(off):+.0%} to {max(off):+.0%}. "
        f"One run in twenty takes up to {later:,.1f} minutes longer than the estimate.",
    ]


def plan_conclusions(level: FleetLevel, *, deadline_seconds: int | None, lost: float) -> list[str]:
    """Return how the planned number of instances performs.

    Args:
        level: Simulated runs with the planned number.
        deadline_seconds: None without a deadline.
        lost: Minutes that a lost instance adds.
    """
    lines = [
        f"With the planned number of instances ({level.count:,}), a lost instance costs {lost:,.1f} minutes. "
        "The fleet keeps finished chunks."
    ]
    if deadline_seconds is not None:
        lines.append(
            f"{level.kept(deadline_seconds):.0%} of the runs meet the deadline of {minutes(deadline_seconds)}."
        )
    return lines


def fleet_assumed(noise: NoiseModel, *, runs: int, seed: int) -> tuple[Assumption, ...]:
    """Return the assumptions of the simulation that the estimate does not have."""
    return (
        Assumption("runs per count", f"{runs:,}, seed {seed}", "given", "--seed"),
        Assumption(
            "start-up of an instance",
            f"{noise.startup_seconds:,.0f} s, spread {noise.startup_spread:g}",
            "assumed",
            "3 to 5 minutes; the job starts with its slowest instance",
        ),
        Assumption("download", f"spread {noise.download_spread:g}", "assumed", "between instances"),
        Assumption("chunks", f"spread {noise.chunk_spread:g}", "assumed", "shards by hash; chunks of similar size"),
        Assumption(
            "stragglers",
            f"{noise.straggler_share:.0%}, {noise.straggler_times:g} x as long",
            "assumed",
            "AWS publishes no figure",
        ),
        Assumption(
            "instances lost",
            f"{noise.losses_per_instance_hour:g} per instance-hour",
            "assumed",
            "rather too many; the job fails and Step Functions starts it again",
        ),
        Assumption(
            "wait before a restart",
            f"{noise.restart_seconds:,.0f} s",
            "assumed",
            "the next job keeps finished chunks and distributes the rest",
        ),
    )
