"""Duration and cost of a job, from SageMaker's description."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contract.state.run_record import FleetFacts, JobFacts
from contract.state.run_state import FleetState, JobDescription

SECONDS_AN_HOUR = 3600


def json_object(cause: object) -> dict[str, Any]:
    """Parse an error's cause, which Step Functions passes on: a job's description or a function's error, as JSON.

    Args:
        cause: The text.

    Returns:
        The JSON object; an empty dictionary if the text is not one.
    """
    try:
        content = json.loads(str(cause))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def job_facts(description: JobDescription, *, hourly_prices: Mapping[str, float], demand_bytes: int | None) -> JobFacts:
    """Return the registry's facts of a training job.

    Args:
        description: DescribeTrainingJob's answer; a job that never ran has no times.
        hourly_prices: By instance type, in the account's currency; a type without one has no cost.
        demand_bytes: Size of the demand that the job read.

    Returns:
        `name`, `arn`, `instance_type`, `spot`, `seconds`, `billable_seconds`, `cost` and `demand_bytes`; None for
        unknown values.
    """
    instance_type = (description.get("ResourceConfig") or {}).get("InstanceType")
    billable, price = description.get("BillableTimeInSeconds"), hourly_prices.get(str(instance_type))
    return {
        "name": description.get("TrainingJobName"),
        "arn": description.get("TrainingJobArn"),
        "instance_type": instance_type,
        "spot": description.get("EnableManagedSpotTraining"),
        "seconds": description.get("TrainingTimeInSeconds"),
        "billable_seconds": billable,
        "cost": _cost(billable, price),
        "demand_bytes": demand_bytes,
    }


def fleet_facts(
    planned: FleetState | None, description: JobDescription, *, hourly_prices: Mapping[str, float]
) -> FleetFacts:
    """Return the registry's facts of a fleet: its plan and its result.

    Args:
        planned: Result of PlanFleet; None if unknown.
        description: DescribeProcessingJob's answer from Step Functions, with times in milliseconds since 1970.
        hourly_prices: By instance type.

    Returns:
        `name`, `instance_type`, `instances`, `seconds` (from the request to the end), `billable_seconds` (total of all
        instances) and `cost`, with None for unknown values; `planned`, in words, and `notes`.
    """
    cluster = (description.get("ProcessingResources") or {}).get("ClusterConfig") or {}
    instance_type, instances = cluster.get("InstanceType"), cluster.get("InstanceCount")
    created, started, ended = (
        parse_timestamp(description.get(name)) for name in ("CreationTime", "ProcessingStartTime", "ProcessingEndTime")
    )
    billable = None if started is None or ended is None or not instances else round((ended - started) * instances)
    price = hourly_prices.get(str(instance_type))
    return {
        "name": description.get("ProcessingJobName"),
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


def parse_timestamp(value: object) -> float | None:
    """Convert a time in milliseconds or in ISO format to seconds since 1970.

    Args:
        value: A time in a description from Step Functions.

    Returns:
        Seconds; None if the value is not a time.
    """
    if isinstance(value, int | float):
        return value / 1000
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return None
