"""Publish a complete run with one conditional write, so that readers see all of it or nothing."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from contract.environments.after_job import PublishEnvironment
from contract.function_errors import CatalogUpdateFailed, PublishFailed
from contract.metrics import Metric
from contract.s3 import keys
from contract.s3.pointer import Pointer
from contract.state.run_record import CheckedRun, PublishResult, RunOutcome
from contract.state.run_state import RunState
from lambdas.shared.clients import clients
from lambdas.shared.logs import log_invocation, run_context
from lambdas.shared.metrics import COUNT, emit_metrics
from lambdas.shared.registry_record import LeaseDenied, Status, begin_publishing, close_attempt
from lambdas.shared.registry_table import RunTable

from .announcement import message, subject
from .catalog import Catalog
from .pointer import Condition, pointer_to, read_pointer, write_pointer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Each attempt reads the pointer again, because another execution changed it in between.
ATTEMPTS = 5
# Fields that the registry keeps: from the outcome, and the facts of the jobs.
OUTCOME_FIELDS: Final = ("run_id", "forecasts", "report", "metrics")
JOB_FIELDS: Final = ("job", "fleet")

_client = clients()


@dataclass(frozen=True)
class PublishTarget:
    """Where forecasts are published.

    Attributes:
        s3: An S3 client.
        bucket: Bucket with the forecasts.
        deployment: Name of the deployment, for the message.
        table: The run registry.
        catalog: The tables that Athena reads.
    """

    s3: "S3Client"
    bucket: str
    deployment: str
    table: RunTable
    catalog: Catalog


@log_invocation
def handler(event: RunState, _context: object) -> PublishResult:
    """Handle the state Publish."""
    environment = PublishEnvironment.from_environment(os.environ)
    bucket = environment.forecast_bucket
    target = PublishTarget(
        s3=_client("s3"),
        bucket=bucket,
        deployment=environment.deployment,
        table=RunTable(_client("dynamodb"), environment.table),
        catalog=Catalog(_client("glue"), environment.database, f"s3://{bucket}/{keys.FORECASTS}"),
    )
    execution, by_hand = event["execution"]["id"], "publish" in event["plan"]
    outcome = publish(event["run"], execution=execution, by_hand=by_hand, target=target, now=datetime.now(UTC))
    ended = Metric.RUNS_PUBLISHED if outcome["published"] else Metric.RUNS_SUPERSEDED
    emit_metrics(target.deployment, {ended: (1, COUNT)}, about=run_context(event))
    return outcome


def publish(
    run: CheckedRun, *, execution: str, target: PublishTarget, now: datetime, by_hand: bool = False
) -> PublishResult:
    """Move the partition's pointer to the run, unless a later cutoff is published and nobody asked for this run.

    The function reads the pointer before it marks the attempt as publishing, and writes it only if it is unchanged. If
    another execution takes over the run and publishes it in between, the write fails.

    Args:
        run: A checked run, with the fields of its manifest.
        execution: ARN of the execution.
        target: Where to publish the run.
        now: Current time.
        by_hand: Whether a user asked to publish this run. It may then have an earlier cutoff than the published run.

    Returns:
        The run's outcome: `published`, the location of its forecasts, and the notification's subject and message.

    Raises:
        CatalogUpdateFailed: If the run is published, but Athena's tables could not be updated.
        PublishFailed: If other executions kept changing the pointer, if it is unreadable, or if another execution took
            over the run.
    """
    key = keys.pointer_key(run["partition"])
    pointer = pointer_to(run, bucket=target.bucket, now=now)
    outcome: RunOutcome = {
        "run_id": run["run_id"],
        "partition": run["partition"],
        "cutoff": run["cutoff"],
        "series": run["series"],
        "rows": run["rows"],
        "horizon": run["horizon"],
        "forecasts": pointer["forecasts"],
        "report": f"s3://{target.bucket}/{run['report']}",
        "metrics": run["metrics"],
    }
    details: dict[str, Any] = {name: outcome[name] for name in OUTCOME_FIELDS}
    # Facts of a run just made: later runs estimate their duration, and later fleets their size, from them.
    details |= {name: run[name] for name in JOB_FIELDS if run.get(name)}
    if inference := run["statistics"]["inference"]:
        details["inference"] = inference

    def ended(status: Status, *, shown: str | None = None, back_from: str | None = None) -> PublishResult:
        moment = now.isoformat(timespec="seconds")
        target.table.change(
            run["partition"],
            run["cutoff"],
            lambda known: close_attempt(known, execution, status, now=moment, details=details),
        )
        return {
            **outcome,
            "published": shown is None,
            "subject": subject(run, deployment=target.deployment, published=shown is None),
            "message": message(
                run,
                outcome=outcome,
                deployment=target.deployment,
                execution=execution,
                shown=shown,
                back_from=back_from,
            ),
        }

    for _ in range(ATTEMPTS):
        current, etag = read_pointer(target.s3, bucket=target.bucket, key=key)
        later = current["cutoff"] if current is not None and current["cutoff"] > run["cutoff"] else None
        if later is not None and not by_hand:
            return ended("superseded", shown=later)
        _mark_publishing(target.table, run, execution=execution, details=details)
        # A repeated state finds the pointer already written.
        done = current is not None and current["run_id"] == run["run_id"]
        condition: Condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        if done or write_pointer(target.s3, pointer, bucket=target.bucket, key=key, condition=condition):
            result = ended("published", back_from=later)
            _update_athena(target.catalog, pointer, run["column_types"])
            return result
    raise PublishFailed(
        f"other executions changed s3://{target.bucket}/{key} {ATTEMPTS} times while this one published its run"
    )


def _update_athena(catalog: Catalog, pointer: Pointer, types: Mapping[str, str]) -> None:
    try:
        catalog.show(
            partition=pointer["partition"], run_id=pointer["run_id"], location=pointer["forecasts"], types=types
        )
    except (ClientError, BotoCoreError) as error:
        raise CatalogUpdateFailed(
            f"{pointer['run_id']} is published, but Athena's tables still show the previous run: {error}"
        ) from error


def _mark_publishing(table: RunTable, run: CheckedRun, *, execution: str, details: Mapping[str, Any]) -> None:
    outcome = table.change(run["partition"], run["cutoff"], lambda known: begin_publishing(known, execution, details))
    if isinstance(outcome, LeaseDenied):
        raise PublishFailed(
            f"execution {outcome.attempt.execution} took over the run at {outcome.attempt.started_at}; "
            f"the forecasts of this execution are kept as {run['run_id']}"
        )
