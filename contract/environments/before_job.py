"""The environments of the functions before the job: plan, claim, look, and plan the fleet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from contract.environments.settings import FleetDefaults, fleet_or_none
from contract.environments.variables import FunctionEnvironment, as_json, as_text


@dataclass(frozen=True, kw_only=True)
class JobMachine:
    """What a training job may run on.

    Attributes:
        instance_type: SageMaker's name of it.
        spot: Whether on spare capacity.
    """

    instance_type: str
    spot: bool


def _machines(content: list[dict[str, Any]]) -> tuple[JobMachine, ...]:
    return tuple(JobMachine(**each) for each in content)


@dataclass(frozen=True, kw_only=True)
class PlanEnvironment(FunctionEnvironment):
    """What the environment settles for every run.

    Attributes:
        data_bucket: Bucket with `demand/`, and what may lie beside it.
        forecast_bucket: Bucket with the runs.
        job_name_prefix: What every job's name begins with.
        image: The container image.
        model_format: Format of the models that the image reads; None for a prebuilt image, as only that knows.
        partitioned: Whether each partition has its demand below a prefix of its own.
        base_config: The configuration as hyperparameters; an absent value is empty.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        fleet: What it does where an execution does not say; None where there is none.
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
    """Where runs are registered.

    Attributes:
        table: Name of the run registry.
        lease_seconds: No execution lives longer.
    """

    FUNCTION: ClassVar[str] = "claim"

    table: str
    lease_seconds: int = field(metadata=as_json())


@dataclass(frozen=True, kw_only=True)
class PreflightEnvironment(FunctionEnvironment):
    """What a run needs.

    Attributes:
        data_bucket: Bucket with the demand.
        forecast_bucket: Bucket with the runs.
        key: ARN of the key of both.
        table: Name of the run registry.
        image: The container image.
        machines: What a job may run on, in order of preference.
        fleet_types: What a fleet may run on; none where there is none.
        volume_gb: The machine's disk.
        max_runtime_minutes: After which SageMaker stops the job.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
    """

    FUNCTION: ClassVar[str] = "preflight"

    data_bucket: str
    forecast_bucket: str
    key: str
    table: str
    image: str
    machines: tuple[JobMachine, ...] = field(metadata=as_json(_machines))
    fleet_types: tuple[str, ...] = field(metadata=as_json(tuple))
    volume_gb: int = field(metadata=as_json())
    max_runtime_minutes: int = field(metadata=as_json())
    time_zone: str
    period_label: str


@dataclass(frozen=True, kw_only=True)
class PlanFleetEnvironment(FunctionEnvironment):
    """What the environment settles for every fleet.

    Attributes:
        forecast_bucket: Bucket with what was handed over.
        table: Name of the run registry.
        instance_types: In order of preference; each is planned with, as the next is tried where one cannot be had.
        deadline_minutes: None where any time will do.
        volume_gb: Disk of each.
        hourly_prices: By instance type.
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
        """The deadline in seconds; None where any time will do."""
        return None if self.deadline_minutes is None else self.deadline_minutes * 60
