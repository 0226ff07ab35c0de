import time
from collections.abc import Callable

import polars as pl
import pytest

from contract.log_lines import fields
from infra.jobs.retries import REFUSAL_ATTEMPTS
from local_cloud.core.job_faults import FaultReason
from local_cloud.middleware.api_faults import ApiFault, ApiFaultKind
from tests.workflow.conftest import FEW_TREES, Deployment

MANY_TREES = {"n_estimators": 5000, "horizon": 4}


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition is still false"
        time.sleep(0.1)


def running_job(application: Deployment) -> str:
    """Wait until a job is working and return its name."""
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


def test_a_killed_job_publishes_nothing_and_the_next_execution_succeeds(
    application: Deployment, demand: pl.DataFrame
) -> None:
    application.upload_rows(demand)
    execution = application.start({"config": MANY_TREES})
    application.cloud.kill_job(running_job(application))
    ended = application.ended(execution)
    assert (ended.status, ended.error) == ("FAILED", "OutOfMemory")  # the usual cause of exit code 137
    assert "memory" in ended.cause
    assert application.published() is None
    assert application.forecast_keys() == []

    second = application.run({"config": FEW_TREES})
    assert second.status == "SUCCEEDED", second.cause
    published = application.published()
    assert published is not None
    assert published["run_id"] == second.jobs[-1]


def test_a_stopped_job_fails_the_execution(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    execution = application.start({"config": MANY_TREES})
    application.cloud.client("sagemaker").stop_training_job(TrainingJobName=running_job(application))
    ended = application.ended(execution)
    assert (ended.status, ended.error) == ("FAILED", "Stopped")
    assert application.published() is None


def test_stopping_an_execution_stops_its_job(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    execution = application.start({"config": MANY_TREES})
    job = running_job(application)
    application.cloud.client("stepfunctions").stop_execution(executionArn=execution)
    sagemaker = application.cloud.client("sagemaker")
    wait_until(lambda: sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobStatus"] == "Stopped")
    assert application.published() is None


def test_a_failed_publish_does_not_change_the_pointer(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    bucket, key = application.outputs["ForecastBucket"], "forecasts/partition=all/_published.json"
    s3 = application.cloud.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=b"written by hand")
    ended = application.run({"config": FEW_TREES})
    assert (ended.status, ended.error) == ("FAILED", "PublishFailed")
    assert "_published.json" in ended.cause
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"written by hand"


@pytest.mark.parametrize(
    ("reason", "spot"),
    [
        # The quota is free for the next request.
        ("quota", [True, False]),
        ("internal", [True, True]),
        ("capacity", [True, False]),
        ("reclaimed", [True, False]),
    ],
)
def test_retries_each_temporary_fault(
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


def test_waits_for_the_quota_of_the_last_instance_choice(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    for _ in range(4):
        application.cloud.fail_next_job(reason="quota")
    ended = application.run({"config": FEW_TREES})
    assert ended.status == "SUCCEEDED", ended.cause
    assert ended.requests_on_spot == [True, False, False, False, False]


def test_waits_until_functions_may_run(application: Deployment, demand: pl.DataFrame) -> None:
    """Other executions use up the account's concurrent executions of functions."""
    application.upload_rows(demand)
    application.cloud.set_quota("Concurrent executions", 0)
    try:
        execution = application.start({"config": FEW_TREES})
        # Other errors have four retries. These need more, because hundreds of partitions wait for each other.
        wait_until(lambda: len(refused_calls(application, execution)) >= 6)
    finally:
        application.cloud.set_quota("Concurrent executions", 1000)
    ended = application.ended(execution)
    assert ended.status == "SUCCEEDED", ended.cause
    assert set(refused_calls(application, execution)) == {"Lambda.TooManyRequestsException"}


def refused_calls(application: Deployment, execution: str) -> list[str]:
    """Return the errors of the function calls that failed so far."""
    history = application.cloud.client("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)
    details = [event.get("lambdaFunctionFailedEventDetails", {}) for event in history["events"]]
    return [failure["error"] for failure in details if "error" in failure]


@pytest.mark.parametrize("kind", ["throttled", "error"])
def test_repeats_the_request_for_a_job_with_patience(
    application: Deployment, demand: pl.DataFrame, kind: ApiFaultKind
) -> None:
    """SageMaker throttles the jobs of many executions that start together."""
    application.upload_rows(demand)
    application.cloud.fail_calls(ApiFault("sagemaker", "CreateTrainingJob", kind, count=REFUSAL_ATTEMPTS))
    ended = application.run({"config": FEW_TREES})
    assert ended.status == "SUCCEEDED", ended.cause
    assert ended.requests_on_spot == [True] * (REFUSAL_ATTEMPTS + 1)
    assert len(set(ended.jobs)) == len(ended.jobs)


def test_gives_up_a_request_that_is_always_throttled(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    application.cloud.fail_calls(ApiFault("sagemaker", "CreateTrainingJob", "throttled", count=REFUSAL_ATTEMPTS + 1))
    ended = application.run({"config": FEW_TREES})
    assert (ended.status, ended.error) == ("FAILED", "Throttled")
    assert len(ended.jobs) == REFUSAL_ATTEMPTS + 1


def test_fails_after_repeated_platform_faults(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    for _ in range(3):
        application.cloud.fail_next_job(reason="internal")
    ended = application.run({"config": FEW_TREES})
    assert (ended.status, ended.error, len(set(ended.jobs))) == ("FAILED", "PlatformFault", 3)


def test_missing_capacity_fails_the_run(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    for _ in range(2):  # spot, and on demand
        application.cloud.fail_next_job(reason="capacity")
    ended = application.run({"config": FEW_TREES})
    assert (ended.status, ended.error) == ("FAILED", "NoCapacity")
    assert application.published() is None
