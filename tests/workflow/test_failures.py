import time
from collections.abc import Callable

import polars as pl
import pytest

from contract.log_lines import fields
from local_cloud.core.job_faults import FaultReason
from tests.workflow.conftest import FEW_TREES, Deployment

MANY_TREES = {"n_estimators": 5000, "horizon": 4}


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def running_job(application: Deployment) -> str:
    """Name of the job that runs now, once it has begun to work."""
    sagemaker = application.cloud.client("sagemaker")

    def names() -> list[str]:
        jobs = sagemaker.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]
        return [job["TrainingJobName"] for job in jobs]

    wait_until(lambda: bool(names()))
    name = names()[0]

    def works() -> bool:
        lines = [line for log in application.cloud.job_logs(name) for line in log.read_text().splitlines()]
        return any(fields(line).get("stage") == "check" for line in lines)

    wait_until(works)
    return name


def test_a_job_that_is_killed_publishes_nothing_and_the_next_execution_succeeds(
    application: Deployment, demand: pl.DataFrame
) -> None:
    application.upload_rows(demand)
    execution = application.start({"config": MANY_TREES})
    application.cloud.kill_job(running_job(application))
    ended = application.ended(execution)
    assert (ended.status, ended.error) == ("FAILED", "OutOfMemory")  # what exit code 137 mostly means
    assert "memory" in ended.cause
    assert application.published() is None
    assert application.forecast_keys() == []

    second = application.run({"config": FEW_TREES})
    assert second.status == "SUCCEEDED", second.cause
    published = application.published()
    assert published is not None
    assert published["run_id"] == second.jobs[-1]


def test_a_job_that_somebody_stops_is_no_success(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    execution = application.start({"config": MANY_TREES})
    application.cloud.client("sagemaker").stop_training_job(TrainingJobName=running_job(application))
    ended = application.ended(execution)
    assert (ended.status, ended.error) == ("FAILED", "Stopped")
    assert application.published() is None


def test_an_execution_that_is_stopped_stops_its_job(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    execution = application.start({"config": MANY_TREES})
    job = running_job(application)
    application.cloud.client("stepfunctions").stop_execution(executionArn=execution)
    sagemaker = application.cloud.client("sagemaker")
    wait_until(lambda: sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobStatus"] == "Stopped")
    assert application.published() is None


def test_a_failed_publish_leaves_the_pointer_as_it_is(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    bucket, key = application.outputs["ForecastBucket"], "forecasts/partition=all/_published.json"
    s3 = application.cloud.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=b"somebody wrote this by hand")
    ended = application.run({"config": FEW_TREES})
    assert (ended.status, ended.error) == ("FAILED", "PublishFailed")
    assert "_published.json" in ended.cause
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"somebody wrote this by hand"


@pytest.mark.parametrize(
    ("reason", "spot"),
    [
        # The quota is free again after a while.
        ("quota", [True, False]),
        ("internal", [True, True]),
        ("capacity", [True, False]),
        ("reclaimed", [True, False]),
    ],
)
def test_what_may_pass_is_tried_again_in_its_own_way(
    application: Deployment, demand: pl.DataFrame, reason: FaultReason, spot: list[bool]
) -> None:
    application.upload_rows(demand)
    application.cloud.fail_next_job(reason=reason)
    ended = application.run({"config": FEW_TREES})
    assert ended.status == "SUCCEEDED", ended.cause
    assert ended.requests_on_spot == spot
    assert len(set(ended.jobs)) == len(ended.jobs)
    (run,) = application.runs()
    assert [attempt.status for attempt in run.attempts] == ["published"]


def test_a_quota_is_waited_for_once_there_is_no_other_machine(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    for _ in range(4):
        application.cloud.fail_next_job(reason="quota")
    ended = application.run({"config": FEW_TREES})
    assert ended.status == "SUCCEEDED", ended.cause
    assert ended.requests_on_spot == [True, False, False, False, False]


def test_a_platform_that_keeps_failing_is_given_up(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    for _ in range(3):
        application.cloud.fail_next_job(reason="internal")
    ended = application.run({"config": FEW_TREES})
    assert (ended.status, ended.error, len(set(ended.jobs))) == ("FAILED", "PlatformFault", 3)


def test_without_capacity_the_run_says_so(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    for _ in range(2):  # spare, and on demand
        application.cloud.fail_next_job(reason="capacity")
    ended = application.run({"config": FEW_TREES})
    assert (ended.status, ended.error) == ("FAILED", "NoCapacity")
    assert application.published() is None
