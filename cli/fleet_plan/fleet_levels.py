"""The fleet by its number of instances, as many runs by chance have it, beside the sizing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cli.fleet_plan.assumed import Assumed, aligned
from cli.fleet_plan.case import Case
from cli.fleet_plan.fleet_runs import NoiseModel, run_fleet
from cli.fleet_plan.levels import Level, beyond, dollars, last_useful
from contract.limits import MAX_INSTANCES
from lambdas.plan_fleet.fleet import disk_bytes, fleet_time
from lambdas.plan_fleet.sizing import minutes
from lambdas.shared.job_facts import SECONDS_AN_HOUR

COUNTS = (1, 2, 4, 8, 16, 32, 64, MAX_INSTANCES)


@dataclass(frozen=True)
class FleetLevel(Level):
    """One number of instances.

    Attributes:
        on_paper: Minutes by the sizing.
        disk_gb: That each instance needs.
        awaited: Share of the time in which machines were awaited.
        again: Share of runs that lost an instance and started another job.
    """

    on_paper: float
    disk_gb: float
    awaited: float
    again: float


def fleet_levels(
    case: Case, *, chances: NoiseModel, runs: int, seed: int, counts: Sequence[int] = COUNTS
) -> list[FleetLevel]:
    """Runs the fleet with each number of instances; with no more than there are chunks.

    Args:
        case: Its work, machine and speed.
        chances: What varies.
        runs: With each number.
        seed: Of chance.
        counts: Numbers of instances.
    """
    return [
        _level(case, instances, chances=chances, runs=runs, seed=seed)
        for instances in sorted({min(count, case.work.chunks) for count in counts})
    ]


def _level(case: Case, instances: int, *, chances: NoiseModel, runs: int, seed: int) -> FleetLevel:
    made = [
        run_fleet(case, instances=instances, chances=chances, random=np.random.default_rng([seed, instances, run]))
        for run in range(runs)
    ]
    price = np.nan if case.machine.hourly_price is None else case.machine.hourly_price
    time = fleet_time(case.work, case.machine, case.rate, instances=instances, assumptions=case.assumptions)
    return FleetLevel(
        count=instances,
        minutes=np.array([run.seconds for run in made]) / 60,
        dollars=np.array([run.billed_seconds for run in made]) / SECONDS_AN_HOUR * price,
        on_paper=time.seconds / 60,
        disk_gb=disk_bytes(case.work, instances=instances, assumptions=case.assumptions) / 1e9,
        awaited=sum(run.startup_seconds for run in made) / sum(run.seconds for run in made),
        again=float(np.mean([run.jobs > 1 for run in made])),
    )


def minutes_lost(case: Case, level: FleetLevel, *, chances: NoiseModel, runs: int, seed: int) -> float:
    """How much longer a run takes that loses an instance, once.

    Args:
        case: Its work, machine and speed.
        level: What it takes otherwise.
        chances: What varies; the losses are made as many as jobs.
        runs: Among which those with one loss are taken.
        seed: Of chance.
    """
    working_hours = level.median / 60 * (1 - level.awaited)
    often = replace(chances, losses_per_instance_hour=1 / working_hours / level.count)
    made = [
        run_fleet(case, instances=level.count, chances=often, random=np.random.default_rng([seed, level.count, run]))
        for run in range(runs)
    ]
    return float(np.median([run.seconds / 60 for run in made if run.jobs == 2])) - level.median


def fleet_table(levels: Sequence[FleetLevel]) -> str:
    """All levels."""
    head = ["instances", "on paper", "median", "p95 minutes", "awaited", "started again", "price", "disk GB each"]
    rows = [
        [
            f"{level.count:,}",
            f"{level.on_paper:,.1f}",
            f"{level.median:,.1f}",
            f"{level.p95:,.1f}",
            f"{level.awaited:.0%}",
            f"{level.again:.1%}",
            dollars(level.price),
            f"{level.disk_gb:,.1f}",
        ]
        for level in levels
    ]
    return aligned(head, rows)


def fleet_conclusions(levels: Sequence[FleetLevel]) -> list[str]:
    """Where it stops falling, and how good the sizing is."""
    awaited = levels[last_useful(levels)].awaited
    off = [level.on_paper / level.median - 1 for level in levels]
    later = max(level.p95 - level.on_paper for level in levels)
    return [
        beyond(levels, "instances", f"machines are awaited for {awaited:.0%} of the time and more"),
        f"The sizing is {min(off):+.0%} to {max(off):+.0%} off the median; "
        f"one run in twenty takes up to {later:,.1f} minutes longer than it says.",
    ]


def plan_conclusions(level: FleetLevel, *, deadline_seconds: int | None, lost: float) -> list[str]:
    """How the planned number of instances does.

    Args:
        level: Of that number.
        deadline_seconds: None where any time will do.
        lost: Minutes that a lost instance costs.
    """
    told = [f"With {level.count:,} as planned, a lost instance costs {lost:,.1f} minutes: what was finished is kept."]
    if deadline_seconds is not None:
        told.append(f"They keep {minutes(deadline_seconds)} in {level.kept(deadline_seconds):.0%} of the runs.")
    return told


def fleet_assumed(chances: NoiseModel, *, runs: int, seed: int) -> tuple[Assumed, ...]:
    """What the runs rest on, beside the sizing's."""
    return (
        Assumed("runs of each count", f"{runs:,}, seed {seed}", "given", "--seed"),
        Assumed(
            "start-up of an instance",
            f"{chances.startup_seconds:,.0f} s, spread {chances.startup_spread:g}",
            "believed",
            "3 to 5 minutes; the job awaits its slowest one",
        ),
        Assumed("download", f"spread {chances.download_spread:g}", "believed", "from instance to instance"),
        Assumed("chunks", f"spread {chances.chunk_spread:g}", "believed", "shards by hash; panels of like size"),
        Assumed(
            "stragglers",
            f"{chances.straggler_share:.0%}, {chances.straggler_times:g} x as long",
            "believed",
            "no figure is published",
        ),
        Assumed(
            "instances lost",
            f"{chances.losses_per_instance_hour:g} an hour",
            "believed",
            "rather too many; the job fails and is started again",
        ),
        Assumed(
            "until it is started again",
            f"{chances.restart_seconds:,.0f} s",
            "believed",
            "what is finished is kept, the rest is dealt out anew",
        ),
    )
