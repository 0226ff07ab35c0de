import json
from collections.abc import Iterator

import polars as pl
import pytest

from infra.settings.loader import load_settings
from tests.synthesis import ROOT
from tests.workflow.conftest import FEW_TREES, Deployment

SETTINGS = load_settings("prod", ROOT / "environments")
FIRST, SECOND, *OTHERS = SETTINGS.training_job.instance_types


@pytest.fixture
def application(production: Deployment) -> Iterator[Deployment]:
    production.empty()
    yield production
    production.cloud.forget_faults()


@pytest.mark.parametrize("reason", ["capacity", "quota", "unsupported"])
def test_uses_the_next_instance_type_if_the_first_is_unavailable(
    application: Deployment, demand: pl.DataFrame, reason: str
) -> None:
    application.upload_rows(demand)
    application.cloud.fail_next_job(reason=reason, instance_type=FIRST)  # type: ignore[arg-type]
    ended = application.run({"config": FEW_TREES})
    assert ended.status == "SUCCEEDED", ended.cause
    job = application.cloud.client("sagemaker").describe_training_job(TrainingJobName=ended.output["run_id"])
    assert job["ResourceConfig"]["InstanceType"] == SECOND
    # One request for each type: the last digit of a job's name is the position of its type. Retries would cost minutes.
    assert [name[-1] for name in ended.jobs] == ["0", "1"]


def test_a_run_without_capacity_of_any_type_fails(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    for instance_type in (FIRST, SECOND, *OTHERS):
        application.cloud.fail_next_job(reason="capacity", instance_type=instance_type)
    ended = application.run({"config": FEW_TREES})
    assert (ended.status, ended.error) == ("FAILED", "NoCapacity")
    assert len(set(ended.jobs)) == len(SETTINGS.training_job.instance_types)


def test_the_schedule_starts_the_state_machine_in_its_time_zone(application: Deployment) -> None:
    schedule = application.cloud.client("scheduler").get_schedule(Name=f"{SETTINGS.name}-weekly")
    assert schedule["ScheduleExpression"] == f"cron({SETTINGS.schedule.cron})"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert schedule["State"] == "ENABLED"
    target = schedule["Target"]
    assert target["Arn"] == application.outputs["StateMachineArn"]
    assert target["RetryPolicy"]["MaximumRetryAttempts"] <= 10
    assert target["DeadLetterConfig"]["Arn"].endswith("missed-starts")

    # The input that the scheduler sends after it inserts the time.
    sent = json.loads(target["Input"].replace("<aws.scheduler.scheduled-time>", "2026-11-23T05:00:00Z"))
    assert application.run(sent).error == "PreflightFailed"  # planned, but there is no demand
