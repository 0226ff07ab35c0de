"""The answer on paper: arithmetic, no chance in it."""

from cli.fleet_plan.assumed import told
from cli.fleet_plan.case import Case
from cli.fleet_plan.training import TrainingPlan
from lambdas.plan_fleet.fleet import fleet_time
from lambdas.plan_fleet.sizing import FleetPlan, minutes, size_fleet


def planned(case: Case, *, deadline_seconds: int | None, quota: int | None, instances: int | None = None) -> FleetPlan:
    """The fleet that the sizing gives."""
    return size_fleet(
        case.work,
        case.machine,
        case.rate,
        instances=instances,
        deadline_seconds=deadline_seconds,
        quota=quota,
        assumptions=case.assumptions,
    )


def answer(case: Case, plan: FleetPlan, training: TrainingPlan, *, deadline_seconds: int | None) -> str:
    """What comes out, what it is made of, and what it rests on."""
    within = "" if deadline_seconds is None else f", in {minutes(deadline_seconds)}"
    time = fleet_time(case.work, case.machine, case.rate, instances=plan.instances, assumptions=case.assumptions)
    parts = {
        "start-up": time.startup_seconds,
        "download": time.download_seconds,
        "forecast": time.forecast_seconds,
        "gathering": time.gather_seconds,
    }
    lines = [
        f"{case.work.series:,} series{within}: {plan.words}",
        f"  {training.end_to_end(plan)}",
        "  The fleet: " + ", ".join(f"{part} {seconds / 60:,.1f}" for part, seconds in parts.items()) + " minutes",
        *(f"  Note: {note}." for note in plan.notes),
        *(f"  {line}" for line in training.lines()),
    ]
    return "\n".join(lines) + "\n\n" + told((*case.assumed, *training.assumed))
