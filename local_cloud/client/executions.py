"""Follows a workflow's execution live, and saves its results. It uses only API calls, so it also works on AWS."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from local_cloud.client.client_factory import ClientFactory
from local_cloud.client.execution_logs import JobLogs, LogLine, jobs_of, lambda_log_lines

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef, HistoryEventTypeDef

_POLL_SECONDS = 0.3


@dataclass(frozen=True)
class StateEvent:
    """The execution entered or left a state, or an attempt at the state failed.

    Attributes:
        time: When.
        state: The state's name.
        change: `failed` for every failed attempt; then `caught` if the state is left by a Catch.
        error: The error's name, if `failed`.
        cause: The error's cause, often JSON, if `failed`.
    """

    time: datetime
    state: str
    change: Literal["entered", "succeeded", "failed", "caught"]
    error: str = ""
    cause: str = ""


@dataclass(frozen=True)
class JobLogLine:
    """A line that a SageMaker job of the execution printed; `host` is `algo-1` and so on."""

    time: datetime
    job_name: str
    host: str
    line: str


@dataclass(frozen=True)
class ExecutionEnded:
    """The execution ended; always the last event."""

    time: datetime
    status: str
    error: str
    cause: str
    output: Any


ExecutionEvent = StateEvent | JobLogLine | ExecutionEnded


def follow_execution(
    client: ClientFactory, execution_arn: str, *, poll_seconds: float = _POLL_SECONDS
) -> Iterator[ExecutionEvent]:
    """Yield the events of an execution as they happen, from its start to its end.

    Args:
        client: Makes a client of a service, e.g. `cloud.client` or `boto3.client`.
        execution_arn: The execution.
        poll_seconds: The pause between two polls of the services.
    """
    workflows = client("stepfunctions")
    logs = JobLogs(client("logs"))
    seen = 0
    while True:
        description = workflows.describe_execution(executionArn=execution_arn)
        history = _history(workflows, execution_arn)
        lines = logs.new_lines(jobs_of(history))
        fresh: list[StateEvent | JobLogLine] = [
            *_state_events(history, after=seen),
            *(JobLogLine(line.time, line.source, line.host, line.text) for line in lines),
        ]
        seen = len(history)
        yield from sorted(fresh, key=lambda event: event.time)
        if description["status"] != "RUNNING":
            yield _end(description)
            return
        time.sleep(poll_seconds)


def wait_for_execution(
    client: ClientFactory, execution_arn: str, *, seconds: float = 120.0
) -> "DescribeExecutionOutputTypeDef":
    """Wait until an execution ends, and return its description.

    Raises:
        TimeoutError: It still runs after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        description = client("stepfunctions").describe_execution(executionArn=execution_arn)
        if description["status"] != "RUNNING":
            return description
        time.sleep(_POLL_SECONDS / 3)
    raise TimeoutError(f"{execution_arn} still runs after {seconds:g} seconds")


def save_execution(client: ClientFactory, execution_arn: str, folder: Path) -> None:
    """Write `execution.json`, `history.json` and `logs/` (jobs and Lambda functions) of an execution to `folder`."""
    workflows = client("stepfunctions")
    description = workflows.describe_execution(executionArn=execution_arn)
    history = _history(workflows, execution_arn)
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "execution.json", {k: v for k, v in description.items() if k != "ResponseMetadata"})
    _write_json(folder / "history.json", history)
    lines: list[LogLine] = JobLogs(client("logs")).new_lines(jobs_of(history))
    lines += lambda_log_lines(client, history, since=description["startDate"])
    for line in lines:
        name = f"{line.source}-{line.host}" if line.host else line.source
        with (logs / f"{name}.log").open("a", encoding="utf-8") as file:
            file.write(f"{line.time.isoformat(timespec='milliseconds')} {line.text}\n")


def _history(workflows: "SFNClient", execution_arn: str) -> list["HistoryEventTypeDef"]:
    pages = workflows.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    return [event for page in pages for event in page["events"]]


def _state_events(history: list["HistoryEventTypeDef"], *, after: int) -> Iterator[StateEvent]:
    by_id = {event["id"]: event for event in history}
    failed_last: set[str] = set()
    for position, event in enumerate(history):
        change = _state_event(event, by_id, failed_last)
        if change is not None and position >= after:
            yield change


def _state_event(
    event: "HistoryEventTypeDef", by_id: dict[int, "HistoryEventTypeDef"], failed_last: set[str]
) -> StateEvent | None:
    event_type, when = event["type"], event["timestamp"]
    if event_type.endswith("StateEntered"):
        return StateEvent(when, event["stateEnteredEventDetails"]["name"], "entered")
    if event_type.endswith("StateExited"):
        state = event["stateExitedEventDetails"]["name"]
        caught = state in failed_last
        failed_last.discard(state)
        return StateEvent(when, state, "caught" if caught else "succeeded")
    state = _state_of(event, by_id)
    if event_type.endswith("Succeeded"):
        failed_last.discard(state)
    if event_type.endswith(("Failed", "TimedOut")) and not event_type.startswith("Execution"):
        failed_last.add(state)
        found = (value for name, value in event.items() if name.endswith("EventDetails"))
        details = cast("dict[str, str]", next(found, {}))
        return StateEvent(when, state, "failed", details.get("error", event_type), details.get("cause", ""))
    return None


def _state_of(event: "HistoryEventTypeDef", by_id: dict[int, "HistoryEventTypeDef"]) -> str:
    walked: HistoryEventTypeDef | None = event
    while walked is not None and "stateEnteredEventDetails" not in walked:
        walked = by_id.get(walked.get("previousEventId", 0))
    return walked["stateEnteredEventDetails"]["name"] if walked else ""


def _end(description: "DescribeExecutionOutputTypeDef") -> ExecutionEnded:
    return ExecutionEnded(
        time=description.get("stopDate", datetime.now(UTC)),
        status=description["status"],
        error=description.get("error", ""),
        cause=description.get("cause", ""),
        output=json.loads(description["output"]) if "output" in description else None,
    )


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, default=str) + "\n")
