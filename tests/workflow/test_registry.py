"""Two executions of one run publish it once; the registry tells what became of each, and a redrive goes on."""

import time
from typing import Any

import polars as pl
import pytest

from drills.readers import folder_by_table
from drills.stage import Stage
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF, Attempt
from local_cloud import ApiFault
from tests.workflow.conftest import FEW_TREES, Deployment
from tests.workflow.test_failures import MANY_TREES, running_job, wait_until

CUTOFF = "2026-11-16"


def attempts(application: Deployment) -> list[Attempt]:
    (run,) = application.runs()
    return list(run.attempts)


def redriven(application: Deployment, execution: str) -> Any:
    application.cloud.client("stepfunctions").redrive_execution(executionArn=execution)
    return application.ended(execution)


@pytest.mark.parametrize("given", [{"cutoff": CUTOFF}, {}, {"scheduled_time": "2026-11-23T05:00:00Z"}])
def test_of_two_executions_at_once_one_publishes_and_the_other_says_which(
    application: Deployment, demand: pl.DataFrame, given: dict[str, str]
) -> None:
    application.upload_rows(demand)
    both = [application.start({**given, "config": FEW_TREES}) for _ in range(2)]
    ended = [application.ended(execution) for execution in both]
    assert [each.status for each in ended] == ["SUCCEEDED", "SUCCEEDED"], [each.cause for each in ended]
    published, refused = sorted(ended, key=lambda each: not each.output["published"])
    assert (published.output["published"], refused.output["published"]) == (True, False)
    assert refused.output["execution"] == both[ended.index(published)]
    assert refused.jobs == []
    (attempt,) = attempts(application)
    assert (attempt.status, attempt.details["run_id"]) == ("published", published.output["run_id"])
    assert application.runs()[0].cutoff == CUTOFF


def test_a_published_run_is_made_anew_by_force_or_of_other_demand(
    application: Deployment, demand: pl.DataFrame
) -> None:
    application.upload_rows(demand)
    first = application.run({"config": FEW_TREES})
    again = application.run({"config": FEW_TREES})
    assert (again.status, again.output["reason"], again.jobs) == ("SUCCEEDED", "published", [])
    assert first.output["run_id"] in again.output["message"]
    forced = application.run({"config": FEW_TREES, "force": True})
    assert forced.output["published"] is True
    application.upload_rows(demand.with_columns(y=pl.col("y") * 1.1))
    corrected = application.run({"config": FEW_TREES})
    assert corrected.output["published"] is True
    scheduled = application.run({"scheduled_time": "2026-11-23T05:00:00Z"})
    assert (scheduled.output["published"], scheduled.jobs) == (False, [])
    assert [attempt.status for attempt in attempts(application)] == ["published"] * 3
    latest = application.published()
    assert latest is not None
    assert latest["run_id"] == corrected.output["run_id"]


def test_a_run_whose_execution_was_stopped_is_taken_over_at_once(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    first = application.start({"cutoff": CUTOFF, "config": {**MANY_TREES, "n_estimators": 400}})
    running_job(application)
    assert [attempt.status for attempt in attempts(application)] == ["running"]
    application.cloud.client("stepfunctions").stop_execution(executionArn=first)
    wait_until(lambda: attempts(application)[0].status == "aborted")
    second = application.run({"cutoff": CUTOFF, "config": FEW_TREES})
    assert second.output["published"] is True
    assert [attempt.status for attempt in attempts(application)] == ["aborted", "published"]
    # The stopped one is redriven all the same: it trains, and finds that the run has been published meanwhile.
    late = redriven(application, first)
    assert (late.status, application.published()["run_id"]) == ("SUCCEEDED", second.output["run_id"])  # type: ignore[index]
    assert late.output["published"] is False


def test_what_failed_stands_in_the_registry_and_a_redrive_starts_over(
    application: Deployment, demand: pl.DataFrame
) -> None:
    application.upload_rows(demand.with_columns(y=pl.lit(float("inf"))))
    execution = application.start({"config": FEW_TREES})
    failed = application.ended(execution)
    assert (failed.status, failed.error) == ("FAILED", "InputError")
    (run,) = application.runs()
    (attempt,) = run.attempts
    assert (run.cutoff, attempt.status, attempt.details["kind"]) == (UNRESOLVED_CUTOFF, "failed", "InputError")
    assert "infinite" in attempt.details["summary"]

    application.upload_rows(demand)
    mended = redriven(application, execution)
    assert mended.status == "SUCCEEDED", mended.cause
    assert mended.output["published"] is True
    assert len(set(mended.jobs)) == 2
    by_cutoff = {run.cutoff: [attempt.status for attempt in run.attempts] for run in application.runs()}
    assert by_cutoff == {CUTOFF: ["published"], UNRESOLVED_CUTOFF: ["failed"]}


def test_a_redrive_of_what_failed_after_the_job_trains_nothing_twice(
    application: Deployment, demand: pl.DataFrame
) -> None:
    application.upload_rows(demand)
    bucket, key = application.outputs["ForecastBucket"], "forecasts/partition=all/_published.json"
    application.cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=b"no pointer")
    execution = application.start({"config": FEW_TREES})
    assert application.ended(execution).error == "PublishFailed"
    application.cloud.client("s3").delete_object(Bucket=bucket, Key=key)
    mended = redriven(application, execution)
    assert mended.status == "SUCCEEDED", mended.cause
    (job,) = mended.jobs
    assert application.published()["run_id"] == job  # type: ignore[index]
    assert [attempt.status for attempt in attempts(application)] == ["failed", "published"]


def test_athena_finds_the_published_run(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    run = application.run({"config": FEW_TREES}).output
    glue, database = application.cloud.client("glue"), application.outputs["ForecastDatabase"]
    (current,) = glue.get_partitions(DatabaseName=database, TableName="forecasts")["Partitions"]
    assert (current["Values"], current["StorageDescriptor"]["Location"]) == (["all"], run["forecasts"])
    types = {column["Name"]: column["Type"] for column in current["StorageDescriptor"]["Columns"]}
    assert types == {
        "article_id": "string",
        "merchant_id": "string",
        "ds": "timestamp",
        **dict.fromkeys(("mean", "q10", "q50", "q90"), "float"),
    }
    runs = glue.get_partitions(DatabaseName=database, TableName="forecast_runs")["Partitions"]
    assert ["all", run["run_id"]] in [partition["Values"] for partition in runs]


def test_an_execution_that_is_stopped_is_told_of(application: Deployment, demand: pl.DataFrame) -> None:
    sqs, sns = application.cloud.client("sqs"), application.cloud.client("sns")
    queue = sqs.create_queue(QueueName="stopped")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=application.outputs["OutcomesTopicArn"], Protocol="sqs", Endpoint=arn)
    application.upload_rows(demand)
    execution = application.start({"config": MANY_TREES})
    running_job(application)
    application.cloud.client("stepfunctions").stop_execution(executionArn=execution)
    time.sleep(0.1)

    def told() -> bool:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return any(
            execution in message["Body"] and "an execution ended as ABORTED" in message["Body"] for message in messages
        )

    wait_until(told)


def test_what_fails_after_a_redrive_ends_there(application: Deployment, demand: pl.DataFrame) -> None:
    """An execution that was aborted goes on where it was; that it was redriven is no reason to start over."""
    application.upload_rows(demand.with_columns(y=pl.lit(float("inf"))))
    execution = application.start({"config": FEW_TREES})
    sagemaker = application.cloud.client("sagemaker")
    wait_until(lambda: bool(sagemaker.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]))
    application.cloud.client("stepfunctions").stop_execution(executionArn=execution)
    assert application.ended(execution).status == "ABORTED"
    failed = redriven(application, execution)
    assert (failed.status, failed.error) == ("FAILED", "InputError")
    assert "Restart" not in failed.states
    assert failed.states.count("ExplainFailure") == 1


def test_a_run_that_athena_does_not_show_is_shown_by_a_redrive(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    for action in ("GetTable", "CreateTable", "UpdateTable", "CreatePartition", "UpdatePartition"):
        application.cloud.fail_calls(ApiFault("glue", action, "error", count=60))
    execution = application.start({"config": FEW_TREES})
    failed = application.ended(execution)
    application.cloud.forget_faults()
    assert (failed.status, failed.error) == ("FAILED", "CatalogUpdateFailed")
    assert f"{failed.jobs[0]} is published, and Athena's table still shows the run before it" in failed.cause
    assert application.published()["run_id"] == failed.jobs[0]  # type: ignore[index]
    assert [attempt.status for attempt in attempts(application)] == ["published"]
    shown = redriven(application, execution)
    assert shown.status == "SUCCEEDED", shown.cause
    assert shown.output["published"] is True
    assert shown.jobs == failed.jobs
    assert folder_by_table(Stage(application.cloud, application.outputs)) == shown.output["forecasts"]
