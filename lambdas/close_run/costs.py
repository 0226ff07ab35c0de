"""Duration and cost of a failed execution's jobs. Each job counts once, however often the execution is redriven."""

from collections.abc import Collection, Mapping

from contract.metrics import Metric
from contract.state.run_record import FleetFacts, JobFacts
from contract.state.run_state import JobDescription, RunState
from lambdas.shared.job_facts import fleet_facts, job_facts, json_object
from lambdas.shared.metrics import RATIO, SECONDS


def facts_of_job(state: RunState, *, hourly_prices: Mapping[str, float]) -> JobFacts | None:
    """Return the facts of the training job; None if there was none.

    Args:
        state: Data of the state machine at the time of the failure.
        hourly_prices: Prices by instance type.
    """
    if "run" in state and "job" in state["run"]:
        return state["run"]["job"]
    description = (state["job"].get("description") if "job" in state else None) or _cause(state)
    if "TrainingJobName" not in description:
        return None
    demand_bytes = state["plan"]["demand"]["bytes"] if "demand" in state["plan"] else None
    return job_facts(description, hourly_prices=hourly_prices, demand_bytes=demand_bytes)


def facts_of_fleet(state: RunState, *, hourly_prices: Mapping[str, float]) -> FleetFacts | None:
    """Return the facts of the fleet since the last redrive; None if there was none.

    Args:
        state: Data of the state machine at the time of the failure.
        hourly_prices: Prices by instance type.
    """
    if "run" in state and "fleet" in state["run"]:
        return state["run"]["fleet"]
    description: JobDescription = _cause(state)
    if "ProcessingJobName" not in description and "fleet_job" in state:
        description = state["fleet_job"].get("description", {})
    if "ProcessingJobName" not in description or description["ProcessingJobName"] in counted_before(state):
        return None
    return fleet_facts(state.get("fleet"), description, hourly_prices=hourly_prices)


def counted_before(state: RunState) -> list[str]:
    """Return the names of the jobs that this execution counted when it failed before."""
    return state["closed"].get("counted", []) if "closed" in state else []


def costs(
    job: JobFacts | None, fleet: FleetFacts | None, *, before: Collection[str]
) -> dict[Metric, tuple[float | None, str]]:
    """Return the metrics of the jobs that were paid for and are not counted yet.

    Args:
        job: Facts of the training job.
        fleet: Facts of the fleet.
        before: Names of the jobs that are already counted.
    """
    counted: dict[Metric, tuple[float | None, str]] = {}
    if job is not None and job["name"] not in before:
        counted |= {Metric.BILLABLE_SECONDS: (job["billable_seconds"], SECONDS), Metric.COST: (job["cost"], RATIO)}
    if fleet is not None and fleet["name"] not in before:
        counted |= {Metric.FLEET_COST: (fleet["cost"], RATIO)}
    return counted


def _cause(state: RunState) -> JobDescription:
    return json_object(state["error"].get("Cause")) if "error" in state else {}
