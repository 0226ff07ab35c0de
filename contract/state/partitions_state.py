"""The state data of the state machine of all partitions."""

from typing import Any, NotRequired, TypedDict

from contract.state.run_state import ErrorState, Execution


class PartitionItem(TypedDict):
    """One run to start, as the Map reads it. `name` is the execution's name, `outcome` the key of its outcome."""

    partition: str
    name: str
    input: dict[str, Any]
    outcome: str


class PartitionsPlan(TypedDict):
    """PlanPartitions' answer. `items` and `invalid_names` are keys of lists; the latter may be None."""

    items: str
    count: int
    max_concurrency: int
    invalid_names: str | None


class PartitionsOutcome(TypedDict):
    """SummarizePartitions' answer. If not all partitions succeeded, the execution fails with `error` and `cause`."""

    all_succeeded: bool
    partitions: int
    succeeded: int
    counts: str
    table: str
    subject: str
    message: str
    error: str
    cause: str


class PartitionsState(TypedDict):
    """The data of an execution of all partitions. Later states add keys; `error` exists if a state failed."""

    execution: Execution
    plan: NotRequired[PartitionsPlan]
    error: NotRequired[ErrorState]
    outcome: NotRequired[PartitionsOutcome]
