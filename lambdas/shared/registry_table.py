"""The registry's table. Every change is one conditional write, repeated if another write was faster."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from contract.function_errors import RegistryBusy
from contract.names import BY_EXECUTION

from .registry_record import UNRESOLVED_CUTOFF, Attempt, LeaseDenied, Run

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutItemInputTypeDef

# Attempts to write one item. A write fails only if another one succeeded.
TRIES = 20
# An item can hold 400 kB, so very old attempts are dropped.
MAX_ATTEMPTS = 100
# Number of the newest runs that estimates use.
RECENT_RUNS = 10


class RunTable:
    """Runs by partition and cutoff.

    Args:
        client: A DynamoDB client.
        name: Name of the table.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client, self._name = client, name

    def get(self, partition: str, cutoff: str) -> Run:
        """Return the current run; a run without attempts if the table has none."""
        key = _serialized({"partition": partition, "cutoff": cutoff})
        item = self._client.get_item(TableName=self._name, Key=key, ConsistentRead=True).get("Item")
        return _run(item) if item else Run(partition=partition, cutoff=cutoff)

    def change(self, partition: str, cutoff: str, step: Callable[[Run], Run | LeaseDenied]) -> Run | LeaseDenied:
        """Change a run, even if other executions change it at the same time.

        Args:
            partition: Partition of the run.
            cutoff: Cutoff of the run.
            step: Function that returns the changed run; called again if another execution has changed the run.

        Returns:
            The run as written, or the denied lease.

        Raises:
            RegistryBusy: If other executions kept changing the run.
        """
        for _ in range(TRIES):
            seen = self.get(partition, cutoff)
            wanted = step(seen)
            if isinstance(wanted, LeaseDenied) or wanted == seen:
                return wanted
            wanted = replace(wanted, version=seen.version + 1, attempts=wanted.attempts[-MAX_ATTEMPTS:])
            if self._put(wanted, seen.version):
                return wanted
        raise RegistryBusy(f"other executions changed the run {cutoff} of partition {partition} {TRIES} times")

    def recent(self, partition: str, count: int) -> list[Run]:
        """Return the runs with the latest cutoffs, latest first, without runs whose cutoff is unresolved."""
        answer = self._client.query(
            TableName=self._name,
            # A date begins with a digit, and `:` sorts after all digits and before `unresolved`.
            KeyConditionExpression="#partition = :partition AND cutoff < :letters",
            ExpressionAttributeNames={"#partition": "partition"},
            ExpressionAttributeValues=_serialized({":partition": partition, ":letters": ":"}),
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=count,
        )
        return [_run(item) for item in answer["Items"]]

    def last_attempted(self, partition: str) -> Run:
        """Return the run attempted last: the newest cutoff or the unresolved one; without attempts if there is none."""
        answer = self._client.query(
            TableName=self._name,
            KeyConditionExpression="#partition = :partition",
            ExpressionAttributeNames={"#partition": "partition"},
            ExpressionAttributeValues=_serialized({":partition": partition}),
            ScanIndexForward=False,
            Limit=2,
        )
        runs = [_run(item) for item in answer["Items"]]
        # A run with an unresolved cutoff sorts first.
        candidates = runs if runs and runs[0].cutoff == UNRESOLVED_CUTOFF else runs[:1]
        with_attempts = [(run.last.started_at, run) for run in candidates if run.last is not None]
        return (
            max(with_attempts, key=lambda pair: pair[0])[1]
            if with_attempts
            else Run(partition=partition, cutoff=UNRESOLVED_CUTOFF)
        )

    def of_execution(self, execution: str) -> list[tuple[str, str]]:
        """Return partition and cutoff of the runs whose latest attempt belongs to an execution."""
        answer = self._client.query(
            TableName=self._name,
            IndexName=BY_EXECUTION,
            KeyConditionExpression="#execution = :execution",
            ExpressionAttributeNames={"#execution": "execution"},
            ExpressionAttributeValues=_serialized({":execution": execution}),
        )
        return [(item["partition"]["S"], item["cutoff"]["S"]) for item in answer["Items"]]

    def _put(self, run: Run, seen: int) -> bool:
        request: PutItemInputTypeDef = {
            "TableName": self._name,
            "Item": _item(run),
            "ConditionExpression": "#version = :seen" if seen else "attribute_not_exists(#version)",
            "ExpressionAttributeNames": {"#version": "version"},
        }
        if seen:
            request["ExpressionAttributeValues"] = _serialized({":seen": seen})
        try:
            self._client.put_item(**request)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _item(run: Run) -> dict[str, Any]:
    """Return the item, with the fields that operators need most as separate attributes."""
    last, published = run.last, run.published_attempt
    shown = {
        "status": last.status if last else "none",
        "execution": last.execution if last else "none",
        "updated_at": (last.ended_at or last.started_at) if last else "",
        "published_run_id": published.details.get("run_id", "") if published else "",
    }
    return _serialized({**asdict(run), **shown})


def _run(item: dict[str, Any]) -> Run:
    deserializer = TypeDeserializer()
    values = {name: _plain(deserializer.deserialize(value)) for name, value in item.items()}
    attempts = tuple(Attempt(**attempt) for attempt in values["attempts"])
    own = {name: values[name] for name in Run.__dataclass_fields__ if name != "attempts"}
    return Run(**own, attempts=attempts)


def _serialized(values: dict[str, Any]) -> dict[str, Any]:
    serializer = TypeSerializer()
    # Through JSON, because DynamoDB needs decimals instead of floats, and lists instead of tuples.
    exact = json.loads(json.dumps(values, default=str), parse_float=Decimal)
    return {name: serializer.serialize(value) for name, value in exact.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
