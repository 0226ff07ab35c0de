"""What an environment settles about the fleet that forecasts where one machine is not enough."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from contract.limits import MAX_INSTANCES
from infra.settings.field_types import Flag, FleetInstanceType, Minutes, Table
from infra.settings.training_job import some_and_each_once


class FleetSettings(Table):
    """The machines, how many, and by when.

    Attributes:
        enabled: Whether executions that do not say use it.
        instance_types: In order of preference; the next one is tried when AWS has none of one left. An hour of each
            costs what `training_job.hourly_prices` says.
        instances: How many; `auto` takes the fewest that keep the deadline.
        deadline_minutes: From the fleet's start to all forecasts, for `auto`; without one, the fewest that the disks
            allow.
        volume_gb: Disk of each, in GB.
        max_runtime_minutes: The job is stopped after this many minutes of work.
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
    def _some_and_each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return some_and_each_once(value)

    @field_validator("deadline_minutes")
    @classmethod
    def _only_with_auto(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and isinstance(info.data.get("instances"), int):
            raise ValueError('only with instances = "auto"; remove it, or leave the number of instances to it')
        return value

    @property
    def fixed(self) -> int | None:
        """How many, where that is no matter of a deadline."""
        return None if self.instances == "auto" else self.instances
