"""Simulate a fleet and a thousand partitions, and report both."""

from pathlib import Path

from cli.fleet_plan.assumption import format_assumptions
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
from cli.fleet_plan.partition_runs import PartitionNoise
from cli.fleet_plan.plot import plot
from cli.fleet_plan.scenario import Scenario
from infra.settings.training_job import TrainingJobSettings
from lambdas.plan_fleet.sizing import FleetPlan

FLEET_RUNS, PARTITION_RUNS = 400, 100


def simulate(
    scenario: Scenario,
    plan: FleetPlan,
    job: TrainingJobSettings,
    *,
    deadline_seconds: int | None,
    quota: int | None,
    seed: int,
    picture: Path | None,
) -> str:
    """Run both simulations.

    Args:
        scenario: Work, instance and throughput of the fleet.
        plan: The fleet that the estimate chose.
        job: The environment's training job, which runs for each partition.
        deadline_seconds: Deadline of the fleet; None without one.
        quota: Most instances that the account may run; None for the default of the partitions' simulation.
        seed: Seed of the random generator.
        picture: File for the chart; None for no chart.

    Returns:
        Tables, conclusions and assumptions of both simulations.
    """
    noise = NoiseModel()
    fleet = fleet_levels(scenario, noise=noise, runs=FLEET_RUNS, seed=seed, counts=(*COUNTS, plan.instances))
    planned = next(level for level in fleet if level.count == plan.instances)
    lost = minutes_lost(scenario, planned, noise=noise, runs=FLEET_RUNS, seed=seed)
    instance_type = job.instance_types[0]
    price = job.hourly_prices.get(instance_type)
    partition_noise = PartitionNoise() if quota is None else PartitionNoise(quota=quota)
    partitions = partition_levels(price, noise=partition_noise, runs=PARTITION_RUNS, seed=seed)
    if picture is not None:
        titles = (
            f"{scenario.work.series:,} series, one fleet",
            f"{partition_noise.partitions:,} partitions, one job each",
        )
        plot(fleet, partitions, picture, titles=titles)
    parts = (
        f"Simulated fleet: {scenario.work.series:,} series on {scenario.instance.instance_type}",
        fleet_table(fleet),
        "\n".join(
            [*fleet_conclusions(fleet), *plan_conclusions(planned, deadline_seconds=deadline_seconds, lost=lost)]
        ),
        format_assumptions(fleet_assumed(noise, runs=FLEET_RUNS, seed=seed)),
        f"Simulated partitions: one training job for each of {partition_noise.partitions:,} partitions",
        partition_table(partitions),
        "\n".join(partition_conclusions(partitions, partition_noise)),
        format_assumptions(partition_assumed(instance_type, price, partition_noise, runs=PARTITION_RUNS)),
    )
    return "\n\n".join(parts)
