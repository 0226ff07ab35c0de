"""One execution for all partitions, with a run per partition and a table of the outcomes."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.workflow.conftest import FEW_TREES, Deployment, Ended, deploy
from tests.workflow.test_failures import running_job, wait_until

QUICK = {"config": FEW_TREES}


@pytest.fixture(scope="module")
def partitioned(tmp_path_factory: pytest.TempPathFactory, assemblies: dict[str, Path]) -> Iterator[Deployment]:
    """Deploy the dev environment, which discovers its partitions from the demand."""
    with deploy(tmp_path_factory.mktemp("partitions"), assemblies["partitions"]) as deployment:
        yield deployment


@pytest.fixture
def application(partitioned: Deployment) -> Deployment:
    partitioned.empty()
    return partitioned


def upload(application: Deployment, partition: str, content: pl.DataFrame | bytes) -> None:
    if isinstance(content, pl.DataFrame):
        buffer = io.BytesIO()
        content.write_parquet(buffer)
        content = buffer.getvalue()
    application.upload(f"partition={partition}/demand.parquet", content)


def run_all(application: Deployment, execution_input: dict[str, Any] | None = None) -> Ended:
    return application.ended(application.start(execution_input or QUICK, state_machine="PartitionsStateMachineArn"))


def invoke(application: Deployment, function: str, event: dict[str, Any]) -> Any:
    answer = application.cloud.client("lambda").invoke(
        FunctionName=f"onejob-dev-{function}", Payload=json.dumps(event).encode()
    )
    return json.load(answer["Payload"])


def table(application: Deployment, ended: Ended) -> dict[str, dict[str, str]]:
    bucket, _, key = ended.outputs["SummarizePartitions"]["outcome"]["table"].removeprefix("s3://").partition("/")
    text = application.cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return {row["partition"]: row for row in csv.DictReader(io.StringIO(text))}


def latest(application: Deployment, partition: str) -> dict[str, Any]:
    s3, bucket = application.cloud.client("s3"), application.outputs["ForecastBucket"]
    return dict(json.load(s3.get_object(Bucket=bucket, Key=f"forecasts/partition={partition}/_published.json")["Body"]))


def test_failing_partitions_do_not_stop_the_others(application: Deployment, demand: pl.DataFrame) -> None:
    small = demand.filter(pl.col("article_id") < "A2")
    for name in ("AT", "DE.south"):
        upload(application, name, small)
    upload(application, "FR", small.with_columns(pl.col("y") * 3))
    upload(application, "broken", b"no Parquet")
    upload(application, "twice", pl.concat([small, small[:1]]))
    ended = run_all(application)
    assert (ended.status, ended.error) == ("FAILED", "PartitionsFailed"), ended
    assert ended.cause.startswith("3 published, 2 failed. The table s3://")
    found = table(application, ended)
    assert {name: row["outcome"] for name, row in found.items()} == {
        "AT": "published",
        "DE.south": "published",
        "FR": "published",
        "broken": "failed",
        "twice": "failed",
    }
    assert found["broken"]["kind"] == found["twice"]["kind"] == "InputError"
    assert "1 file without the column article_id, merchant_id, ds, y" in found["broken"]["reason"]
    assert "1 series with duplicate weeks" in found["twice"]["reason"]
    assert latest(application, "FR")["run_id"] == found["FR"]["run_id"] != found["AT"]["run_id"]
    assert latest(application, "FR")["series"] == int(found["FR"]["series"]) == 6
    message = ended.outputs["SummarizePartitions"]["outcome"]["message"]
    assert "5 partitions: 3 published, 2 failed." in message
    assert "twice: failed (InputError): demand: 1 series with duplicate weeks" in message

    upload(application, "broken", small)
    upload(application, "twice", small)
    again = run_all(application)
    assert again.status == "SUCCEEDED", again.cause
    assert again.output["counts"] == "3 published before, 2 published"
    assert latest(application, "AT")["run_id"] == found["AT"]["run_id"]


def test_an_execution_can_run_some_partitions(application: Deployment, demand: pl.DataFrame) -> None:
    small = demand.filter(pl.col("article_id") < "A1")
    for name in ("AT", "DE"):
        upload(application, name, small)
    ended = run_all(application, {**QUICK, "partitions": ["DE"]})
    assert ended.status == "SUCCEEDED", ended.cause
    assert list(table(application, ended)) == ["DE"]
    unknown = run_all(application, {"partitions": ["DE", "XX"]})
    assert (unknown.status, unknown.error) == ("FAILED", "InputError")
    assert unknown.cause.startswith("input: there is no partition XX.")
    mistyped = run_all(application, {"cutoff": "2026-11-17"})
    assert (mistyped.status, mistyped.error) == ("FAILED", "InputError")
    assert "EachPartition" not in mistyped.states
    # The other partition has no run, which CheckDeadline reports and the dashboard shows.
    late = invoke(application, "check-deadline", {"scheduled_time": "2026-11-23T08:00:00Z"})
    assert late == {"cutoff": "2026-11-16", "late": 1}
    shown = invoke(application, "runs-widget", {})
    assert shown.startswith("<p>2 partitions: ")
    assert "<td>DE</td><td>2026-11-16</td>" in shown


def test_a_redrive_resumes_a_stopped_execution(application: Deployment, demand: pl.DataFrame) -> None:
    for name in ("AT", "DE", "FR"):
        upload(application, name, demand.filter(pl.col("article_id") < "A1"))
    workflows = application.cloud.client("stepfunctions")
    parent = application.start(QUICK, state_machine="PartitionsStateMachineArn")
    running_job(application)
    workflows.stop_execution(executionArn=parent)
    assert application.ended(parent).status == "ABORTED"
    runs = application.outputs["StateMachineArn"]
    wait_until(lambda: not workflows.list_executions(stateMachineArn=runs, statusFilter="RUNNING")["executions"])
    workflows.redrive_execution(executionArn=parent)
    ended = application.ended(parent)
    assert ended.status == "SUCCEEDED", ended.cause
    assert {row["outcome"] for row in table(application, ended).values()} <= {"published", "published before"}
    assert all(latest(application, name)["cutoff"] == "2026-11-16" for name in ("AT", "DE", "FR"))


def test_one_partition_can_be_run_manually(application: Deployment, demand: pl.DataFrame) -> None:
    upload(application, "DE", demand.filter(pl.col("article_id") < "A1"))
    ended = application.run({**QUICK, "partition": "DE"})
    assert ended.status == "SUCCEEDED", ended.cause
    assert "NotifySuccess" in ended.states
    unnamed = application.run(QUICK)
    assert unnamed.cause.startswith('input: partition is missing; give {"partition": "..."}')
    empty = application.run({"partition": "AT"})
    assert empty.error == "PreflightFailed"
    assert "/demand/partition=AT/" in empty.cause
