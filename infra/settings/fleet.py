"""The table `[fleet]`: several instances that forecast when one is not enough."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from contract.limits import MAX_INSTANCES
from infra.settings.field_types import Flag, FleetInstanceType, Minutes, SettingsTable
from infra.settings.training_job import validate_unique


class FleetSettings(SettingsTable):
    """Instance types, number of instances, deadline and limits of the fleet.

    Attributes:
        enabled: Whether executions use the fleet if their input does not set it.
        instance_types: Instance types in order of preference. The next one is tried when AWS has no capacity of one.
            `training_job.hourly_prices` has their prices.
        instances: Number of instances; `auto` uses the fewest that meet the deadline.
        deadline_minutes: Minutes from the fleet's start to all forecasts, for `auto`. None uses the fewest instances
            whose disks suffice.
        volume_gb: Disk of each instance in GB.
        max_runtime_minutes: Runtime in minutes after which SageMaker stops the job.
    """

    enabled: Flag
    instance_types: tuple[FleetInstanceType, ...]
    instances: int | Literal["auto"]
    deadline_minutes: Minutes | None = None
    volume_gb: int = Field(strict=True, ge=1, le=16_384)
    max_runtime_minutes: Minutes

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
