"""The environments of the functions of an execution of all partitions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from contract.environments.settings import FleetDefaults, PartitionSource, fleet_or_none
from contract.environments.variables import FunctionEnvironment, as_json, tuple_or_none


@dataclass(frozen=True, kw_only=True)
class PlanPartitionsEnvironment(FunctionEnvironment):
    """Environment of PlanPartitions.

    Attributes:
        data_bucket: Bucket with the demand of all partitions.
        forecast_bucket: Bucket with the runs, and the lists and tables of partitions.
        partitions: Names of all partitions; None to list the prefixes of their demand.
        max_concurrency: Largest number of concurrent runs.
        quotas: Names of the quotas of the training job's instance choices. A run uses one of them.
        base_config: The configuration as hyperparameters; an absent value is empty.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        fleet: The fleet's defaults, as in Plan's environment; None without a fleet.
        fleet_types: Instance types of the fleet.
    """

    FUNCTION: ClassVar[str] = "plan-partitions"

    data_bucket: str
    forecast_bucket: str
    partitions: tuple[str, ...] | None = field(metadata=as_json(tuple_or_none))
    max_concurrency: int = field(metadata=as_json())
    quotas: tuple[str, ...] = field(metadata=as_json(tuple))
    base_config: Mapping[str, str] = field(metadata=as_json())
    time_zone: str
    period_label: str
    fleet: FleetDefaults | None = field(metadata=as_json(fleet_or_none))
    fleet_types: tuple[str, ...] = field(metadata=as_json(tuple))

    @property
    def source(self) -> PartitionSource:
        """Source of the partitions' names."""
        return PartitionSource(data_bucket=self.data_bucket, partitions=self.partitions)


@dataclass(frozen=True, kw_only=True)
class SummarizePartitionsEnvironment(FunctionEnvironment):
    """Environment of SummarizePartitions.

    Attributes:
        forecast_bucket: Bucket with the lists and tables of partitions.
    """

    FUNCTION: ClassVar[str] = "summarize-partitions"

    forecast_bucket: str
