"""Write one table and one notification with the outcomes of all partitions."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from contract.environments.all_partitions import SummarizePartitionsEnvironment
from contract.metrics import Metric
from contract.s3.partition_keys import PartitionsKeys
from contract.state.partitions_state import PartitionItem, PartitionsOutcome, PartitionsPlan, PartitionsState
from lambdas.shared.clients import clients
from lambdas.shared.console_links import execution_link, object_link
from lambdas.shared.logs import log_invocation, run_context
from lambdas.shared.metrics import COUNT, emit_metrics

from .table import Row, as_csv, describe_counts, invalid_name_row, list_unfinished, malformed, map_aborted_message, row

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONCURRENT_READS = 32
FAILED = "PartitionsFailed"
# For the message and docs/errors.md.
ADVICE = "Fix the causes, then start a new execution with the same input. It skips published partitions."

_client = clients(Config(max_pool_connections=CONCURRENT_READS))


@log_invocation
def handler(event: PartitionsState, _context: object) -> PartitionsOutcome:
    """Handle the state SummarizePartitions."""
    environment = SummarizePartitionsEnvironment.from_environment(os.environ)
    outcome = summarize_partitions(
        event, deployment=environment.deployment, bucket=environment.forecast_bucket, s3=_client("s3")
    )
    unfinished = outcome["partitions"] - outcome["succeeded"]
    emit_metrics(environment.deployment, {Metric.PARTITIONS_UNFINISHED: (unfinished, COUNT)}, about=run_context(event))
    return outcome


def summarize_partitions(state: PartitionsState, *, deployment: str, bucket: str, s3: "S3Client") -> PartitionsOutcome:
    """Summarize an execution of all partitions.

    Args:
        state: Data of the state machine: `execution`, `plan`, and `error` if the Map aborted.
        deployment: Name of the deployment, for the message.
        bucket: Bucket with the lists and tables.
        s3: An S3 client.

    Returns:
        `all_succeeded`, the number of `partitions`, the number that `succeeded`, the `table`'s URI, `subject` and
        `message`. `error` and `cause` are for an execution that fails because a partition failed or the Map aborted.
    """
    plan, execution = state["plan"], state["execution"]["id"]
    keys = PartitionsKeys(execution=state["execution"]["name"])
    rows = _rows(plan, keys, bucket=bucket, s3=s3)
    s3.put_object(Bucket=bucket, Key=keys.table, Body=as_csv(rows).encode(), ContentType="text/csv")
    table = f"s3://{bucket}/{keys.table}"
    succeeded, counted = sum(each.is_success for each in rows), describe_counts(rows)
    broken = [map_aborted_message(state["error"])] if "error" in state else []
    all_succeeded = succeeded == len(rows) and not broken
    lines = [f"{deployment}, {len(rows):,} partitions: {counted}.", *broken]
    if succeeded < len(rows):
        lines.append(list_unfinished(rows))
    if not all_succeeded:
        lines.append(ADVICE)
    lines.append(f"Table: {object_link(table, region=execution.split(':')[3])}\nExecution: {execution_link(execution)}")
    cause = f"{counted}. The table {table} has the reasons. A rerun with the same input makes the missing forecasts."
    how = "all partitions succeeded" if all_succeeded else "not all partitions succeeded"
    return {
        "all_succeeded": all_succeeded,
        "partitions": len(rows),
        "succeeded": succeeded,
        "counts": counted,
        "table": table,
        "subject": f"{deployment}: {how}",
        "message": "\n\n".join(lines),
        "error": FAILED,
        "cause": " ".join([cause, *broken]),
    }


def _rows(plan: PartitionsPlan, keys: PartitionsKeys, *, bucket: str, s3: "S3Client") -> list[Row]:
    def read(key: str) -> Any:  # noqa: ANN401 (any JSON)
        return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    items = read(plan["items"])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=keys.outcomes)
    there = {found["Key"] for page in pages for found in page.get("Contents", ())}

    def of(item: PartitionItem) -> Row:
        try:
            return row(item, read(item["outcome"]) if item["outcome"] in there else None)
        except ValueError as error:  # the outcome is not JSON
            return malformed(item, str(error))

    with ThreadPoolExecutor(CONCURRENT_READS) as reads:
        rows = list(reads.map(of, items))
    return rows + [invalid_name_row(name) for name in (read(plan["invalid_names"]) if plan["invalid_names"] else ())]
