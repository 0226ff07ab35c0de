"""The deterministic estimate of a fleet: arithmetic without random effects."""

from cli.fleet_plan.assumption import format_assumptions
from cli.fleet_plan.scenario import Scenario
from cli.fleet_plan.training import TrainingPlan
from lambdas.plan_fleet.fleet import fleet_time
from lambdas.plan_fleet.sizing import FleetPlan, minutes, size_fleet


def size_scenario(
    scenario: Scenario, *, deadline_seconds: int | None, quota: int | None, instances: int | None = None
) -> FleetPlan:
    """Return the fleet that the deployed application would choose.

    Args:
        scenario: Work, instance and throughput of the fleet.
        deadline_seconds: None without a deadline.
        quota: Most instances that the account may run; None if unknown.
        instances: A fixed number of instances; None for the fewest that meet the deadline.
    """
    return size_fleet(
        scenario.work,
        scenario.instance,
        scenario.rate,
        instances=instances,
        deadline_seconds=deadline_seconds,
        quota=quota,
        assumptions=scenario.assumptions,
    )


def format_estimate(
    scenario: Scenario, plan: FleetPlan, training: TrainingPlan, *, deadline_seconds: int | None
) -> str:
    """Return the plan, the minutes of its parts, the training job and the assumptions as text."""
    within = "" if deadline_seconds is None else f", in {minutes(deadline_seconds)}"
    time = fleet_time(
        scenario.work, scenario.instance, scenario.rate, instances=plan.instances, assumptions=scenario.assumptions
    )
    parts = {
        "start-up": time.startup_seconds,
        "download": time.download_seconds,
        "forecast": time.forecast_seconds,
        "gathering": time.gather_seconds,
    }
    lines = [
        f"{scenario.work.series:,} series{within}: {plan.words}",
        f"  {training.end_to_end(plan)}",
        "  Fleet: " + ", ".join(f"{part} {seconds / 60:,.1f}" for part, seconds in parts.items()) + " minutes",
        *(f"  Note: {note}." for note in plan.notes),
        *(f"  {line}" for line in training.lines()),
    ]
    return "\n".join(lines) + "\n\n" + format_assumptions((*scenario.assumed, *training.assumed))
