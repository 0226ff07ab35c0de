"""Settings that several functions read."""

from dataclasses import dataclass, field
from typing import Any

from contract.environments.variables import Variables, as_json, tuple_or_none


@dataclass(frozen=True, kw_only=True)
class FleetDefaults:
    """Defaults of the fleet for executions whose input does not set them.

    Attributes:
        enabled: Whether the fleet forecasts.
        instances: Number of instances; None lets PlanFleet decide.
    """

    enabled: bool
    instances: int | None


@dataclass(frozen=True, kw_only=True)
class PartitionSource(Variables):
    """Source of the partitions' names.

    Attributes:
        data_bucket: Bucket with the demand of all partitions.
        partitions: Names of all partitions; None to list the prefixes of their demand.
    """

    data_bucket: str
    partitions: tuple[str, ...] | None = field(metadata=as_json(tuple_or_none))


def fleet_or_none(content: dict[str, Any] | None) -> FleetDefaults | None:
    """Return the fleet's defaults from parsed JSON; None for null."""
    return None if content is None else FleetDefaults(**content)
