"""What the jobs of a failed execution took, each of them counted once however often the execution is redriven."""

from collections.abc import Collection, Mapping

from contract.metrics import Metric
from contract.state.run_record import FleetFacts, JobFacts
from contract.state.run_state import JobDescription, RunState
from lambdas.shared.job_facts import fleet_facts, job_facts, json_object
from lambdas.shared.metrics import RATIO, SECONDS


def facts_of_job(state: RunState, *, hourly_prices: Mapping[str, float]) -> JobFacts | None:
    """What the training job took, if there was one.

    Args:
        state: The state machine's data at the time of the failure.
        hourly_prices: By instance type.
    """
    if "run" in state and "job" in state["run"]:
        return state["run"]["job"]
    described = (state["job"].get("described") if "job" in state else None) or _cause(state)
    if "TrainingJobName" not in described:
        return None
    demand_bytes = state["plan"]["demand"]["bytes"] if "demand" in state["plan"] else None
    return job_facts(described, hourly_prices=hourly_prices, demand_bytes=demand_bytes)


def facts_of_fleet(state: RunState, *, hourly_prices: Mapping[str, float]) -> FleetFacts | None:
    """What the fleet took since the execution was redriven last, if there was one.

    Args:
        state: The state machine's data at the time of the failure.
        hourly_prices: By instance type.
    """
    if "run" in state and "fleet" in state["run"]:
        return state["run"]["fleet"]
    described: JobDescription = _cause(state)
    if "ProcessingJobName" not in described and "fleet_job" in state:
        described = state["fleet_job"].get("described", {})
    if "ProcessingJobName" not in described or described["ProcessingJobName"] in counted_before(state):
        return None
    return fleet_facts(state.get("fleet"), described, hourly_prices=hourly_prices)


def counted_before(state: RunState) -> list[str]:
    """Names of the jobs that this execution has counted when it failed before."""
    return state["closed"].get("counted", []) if "closed" in state else []


def costs(
    job: JobFacts | None, fleet: FleetFacts | None, *, before: Collection[str]
) -> dict[Metric, tuple[float | None, str]]:
    """Metrics of what was paid for, and has not been counted.

    Args:
        job: What the training job took.
        fleet: What the fleet took.
        before: Names of the jobs that have been counted.
    """
    counted: dict[Metric, tuple[float | None, str]] = {}
    if job is not None and job["name"] not in before:
        counted |= {Metric.BILLABLE_SECONDS: (job["billable_seconds"], SECONDS), Metric.COST: (job["cost"], RATIO)}
    if fleet is not None and fleet["name"] not in before:
        counted |= {Metric.FLEET_COST: (fleet["cost"], RATIO)}
    return counted


def _cause(state: RunState) -> JobDescription:
    return json_object(state["error"].get("Cause")) if "error" in state else {}
