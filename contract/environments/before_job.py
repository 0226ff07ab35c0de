"""The environments of the functions before a job: plan, claim, preflight, and plan the fleet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from contract.environments.settings import FleetDefaults, fleet_or_none
from contract.environments.variables import FunctionEnvironment, as_json, as_text


@dataclass(frozen=True, kw_only=True)
class JobInstance:
    """An instance choice of a training job.

    Attributes:
        instance_type: SageMaker's name of the type.
        spot: Whether to use spot capacity.
    """

    instance_type: str
    spot: bool


def _instances(content: list[dict[str, Any]]) -> tuple[JobInstance, ...]:
    return tuple(JobInstance(**each) for each in content)


@dataclass(frozen=True, kw_only=True)
class PlanEnvironment(FunctionEnvironment):
    """Environment of Plan.

    Attributes:
        data_bucket: Bucket with the demand, static columns and covariates.
        forecast_bucket: Bucket with the runs.
        job_name_prefix: First part of every job's name.
        image: URI of the container image.
        model_format: Format of the models that the image reads; None for a prebuilt image, whose format is unknown.
        partitioned: Whether each partition has its own demand prefix.
        base_config: The configuration as hyperparameters; an absent value is empty.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        fleet: The fleet's defaults for executions that do not set them; None without a fleet.
    """

    FUNCTION: ClassVar[str] = "plan"

    data_bucket: str
    forecast_bucket: str
    job_name_prefix: str
    image: str
    model_format: int | None = field(metadata=as_json())
    partitioned: bool = field(metadata=as_json())
    base_config: Mapping[str, str] = field(metadata=as_json())
    time_zone: str
    period_label: str
    fleet: FleetDefaults | None = field(metadata=as_json(fleet_or_none))


@dataclass(frozen=True, kw_only=True)
class ClaimEnvironment(FunctionEnvironment):
    """Environment of Claim.

    Attributes:
        table: Name of the run registry.
        lease_seconds: Duration of a lease, which is the longest duration of an execution.
    """

    FUNCTION: ClassVar[str] = "claim"

    table: str
    lease_seconds: int = field(metadata=as_json())


@dataclass(frozen=True, kw_only=True)
class PreflightEnvironment(FunctionEnvironment):
    """Environment of Preflight.

    Attributes:
        data_bucket: Bucket with the demand.
        forecast_bucket: Bucket with the runs.
        key: ARN of the key of both buckets.
        table: Name of the run registry.
        image: URI of the container image.
        instances: Instance choices of the training job, in order of preference.
        fleet_types: Instance types of the fleet; empty without a fleet.
        volume_gb: Disk of the training job's instance in GB.
        max_runtime_minutes: Runtime in minutes after which SageMaker stops the job.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
    """

    FUNCTION: ClassVar[str] = "preflight"

    data_bucket: str
    forecast_bucket: str
    key: str
    table: str
    image: str
    instances: tuple[JobInstance, ...] = field(metadata=as_json(_instances))
    fleet_types: tuple[str, ...] = field(metadata=as_json(tuple))
    volume_gb: int = field(metadata=as_json())
    max_runtime_minutes: int = field(metadata=as_json())
    time_zone: str
    period_label: str


@dataclass(frozen=True, kw_only=True)
class PlanFleetEnvironment(FunctionEnvironment):
    """Environment of PlanFleet.

    Attributes:
        forecast_bucket: Bucket with the handovers.
        table: Name of the run registry.
        instance_types: Instance types in order of preference. PlanFleet plans for each one, because the state machine
            tries the next if AWS has no capacity.
        deadline_minutes: Minutes from the fleet's start to all forecasts; None without a deadline.
        volume_gb: Disk of each instance in GB.
        hourly_prices: Price of an hour in US dollars, by instance type.
    """

    FUNCTION: ClassVar[str] = "plan-fleet"

    forecast_bucket: str
    table: str
    instance_types: tuple[str, ...] = field(metadata=as_json(tuple))
    deadline_minutes: int | None = field(
        metadata=as_text(
            parse=lambda text: int(text) if text else None,
            write=lambda minutes: "" if minutes is None else str(minutes),
        )
    )
    volume_gb: int = field(metadata=as_json())
    hourly_prices: Mapping[str, float] = field(metadata=as_json())

    @property
    def deadline_seconds(self) -> int | None:
        """The deadline in seconds; None without a deadline."""
        return None if self.deadline_minutes is None else self.deadline_minutes * 60
