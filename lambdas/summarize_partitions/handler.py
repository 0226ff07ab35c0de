"""Makes one table of what became of all partitions, and the one message about it."""

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
from lambdas.shared.logs import about, logged
from lambdas.shared.metrics import COUNT, put

from .table import Row, as_csv, describe_counts, list_unfinished, malformed, map_aborted_message, row, unusable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READS_AT_A_TIME = 32
FAILED = "PartitionsFailed"

_client = clients(Config(max_pool_connections=READS_AT_A_TIME))


@logged
def handler(event: PartitionsState, _context: object) -> PartitionsOutcome:
    """Answers the state machine's SummarizePartitions state."""
    environment = SummarizePartitionsEnvironment.from_environment(os.environ)
    outcome = summarize_partitions(
        event, deployment=environment.deployment, bucket=environment.forecast_bucket, s3=_client("s3")
    )
    unfinished = outcome["partitions"] - outcome["fine"]
    put(environment.deployment, {Metric.PARTITIONS_UNFINISHED: (unfinished, COUNT)}, about=about(event))
    return outcome


def summarize_partitions(state: PartitionsState, *, deployment: str, bucket: str, s3: "S3Client") -> PartitionsOutcome:
    """Sums an execution up.

    Args:
        state: The state machine's data: `execution` and `plan`; and `error`, where the Map broke off.
        deployment: Name of the deployment, for the message.
        bucket: Bucket with the lists and tables.
        s3: An S3 client.

    Returns:
        `all_succeeded`, the numbers of `partitions` and of those that are `fine`, the `table`'s URI, `subject` and
        `message`. If a partition failed or the Map aborted, also `error` and `cause` to fail with.
    """
    plan, execution = state["plan"], state["execution"]["id"]
    keys = PartitionsKeys(execution=state["execution"]["name"])
    rows = _rows(plan, keys, bucket=bucket, s3=s3)
    s3.put_object(Bucket=bucket, Key=keys.table, Body=as_csv(rows).encode(), ContentType="text/csv")
    table = f"s3://{bucket}/{keys.table}"
    fine, told = sum(each.is_success for each in rows), describe_counts(rows)
    broken = [map_aborted_message(state["error"])] if "error" in state else []
    all_succeeded = fine == len(rows) and not broken
    lines = [f"{deployment}: of {len(rows):,} partitions {told}.", *broken]
    if fine < len(rows):
        lines.append(list_unfinished(rows))
    if not all_succeeded:
        lines.append("Mend what is told and start a new execution with the same input: what is published stays.")
    lines.append(f"Table: {object_link(table, region=execution.split(':')[3])}\nExecution: {execution_link(execution)}")
    cause = f"{told}; the table {table} says which and why. A rerun with the same input makes what is missing."
    how = "all partitions done" if all_succeeded else "partitions not all done"
    return {
        "all_succeeded": all_succeeded,
        "partitions": len(rows),
        "fine": fine,
        "counts": told,
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
        except ValueError as error:  # no JSON
            return malformed(item, str(error))

    with ThreadPoolExecutor(READS_AT_A_TIME) as reads:
        rows = list(reads.map(of, items))
    return rows + [unusable(name) for name in (read(plan["unusable"]) if plan["unusable"] else ())]
