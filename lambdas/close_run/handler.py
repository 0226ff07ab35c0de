"""Write to the registry how a run ended, whether or not its execution could report it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, final

from contract.environments.after_job import CloseRunEnvironment
from contract.function_errors import IncompleteRun, QualityGateFailed
from contract.metrics import Metric
from contract.s3.keys import pointer_key
from contract.state.run_record import FleetFacts, JobFacts
from contract.state.run_state import CloseResult, RunState
from lambdas.shared.clients import clients
from lambdas.shared.logs import log_invocation, run_context
from lambdas.shared.metrics import COUNT, emit_metrics
from lambdas.shared.registry_record import Run, Status, close_attempt
from lambdas.shared.registry_table import RunTable
from lambdas.shared.s3_objects import read_object

from .costs import costs, counted_before, facts_of_fleet, facts_of_job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

# The fleet could not make a complete run from this handover, so the next attempt starts over.
HANDOVER_UNUSABLE = (IncompleteRun.__name__,)

_client = clients()


class ExecutionEnd(TypedDict):
    """EventBridge's detail of an execution that has ended."""

    executionArn: str
    status: str
    error: NotRequired[str | None]
    cause: NotRequired[str | None]


@final
class ExecutionEvent(TypedDict):
    """The event of the EventBridge rule."""

    source: str
    detail: ExecutionEnd


@dataclass(frozen=True)
class Sources:
    """Sources that show how a run ended.

    Attributes:
        table: The run registry.
        s3: An S3 client.
        bucket: Bucket with the forecasts and the pointers to the published runs.
        workflows: A Step Functions client.
    """

    table: RunTable
    s3: "S3Client"
    bucket: str
    workflows: "SFNClient"


@log_invocation
def handler(event: RunState | ExecutionEvent, _context: object) -> CloseResult:
    """Handle the state CloseRun, and the EventBridge rule for executions that ended without a report."""
    environment = CloseRunEnvironment.from_environment(os.environ)
    sources = Sources(
        RunTable(_client("dynamodb"), environment.table),
        _client("s3"),
        environment.forecast_bucket,
        _client("stepfunctions"),
    )
    now = datetime.now(UTC)
    if "detail" in event:
        counted_end = {_outcome_metric(event["detail"]): (1, COUNT)}
        emit_metrics(environment.deployment, counted_end, about=run_context(event))
        return close_unreported(event["detail"], sources=sources, now=now)
    prices, before = environment.hourly_prices, counted_before(event)
    job, fleet = facts_of_job(event, hourly_prices=prices), facts_of_fleet(event, hourly_prices=prices)
    if "run" not in event:  # CheckRun has already measured a complete run
        emit_metrics(environment.deployment, costs(job, fleet, before=before), about=run_context(event))
    names = [facts["name"] for facts in (job, fleet) if facts is not None and facts["name"] is not None]
    return {**close(event, job=job, fleet=fleet, sources=sources, now=now), "counted": sorted({*before, *names})}


def _outcome_metric(end: ExecutionEnd) -> Metric:
    """Return the metric that counts the end of an execution.

    Only the event counts it, and not the state CloseRun. So each end counts once, and a rejected run never as failed.
    """
    rejected = end.get("error") == QualityGateFailed.__name__
    return Metric.RUNS_PENDING_APPROVAL if rejected else Metric.RUNS_FAILED


def close(
    state: RunState,
    *,
    job: JobFacts | None = None,
    fleet: FleetFacts | None = None,
    sources: Sources,
    now: datetime,
) -> CloseResult:
    """Close the attempt of an execution that explained its failure.

    Args:
        state: Data of the state machine: `execution`, `failure`, and `claim` if the execution claimed the run.
        job: Facts of the training job, if there was one.
        fleet: Facts of the fleet, if there was one.
        sources: Sources that show how the run ended.
        now: Current time.

    Returns:
        The new `status` of the attempt; None if the execution had no open attempt.
    """
    failure = state["failure"]
    if "claim" not in state or not state["claim"]["claimed"]:
        return {"status": None}
    claimed = state["claim"]
    status: Status = "pending_approval" if failure["error"] == QualityGateFailed.__name__ else "failed"
    details: dict[str, Any] = {"kind": failure["error"], "summary": failure.get("summary", failure["cause"])}
    # The facts of a job that an earlier execution started are unknown here, but its name is known.
    name = (job["name"] if job else None) or (state["job"]["name"] if "job" in state else None)
    details |= {"run_id": name} if name else {}
    details |= {"job": dict(job)} if job else {}
    details |= {"fleet": dict(fleet)} if fleet else {}
    if failure["error"] in HANDOVER_UNUSABLE:
        details["handover_job"] = None
    if run := state.get("run"):
        details |= {"report": f"s3://{sources.bucket}/{run['report']}", "metrics": run["metrics"]}
    return _close(
        state["plan"]["partition"],
        claimed["cutoff"],
        execution=state["execution"]["id"],
        status=status,
        details=details,
        sources=sources,
        now=now,
    )


def close_unreported(detail: ExecutionEnd, *, sources: Sources, now: datetime) -> CloseResult:
    """Close the attempt of an execution that was aborted, or failed without a report.

    Args:
        detail: Detail of EventBridge's event: `executionArn` and `status`.
        sources: Sources that show how the run ended.
        now: Current time.
    """
    execution = detail["executionArn"]
    if _runs_again(execution, sources.workflows):
        return {"status": None}
    status: Status = "aborted" if detail["status"] == "ABORTED" else "failed"
    if detail.get("error") == QualityGateFailed.__name__:
        status = "pending_approval"
    summary = detail.get("cause") or detail.get("error") or "no error was reported"
    details = {"kind": detail["status"], "summary": summary}
    closed = [
        _close(partition, cutoff, execution=execution, status=status, details=details, sources=sources, now=now)
        for partition, cutoff in sources.table.of_execution(execution)
    ]
    return closed[0] if closed else {"status": None}


def _runs_again(execution: str, workflows: "SFNClient") -> bool:
    """Return whether the execution was redriven after the event, which may arrive late or be sent by hand."""
    try:
        return bool(workflows.describe_execution(executionArn=execution)["status"] == "RUNNING")
    except workflows.exceptions.ExecutionDoesNotExist:
        return False


def _close(
    partition: str,
    cutoff: str,
    *,
    execution: str,
    status: Status,
    details: Mapping[str, Any],
    sources: Sources,
    now: datetime,
) -> CloseResult:
    moment = now.isoformat(timespec="seconds")

    def step(run: Run) -> Run:
        attempt = run.last_attempt_of(execution)
        # The execution broke between moving the pointer and reporting it, so the pointer decides.
        if (
            attempt is not None
            and attempt.status == "publishing"
            and _is_published(attempt.details, partition, sources)
        ):
            return close_attempt(run, execution, "published", now=moment, details=details)
        return close_attempt(run, execution, status, now=moment, details=details)

    changed = sources.table.change(partition, cutoff, step)
    attempt = changed.last_attempt_of(execution) if isinstance(changed, Run) else None
    return {"status": attempt.status if attempt else None}


def _is_published(details: Mapping[str, Any], partition: str, sources: Sources) -> bool:
    found = read_object(sources.s3, bucket=sources.bucket, key=pointer_key(partition))
    if found is None:
        return False
    try:
        content = json.loads(found[0])
        return bool(content["run_id"] == details.get("run_id"))
    except (ValueError, TypeError, KeyError):
        return False
