"""The environments of the monitoring functions: the deadline check and the dashboard's widget."""

from dataclasses import dataclass, field
from typing import ClassVar

from contract.environments.settings import PartitionSource
from contract.environments.variables import FunctionEnvironment, as_group, as_json


@dataclass(frozen=True, kw_only=True)
class CheckDeadlineEnvironment(FunctionEnvironment):
    """Environment of CheckDeadline.

    Attributes:
        table: Name of the run registry.
        topic: ARN of the outcomes topic.
        frequency: Frequency of the demand.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        time_zone: IANA name of the schedule's zone.
        demand_time_zone: The demand's configured zone; empty if there is none.
        day_begins_at: Hour at which a day of the demand begins.
        source: Source of the partitions' names; None in an environment without partitions.
    """

    FUNCTION: ClassVar[str] = "check-deadline"

    table: str
    topic: str
    frequency: str
    period_label: str
    time_zone: str
    demand_time_zone: str
    day_begins_at: int = field(metadata=as_json())
    source: PartitionSource | None = field(metadata=as_group(PartitionSource))


@dataclass(frozen=True, kw_only=True)
class RunsWidgetEnvironment(FunctionEnvironment):
    """Environment of RunsWidget.

    Attributes:
        table: Name of the run registry.
        source: Source of the partitions' names; None in an environment without partitions.
    """

    FUNCTION: ClassVar[str] = "runs-widget"

    table: str
    source: PartitionSource | None = field(metadata=as_group(PartitionSource))
