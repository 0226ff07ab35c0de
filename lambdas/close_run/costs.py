"""What the jobs of a failed execution took, each of them counted once however often the execution is redriven."""

from collections.abc import Collection, Mapping
from typing import Any

from contract.metrics import Metric
from lambdas.shared.job_facts import fleet_facts, job_facts, json_object
from lambdas.shared.metrics import RATIO, SECONDS


def facts_of_job(state: Mapping[str, Any], *, hourly_prices: Mapping[str, float]) -> dict[str, Any] | None:
    """What the training job took, if there was one.

    Args:
        state: The state machine's data at the time of the failure.
        hourly_prices: By instance type.
    """
    if "job" in (state.get("run") or {}):
        return dict(state["run"]["job"])
    described = (state.get("job") or {}).get("described") or _cause(state)
    if "TrainingJobName" not in described:
        return None
    demand = state["plan"].get("demand") or {}
    return job_facts(described, hourly_prices=hourly_prices, demand_bytes=demand.get("bytes"))


def facts_of_fleet(state: Mapping[str, Any], *, hourly_prices: Mapping[str, float]) -> dict[str, Any] | None:
    """What the fleet took since the execution was redriven last, if there was one.

    Args:
        state: The state machine's data at the time of the failure.
        hourly_prices: By instance type.
    """
    if "fleet" in (state.get("run") or {}):
        return state["run"]["fleet"] and dict(state["run"]["fleet"])
    cause = _cause(state)
    described = cause if "ProcessingJobName" in cause else (state.get("fleet_job") or {}).get("described") or {}
    if "ProcessingJobName" not in described or described["ProcessingJobName"] in counted_before(state):
        return None
    return fleet_facts(state.get("fleet") or {}, described, hourly_prices=hourly_prices)


def counted_before(state: Mapping[str, Any]) -> list[str]:
    """Names of the jobs that this execution has counted when it failed before."""
    return list((state.get("closed") or {}).get("counted", ()))


def costs(
    job: Mapping[str, Any] | None, fleet: Mapping[str, Any] | None, *, before: Collection[str]
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


def _cause(state: Mapping[str, Any]) -> dict[str, Any]:
    return json_object((state.get("error") or {}).get("Cause"))
