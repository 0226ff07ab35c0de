"""What the state machine of all partitions carries from one state to the next."""

from typing import Any, NotRequired, TypedDict

from contract.state.run_state import ErrorState, Execution


class PartitionItem(TypedDict):
    """A partition to run, as the Map reads it."""

    partition: str
    name: str
    input: dict[str, Any]
    outcome: str


class PartitionsPlan(TypedDict):
    """What PlanPartitions answers: keys of two lists, and how many items run at a time."""

    items: str
    count: int
    max_concurrency: int
    unusable: str | None


class PartitionsOutcome(TypedDict):
    """What SummarizePartitions answers; the state machine fails with `error` and `cause` where not all is fine."""

    all_succeeded: bool
    partitions: int
    fine: int
    counts: str
    table: str
    subject: str
    message: str
    error: str
    cause: str


class PartitionsState(TypedDict):
    """The data of an execution of all partitions, as far as it has got; `error` is there where the Map broke off."""

    execution: Execution
    plan: NotRequired[PartitionsPlan]
    error: NotRequired[ErrorState]
    outcome: NotRequired[PartitionsOutcome]
