"""Both simulations, told: the fleet, and a thousand partitions."""

from pathlib import Path

from cli.fleet_plan.assumed import told
from cli.fleet_plan.case import Case
from cli.fleet_plan.fleet_levels import (
    COUNTS,
    fleet_assumed,
    fleet_conclusions,
    fleet_levels,
    fleet_table,
    minutes_lost,
    plan_conclusions,
)
from cli.fleet_plan.fleet_runs import NoiseModel
from cli.fleet_plan.partition_levels import (
    partition_assumed,
    partition_conclusions,
    partition_levels,
    partition_table,
)
from cli.fleet_plan.partition_runs import PartitionChances
from cli.fleet_plan.plot import plot
from infra.settings.training_job import TrainingJobSettings
from lambdas.plan_fleet.sizing import FleetPlan

FLEET_RUNS, PARTITION_RUNS = 400, 100


def simulate(
    case: Case,
    plan: FleetPlan,
    job: TrainingJobSettings,
    *,
    deadline_seconds: int | None,
    quota: int | None,
    seed: int,
    picture: Path | None,
) -> str:
    """Runs both by chance.

    Args:
        case: The fleet's work, machine and speed.
        plan: What the sizing says of it.
        job: The environment's training job, as each partition runs it.
        deadline_seconds: Of the fleet; None where any time will do.
        quota: The most instances the account may run; None for what the partitions' simulation takes by itself.
        seed: Of chance.
        picture: Where to draw it; None for no picture.

    Returns:
        Tables, what follows from them, and what they rest on.
    """
    chances = NoiseModel()
    fleet = fleet_levels(case, chances=chances, runs=FLEET_RUNS, seed=seed, counts=(*COUNTS, plan.instances))
    planned = next(level for level in fleet if level.count == plan.instances)
    lost = minutes_lost(case, planned, chances=chances, runs=FLEET_RUNS, seed=seed)
    instance_type = job.instance_types[0]
    price = job.hourly_prices.get(instance_type)
    of_partitions = PartitionChances() if quota is None else PartitionChances(quota=quota)
    partitions = partition_levels(price, chances=of_partitions, runs=PARTITION_RUNS, seed=seed)
    if picture is not None:
        titles = f"{case.work.series:,} series, one fleet", f"{of_partitions.partitions:,} partitions, a job each"
        plot(fleet, partitions, picture, titles=titles)
    parts = (
        f"The fleet by chance: {case.work.series:,} series on {case.machine.instance_type}",
        fleet_table(fleet),
        "\n".join(
            [*fleet_conclusions(fleet), *plan_conclusions(planned, deadline_seconds=deadline_seconds, lost=lost)]
        ),
        told(fleet_assumed(chances, runs=FLEET_RUNS, seed=seed)),
        f"A training job for each of {of_partitions.partitions:,} partitions",
        partition_table(partitions),
        "\n".join(partition_conclusions(partitions, of_partitions)),
        told(partition_assumed(instance_type, price, of_partitions, runs=PARTITION_RUNS)),
    )
    return "\n\n".join(parts)
