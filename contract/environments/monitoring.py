"""The environments of the functions that watch the runs: at the deadline, and on the dashboard."""

from dataclasses import dataclass, field
from typing import ClassVar

from contract.environments.settings import PartitionSource
from contract.environments.variables import FunctionEnvironment, as_group


@dataclass(frozen=True, kw_only=True)
class CheckDeadlineEnvironment(FunctionEnvironment):
    """What is due, and who hears that it is not there.

    Attributes:
        table: Name of the run registry.
        topic: ARN of the outcomes' topic.
        frequency: Of the demand.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        time_zone: IANA name of the zone whose midnight completes a period.
        source: What tells which partitions there are; None in an environment that has none.
    """

    FUNCTION: ClassVar[str] = "check-late"

    table: str
    topic: str
    frequency: str
    period_label: str
    time_zone: str
    source: PartitionSource | None = field(metadata=as_group(PartitionSource))


@dataclass(frozen=True, kw_only=True)
class RunsWidgetEnvironment(FunctionEnvironment):
    """Where runs are registered.

    Attributes:
        table: Name of the run registry.
        source: What tells which partitions there are; None in an environment that has none.
    """

    FUNCTION: ClassVar[str] = "show-runs"

    table: str
    source: PartitionSource | None = field(metadata=as_group(PartitionSource))
