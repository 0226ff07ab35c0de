"""The table `[fleet]`: several instances that forecast when one is not enough."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from contract.limits import MAX_INSTANCES
from infra.settings.field_types import Flag, FleetInstanceType, FleetMinutes, SettingsTable
from infra.settings.service_limits import MAX_PROCESSING_VOLUME_GB
from infra.settings.training_job import validate_unique


class FleetSettings(SettingsTable):
    """Instance types, number of instances, deadline and limits of the fleet."""

    enabled: Flag
    """Whether executions use the fleet if their input does not set it."""
    instance_types: tuple[FleetInstanceType, ...]
    """One to five instance types of processing jobs, in order of preference. If one has no capacity or no
    quota, or is not in the region, Step Functions tries the next. `[training_job] hourly_prices` has their prices."""
    instances: Annotated[int, Field(ge=1, le=MAX_INSTANCES)] | Literal["auto"]
    """Number of instances. `"auto"` uses the fewest that meet the deadline."""
    deadline_minutes: FleetMinutes | None = None
    """Minutes from the fleet's start to all forecasts; only with `instances = "auto"`. If absent, the fleet has the
    fewest instances whose disks suffice."""
    volume_gb: int = Field(strict=True, ge=1, le=MAX_PROCESSING_VOLUME_GB)
    """Disk of each instance in GB."""
    max_runtime_minutes: FleetMinutes
    """Runtime in minutes after which SageMaker stops the job."""

    @field_validator("instances", mode="before")
    @classmethod
    def _a_number_or_auto(cls, value: object) -> object:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if value != "auto" and not (whole and 1 <= int(str(value)) <= MAX_INSTANCES):
            raise ValueError(f'{value!r} is neither "auto" nor 1 to {MAX_INSTANCES}, which a job may have')
        return value

    @field_validator("instance_types")
    @classmethod
    def _unique(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return validate_unique(value)

    @field_validator("deadline_minutes")
    @classmethod
    def _only_with_auto(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and isinstance(info.data.get("instances"), int):
            raise ValueError('only with instances = "auto"; remove it, or set instances = "auto"')
        return value

    @property
    def fixed(self) -> int | None:
        """The fixed number of instances; None for `auto`."""
        return None if self.instances == "auto" else self.instances
