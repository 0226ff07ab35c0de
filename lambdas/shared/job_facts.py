"""What a job took, from SageMaker's own description of it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contract.state.run_record import FleetFacts, JobFacts
from contract.state.run_state import FleetState, JobDescription

SECONDS_AN_HOUR = 3600


def json_object(cause: object) -> dict[str, Any]:
    """What Step Functions hands on as an error's cause: a job's description or a function's error, as JSON.

    Args:
        cause: The text.

    Returns:
        Empty where it is something else.
    """
    try:
        content = json.loads(str(cause))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def job_facts(described: JobDescription, *, hourly_prices: Mapping[str, float], demand_bytes: int | None) -> JobFacts:
    """What the registry keeps of a job.

    Args:
        described: DescribeTrainingJob's answer; a job that never ran has no times.
        hourly_prices: By instance type, in the account's currency; a type without one has no cost.
        demand_bytes: Size of the demand it read.

    Returns:
        `name`, `arn`, `instance_type`, `spot`, `seconds`, `billable_seconds`, `cost` and `demand_bytes`; None where
        it is not known.
    """
    instance_type = (described.get("ResourceConfig") or {}).get("InstanceType")
    billable, price = described.get("BillableTimeInSeconds"), hourly_prices.get(str(instance_type))
    return {
        "name": described.get("TrainingJobName"),
        "arn": described.get("TrainingJobArn"),
        "instance_type": instance_type,
        "spot": described.get("EnableManagedSpotTraining"),
        "seconds": described.get("TrainingTimeInSeconds"),
        "billable_seconds": billable,
        "cost": _cost(billable, price),
        "demand_bytes": demand_bytes,
    }


def fleet_facts(
    planned: FleetState | None, described: JobDescription, *, hourly_prices: Mapping[str, float]
) -> FleetFacts:
    """What the registry keeps of a fleet: what was planned, and what it came to.

    Args:
        planned: What PlanFleet made; None where it is not known.
        described: DescribeProcessingJob's answer, as Step Functions hands it on: its times are milliseconds since 1970.
        hourly_prices: By instance type.

    Returns:
        `name`, `instance_type`, `instances`, `seconds` (from the request to the end), `billable_seconds` (of all
        machines together) and `cost`, None where they are not known; `planned`, in words, and `notes`.
    """
    cluster = (described.get("ProcessingResources") or {}).get("ClusterConfig") or {}
    instance_type, instances = cluster.get("InstanceType"), cluster.get("InstanceCount")
    created, begun, ended = (
        moment(described.get(name)) for name in ("CreationTime", "ProcessingStartTime", "ProcessingEndTime")
    )
    billable = None if begun is None or ended is None or not instances else round((ended - begun) * instances)
    price = hourly_prices.get(str(instance_type))
    return {
        "name": described.get("ProcessingJobName"),
        "instance_type": instance_type,
        "instances": instances,
        "seconds": None if created is None or ended is None else round(ended - created),
        "billable_seconds": billable,
        "cost": _cost(billable, price),
        "planned": planned["words"] if planned else None,
        "notes": planned["notes"] if planned else [],
    }


def _cost(billable_seconds: float | None, hourly_price: float | None) -> float | None:
    if billable_seconds is None or hourly_price is None:
        return None
    return round(billable_seconds / SECONDS_AN_HOUR * hourly_price, 4)


def moment(told: object) -> float | None:
    """Seconds since 1970 of what may be milliseconds, or ISO time.

    Args:
        told: What Step Functions hands on of a description's times.

    Returns:
        None where it is neither.
    """
    if isinstance(told, int | float):
        return told / 1000
    try:
        return datetime.fromisoformat(str(told)).timestamp()
    except ValueError:
        return None
