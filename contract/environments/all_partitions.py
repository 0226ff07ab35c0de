"""The environments of the functions of a run of all partitions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from contract.environments.settings import FleetDefaults, PartitionSource, fleet_or_none
from contract.environments.variables import FunctionEnvironment, as_json, tuple_or_none


@dataclass(frozen=True, kw_only=True)
class PlanPartitionsEnvironment(FunctionEnvironment):
    """What the environment settles for the runs of all partitions.

    Attributes:
        data_bucket: Bucket with the demand of all partitions.
        forecast_bucket: Bucket with the runs, and the lists and tables of partitions.
        partitions: Names of all partitions; None to find them where their demand lies.
        max_concurrency: Runs at the same time, at most.
        quotas: Quotas that a run's training job counts against, any of them.
        base_config: The configuration as hyperparameters; an absent value is empty.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        fleet: As Plan has it; None where there is none.
        fleet_types: What it may run on.
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
        """What tells which partitions there are."""
        return PartitionSource(data_bucket=self.data_bucket, partitions=self.partitions)


@dataclass(frozen=True, kw_only=True)
class SummarizePartitionsEnvironment(FunctionEnvironment):
    """Where the outcomes lie.

    Attributes:
        forecast_bucket: Bucket with the lists and tables of partitions.
    """

    FUNCTION: ClassVar[str] = "sum-up"

    forecast_bucket: str
