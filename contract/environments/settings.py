"""What several functions read of the environment's settings."""

from dataclasses import dataclass, field
from typing import Any

from contract.environments.variables import Variables, as_json, tuple_or_none


@dataclass(frozen=True, kw_only=True)
class FleetDefaults:
    """What a fleet does where an execution's input does not say.

    Attributes:
        enabled: Whether it forecasts.
        instances: On how many machines; None for as many as it takes.
    """

    enabled: bool
    instances: int | None


@dataclass(frozen=True, kw_only=True)
class PartitionSource(Variables):
    """What tells which partitions there are.

    Attributes:
        data_bucket: Bucket with the demand of all partitions.
        partitions: Names of all partitions; None to find them where their demand lies.
    """

    data_bucket: str
    partitions: tuple[str, ...] | None = field(metadata=as_json(tuple_or_none))


def fleet_or_none(content: dict[str, Any] | None) -> FleetDefaults | None:
    """Makes the fleet's defaults of JSON, and nothing of null."""
    return None if content is None else FleetDefaults(**content)
