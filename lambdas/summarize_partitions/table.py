"""Derive each partition's outcome from its execution's result. All functions are pure."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from contract.function_errors import InputError, QualityGateFailed
from contract.partitions import NAME_RULE
from contract.state.partitions_state import PartitionItem
from contract.state.run_state import ErrorState

Outcome = Literal["published", "published before", "superseded", "running elsewhere", "pending_approval", "failed"]
FINE: tuple[Outcome, ...] = ("published", "published before", "superseded")
UNKNOWN = "Unknown"
SHOWN = 10
MAX_REASON = 300


@dataclass(frozen=True, kw_only=True)
class Row:
    """Outcome of one partition.

    Attributes:
        partition: Name of the partition.
        outcome: The outcome.
        cutoff: Last observed period, ISO date; empty if unknown.
        run_id: The run, if there is one.
        series: Number of series forecast.
        wape: WAPE of the backtest.
        kind: Kind of failure.
        reason: Why the run is not published.
        execution: Name of the execution.
    """

    partition: str
    outcome: Outcome
    cutoff: str = ""
    run_id: str = ""
    series: int | None = None
    wape: float | None = None
    kind: str = ""
    reason: str = ""
    execution: str = ""

    @property
    def is_success(self) -> bool:
        """Whether no action is needed."""
        return self.outcome in FINE


def row(item: PartitionItem, answer: Any) -> Row:  # noqa: ANN401 (any JSON)
    """Read the result of an execution. An invalid result makes only this partition fail.

    Args:
        item: `partition` and the execution's `name`.
        answer: The item with `child` (its `name` and `output`) or `error` (Error and Cause); None if the execution left
            no result.
    """
    partition, name = item["partition"], item["name"]
    if answer is None:
        return Row(
            partition=partition, outcome="failed", kind=UNKNOWN, reason="the execution left no result", execution=name
        )
    try:
        return _failed(partition, name, answer["error"]) if "error" in answer else _ended(partition, answer["child"])
    except (AttributeError, KeyError, TypeError) as error:
        return malformed(item, f"{type(error).__name__}: {error}")


def malformed(item: PartitionItem, why: str) -> Row:
    """Return the row of a partition whose execution left an unreadable result."""
    reason = short(f"the execution's result is unreadable: {why}")
    return Row(partition=item["partition"], outcome="failed", kind=UNKNOWN, reason=reason, execution=item["name"])


def _ended(partition: str, child: Mapping[str, Any]) -> Row:
    name, output = child["name"], child["output"]
    if output.get("claimed") is False:
        reason = output.get("message", "")
        if output.get("reason") == "published":
            return Row(
                partition=partition,
                outcome="published before",
                cutoff=output["cutoff"],
                run_id=output.get("run_id") or "",
                execution=name,
            )
        return Row(
            partition=partition,
            outcome="running elsewhere",
            cutoff=output["cutoff"],
            reason=short(reason),
            execution=name,
        )
    return Row(
        partition=partition,
        outcome="published" if output.get("published") else "superseded",
        cutoff=output["cutoff"],
        run_id=output["run_id"],
        series=output.get("series"),
        wape=((output.get("metrics") or {}).get("forecast") or {}).get("wape"),
        execution=name,
    )


def map_aborted_message(error: ErrorState) -> str:
    """Return a sentence that the Map over the partitions aborted, with its Error and Cause."""
    reason = ": ".join(filter(None, (str(error.get("Error") or ""), short(str(error.get("Cause") or "")))))
    return f"The Map over the partitions aborted: {reason or 'no reason was reported'}"


def invalid_name_row(name: str) -> Row:
    """Return the row of a partition that did not run because its name is invalid."""
    reason = f"the folder's name is invalid; rename it ({NAME_RULE})"
    return Row(partition=name, outcome="failed", kind=InputError.__name__, reason=reason)


def _failed(partition: str, name: str, error: Mapping[str, Any]) -> Row:
    """Return the row of a failure. The cause is a JSON description if the execution started, else plain text."""
    kind, cause = str(error.get("Error", "")), str(error.get("Cause", ""))
    try:
        description = json.loads(cause)
    except ValueError:
        description = {}
    if isinstance(description, dict) and "Status" in description:
        kind = description.get("Error") or description["Status"]
        cause = description.get("Cause") or f"the execution ended with status {description['Status']}"
        name = description.get("Name") or name
    outcome: Outcome = "pending_approval" if kind == QualityGateFailed.__name__ else "failed"
    return Row(partition=partition, outcome=outcome, kind=kind, reason=short(_error_message(cause)), execution=name)


def _error_message(cause: str) -> str:
    """Return a Lambda function's error message; return the cause itself if it is from elsewhere."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


def short(text: str) -> str:
    """Return the text as one line, shortened to `MAX_REASON` characters."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_REASON else f"{line[: MAX_REASON - 3]}..."


def as_csv(rows: Iterable[Row]) -> str:
    """Return the table as CSV. Partitions that need action come first."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    for each in sorted(rows, key=lambda each: (each.is_success, each.outcome, each.partition)):
        writer.writerow({name: "" if value is None else value for name, value in asdict(each).items()})
    return buffer.getvalue()


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """Count each outcome, in the order of the table."""
    found = Counter(each.outcome for each in rows)
    return {name: found[name] for name in sorted(found, key=lambda name: (name in FINE, name))}


def describe_counts(rows: Sequence[Row]) -> str:
    """Return the counts as text, e.g. `285 published, 12 failed, 3 pending_approval`."""
    return ", ".join(f"{count:,} {outcome}" for outcome, count in reversed(counts(rows).items()))


def list_unfinished(rows: Sequence[Row]) -> str:
    """Return a line for each of the first partitions that need action, and the number of further ones."""
    unfinished = sorted((each for each in rows if not each.is_success), key=lambda each: each.partition)
    lines = [
        f"{each.partition}: {each.outcome}{f' ({each.kind})' if each.kind else ''}: {each.reason}"
        for each in unfinished
    ]
    more = [f"... and {len(lines) - SHOWN:,} more, in the table"] if len(lines) > SHOWN else []
    return "\n".join([*lines[:SHOWN], *more])
