"""Points the readers to a whole run: one conditional write, all of it or nothing."""

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
from lambdas.shared.logs import about, logged
from lambdas.shared.metrics import COUNT, put
from lambdas.shared.registry_record import LeaseDenied, Status, begin_publishing, close_attempt
from lambdas.shared.registry_table import RunTable

from .announcement import message, subject
from .catalog import Catalog
from .pointer import Condition, pointer_to, read_pointer, write_pointer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Another publisher got in between; each attempt looks at what is published now.
ATTEMPTS = 5
# What the registry keeps: of the outcome, and of what the jobs took.
NOTED: Final = ("run_id", "forecasts", "report", "metrics")
MEASURED: Final = ("job", "fleet")

_client = clients()


@dataclass(frozen=True)
class Shelf:
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


@logged
def handler(event: RunState, _context: object) -> PublishResult:
    """Answers the state machine's Publish state."""
    environment = PublishEnvironment.from_environment(os.environ)
    bucket = environment.forecast_bucket
    shelf = Shelf(
        s3=_client("s3"),
        bucket=bucket,
        deployment=environment.deployment,
        table=RunTable(_client("dynamodb"), environment.table),
        catalog=Catalog(_client("glue"), environment.database, f"s3://{bucket}/{keys.FORECASTS}"),
    )
    execution, by_hand = event["execution"]["id"], "publish" in event["plan"]
    outcome = publish(event["run"], execution=execution, by_hand=by_hand, shelf=shelf, now=datetime.now(UTC))
    ended = Metric.RUNS_PUBLISHED if outcome["published"] else Metric.RUNS_SUPERSEDED
    put(shelf.deployment, {ended: (1, COUNT)}, about=about(event))
    return outcome


def publish(run: CheckedRun, *, execution: str, shelf: Shelf, now: datetime, by_hand: bool = False) -> PublishResult:
    """Moves the partition's pointer to the run, unless it shows a later cutoff already and nobody asked for it by name.

    The pointer is written on the condition that it is as it was before the registry said that the run is this
    execution's: whoever takes the run over and publishes it in between makes that write fail.

    Args:
        run: A checked run: the manifest's fields.
        execution: ARN of the execution.
        shelf: Where to publish it.
        now: When.
        by_hand: Whether somebody asked for this very run: then it may be an earlier one.

    Returns:
        The run's outcome: `published`, where its forecasts lie, and the subject and message that announce it.

    Raises:
        CatalogUpdateFailed: If the run is published, and Athena's table could not follow.
        PublishFailed: If others kept writing the pointer, or it is not readable, or the run was taken over.
    """
    key = keys.pointer_key(run["partition"])
    pointer = pointer_to(run, bucket=shelf.bucket, now=now)
    outcome: RunOutcome = {
        "run_id": run["run_id"],
        "partition": run["partition"],
        "cutoff": run["cutoff"],
        "series": run["series"],
        "rows": run["rows"],
        "horizon": run["horizon"],
        "forecasts": pointer["forecasts"],
        "report": f"s3://{shelf.bucket}/{run['report']}",
        "metrics": run["metrics"],
    }
    details: dict[str, Any] = {name: outcome[name] for name in NOTED}
    # Of what was made just now, what it took: the next run is judged, and the next fleet planned, by it.
    details |= {name: run[name] for name in MEASURED if run.get(name)}
    if inference := run["statistics"]["inference"]:
        details["inference"] = inference

    def ended(status: Status, *, shown: str | None = None, back_from: str | None = None) -> PublishResult:
        moment = now.isoformat(timespec="seconds")
        shelf.table.change(
            run["partition"],
            run["cutoff"],
            lambda known: close_attempt(known, execution, status, now=moment, details=details),
        )
        return {
            **outcome,
            "published": shown is None,
            "subject": subject(run, deployment=shelf.deployment, published=shown is None),
            "message": message(
                run,
                outcome=outcome,
                deployment=shelf.deployment,
                execution=execution,
                shown=shown,
                back_from=back_from,
            ),
        }

    for _ in range(ATTEMPTS):
        current, etag = read_pointer(shelf.s3, bucket=shelf.bucket, key=key)
        later = current["cutoff"] if current is not None and current["cutoff"] > run["cutoff"] else None
        if later is not None and not by_hand:
            return ended("superseded", shown=later)
        _say_it_begins(shelf.table, run, execution=execution, details=details)
        # A repeated state finds its own work done.
        done = current is not None and current["run_id"] == run["run_id"]
        condition: Condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        if done or write_pointer(shelf.s3, pointer, bucket=shelf.bucket, key=key, condition=condition):
            told = ended("published", back_from=later)
            _show_to_athena(shelf.catalog, pointer, run["column_types"])
            return told
    raise PublishFailed(
        f"s3://{shelf.bucket}/{key} was changed by others {ATTEMPTS} times while this run was published"
    )


def _show_to_athena(catalog: Catalog, pointer: Pointer, types: Mapping[str, str]) -> None:
    try:
        catalog.show(
            partition=pointer["partition"], run_id=pointer["run_id"], location=pointer["forecasts"], types=types
        )
    except (ClientError, BotoCoreError) as error:
        raise CatalogUpdateFailed(
            f"{pointer['run_id']} is published, and Athena's table still shows the run before it: {error}"
        ) from error


def _say_it_begins(table: RunTable, run: CheckedRun, *, execution: str, details: Mapping[str, Any]) -> None:
    outcome = table.change(run["partition"], run["cutoff"], lambda known: begin_publishing(known, execution, details))
    if isinstance(outcome, LeaseDenied):
        raise PublishFailed(
            f"execution {outcome.attempt.execution} has taken the run over since {outcome.attempt.started_at}; "
            f"this one's forecasts are kept as {run['run_id']}"
        )
