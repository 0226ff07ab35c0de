"""Two executions publish a run once, the registry has the outcome of each attempt, and a redrive resumes."""

import time
from typing import Any

import polars as pl
import pytest

from drills.environment import DrillEnvironment
from drills.readers import folder_by_table
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
def test_one_of_two_simultaneous_executions_publishes_and_the_other_names_it(
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


def test_a_published_run_is_repeated_by_force_or_with_other_demand(
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


def test_a_run_of_a_stopped_execution_is_claimed_immediately(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    first = application.start({"cutoff": CUTOFF, "config": {**MANY_TREES, "n_estimators": 400}})
    running_job(application)
    assert [attempt.status for attempt in attempts(application)] == ["running"]
    application.cloud.client("stepfunctions").stop_execution(executionArn=first)
    wait_until(lambda: attempts(application)[0].status == "aborted")
    second = application.run({"cutoff": CUTOFF, "config": FEW_TREES})
    assert second.output["published"] is True
    assert [attempt.status for attempt in attempts(application)] == ["aborted", "published"]
    # The redriven execution trains, and then finds the run published by the other execution.
    late = redriven(application, first)
    assert (late.status, application.published()["run_id"]) == ("SUCCEEDED", second.output["run_id"])  # type: ignore[index]
    assert late.output["published"] is False


def test_a_failure_is_in_the_registry_and_a_redrive_starts_over(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand.with_columns(y=pl.lit(float("inf"))))
    execution = application.start({"config": FEW_TREES})
    failed = application.ended(execution)
    assert (failed.status, failed.error) == ("FAILED", "InputError")
    (run,) = application.runs()
    (attempt,) = run.attempts
    assert (run.cutoff, attempt.status, attempt.details["kind"]) == (UNRESOLVED_CUTOFF, "failed", "InputError")
    assert "infinite" in attempt.details["summary"]

    application.upload_rows(demand)
    fixed = redriven(application, execution)
    assert fixed.status == "SUCCEEDED", fixed.cause
    assert fixed.output["published"] is True
    assert len(set(fixed.jobs)) == 2
    by_cutoff = {run.cutoff: [attempt.status for attempt in run.attempts] for run in application.runs()}
    assert by_cutoff == {CUTOFF: ["published"], UNRESOLVED_CUTOFF: ["failed"]}


def test_a_redrive_after_a_completed_job_does_not_train_again(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    bucket, key = application.outputs["ForecastBucket"], "forecasts/partition=all/_published.json"
    application.cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=b"not a pointer")
    execution = application.start({"config": FEW_TREES})
    assert application.ended(execution).error == "PublishFailed"
    application.cloud.client("s3").delete_object(Bucket=bucket, Key=key)
    fixed = redriven(application, execution)
    assert fixed.status == "SUCCEEDED", fixed.cause
    (job,) = fixed.jobs
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
        "ds": "date",
        **dict.fromkeys(("mean", "q10", "q50", "q90"), "float"),
    }
    runs = glue.get_partitions(DatabaseName=database, TableName="forecast_runs")["Partitions"]
    assert ["all", run["run_id"]] in [partition["Values"] for partition in runs]


def test_a_stopped_execution_sends_a_message(application: Deployment, demand: pl.DataFrame) -> None:
    sqs, queue = application.cloud.client("sqs"), application.queue_of_messages()
    application.upload_rows(demand)
    execution = application.start({"config": MANY_TREES})
    running_job(application)
    application.cloud.client("stepfunctions").stop_execution(executionArn=execution)
    time.sleep(0.1)

    def is_notified() -> bool:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return any(
            execution in message["Body"] and "an execution ended with status ABORTED" in message["Body"]
            for message in messages
        )

    wait_until(is_notified)


def test_a_failure_after_a_redrive_of_an_aborted_execution_does_not_start_over(
    application: Deployment, demand: pl.DataFrame
) -> None:
    """A redrive resumes an aborted execution. A later failure must not restart the execution."""
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


def test_a_redrive_updates_the_athena_table(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    for action in ("GetTable", "CreateTable", "UpdateTable", "CreatePartition", "UpdatePartition"):
        application.cloud.fail_calls(ApiFault("glue", action, "error", count=60))
    execution = application.start({"config": FEW_TREES})
    failed = application.ended(execution)
    application.cloud.forget_faults()
    assert (failed.status, failed.error) == ("FAILED", "CatalogUpdateFailed")
    assert f"{failed.jobs[0]} is published, but Athena's tables still show the previous run" in failed.cause
    assert application.published()["run_id"] == failed.jobs[0]  # type: ignore[index]
    assert [attempt.status for attempt in attempts(application)] == ["published"]
    shown = redriven(application, execution)
    assert shown.status == "SUCCEEDED", shown.cause
    assert shown.output["published"] is True
    assert shown.jobs == failed.jobs
    assert folder_by_table(DrillEnvironment(application.cloud, application.outputs)) == shown.output["forecasts"]
