"""Taking an environment down: nothing is left at work, and no job's log."""

from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.aws import teardown
from cli.aws.deployed import Deployed
from cli.aws.teardown import delete_job_logs, stop_executions, wait_for_jobs
from cli.errors import CommandError
from tests.stand_ins import session_with

RUNS, ALL = (f"arn:aws:states:eu-central-1:1:stateMachine:onejob-dev-{name}" for name in ("forecast", "partitions"))


class Answers:
    """A client of which every list is answered with the next of what there is, the last one for ever."""

    def __init__(self, *answers: dict[str, list[str]]) -> None:
        self.answers, self.stopped = list(answers), list[str]()

    def get_paginator(self, operation: str) -> Any:
        self.operation = operation
        return self

    def paginate(self, **_request: Any) -> list[dict[str, Any]]:
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if self.operation == "list_executions":
            return [{"executions": [{"executionArn": name} for name in now.get("executions", [])]}]
        kind = self.operation.split("_")[1].title()
        return [{f"{kind}JobSummaries": [{f"{kind}JobName": name} for name in now.get(kind, [])]}]

    def stop_execution(self, *, executionArn: str, cause: str) -> None:  # noqa: N803 (as boto3 has it)
        assert cause
        self.stopped.append(executionArn)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teardown, "POLL_SECONDS", 0)
    monkeypatch.setattr(teardown, "MAX_SECONDS", 0.2)


def test_what_was_started_while_others_were_stopped_is_stopped_too() -> None:
    states = Answers({"executions": ["a", "b"]}, {"executions": ["b", "c"]}, {})
    assert stop_executions(session_with(lambda _service: states), RUNS) == 3
    assert states.stopped == ["a", "b", "b", "c"]


def test_what_cannot_be_stopped_is_told() -> None:
    with pytest.raises(CommandError, match="still running: a, b, c; stop it"):
        stop_executions(session_with(lambda _service: Answers({"executions": ["a", "b", "c", "d"]})), RUNS)


@pytest.mark.parametrize("kind", ["Training", "Processing"])
def test_jobs_of_either_kind_are_waited_for(kind: str) -> None:
    with pytest.raises(CommandError, match="still running: onejob-dev-1"):
        wait_for_jobs(session_with(lambda _service: Answers({kind: ["onejob-dev-1"]})), "onejob-dev")


@pytest.mark.parametrize("name", ["onejob-dev2-1", "my-onejob-dev-1"])
def test_jobs_of_others_are_none_of_ours(name: str) -> None:
    wait_for_jobs(session_with(lambda _service: Answers({"Training": [name], "Processing": [name]})), "onejob-dev")


def test_a_job_that_ends_is_waited_for_no_longer() -> None:
    sagemaker = Answers({"Training": ["onejob-dev-1"]}, {})
    wait_for_jobs(session_with(lambda _service: sagemaker), "onejob-dev")


def test_the_logs_of_our_jobs_of_either_kind_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        logs = boto3.client("logs", region_name="eu-central-1")
        assert delete_job_logs(session_with(lambda _service: logs), "onejob-dev") == 0
        for kind in ("Training", "Processing"):
            group = f"/aws/sagemaker/{kind}Jobs"
            logs.create_log_group(logGroupName=group)
            for stream in ("onejob-dev-1/algo-1", "onejob-dev-2/algo-1", "onejob-dev2-1/algo-1"):
                logs.create_log_stream(logGroupName=group, logStreamName=stream)
        assert delete_job_logs(session_with(lambda _service: logs), "onejob-dev") == 4
        left = logs.describe_log_streams(logGroupName="/aws/sagemaker/ProcessingJobs")["logStreams"]
        assert [stream["logStreamName"] for stream in left] == ["onejob-dev2-1/algo-1"]


def test_what_starts_others_is_stopped_before_them() -> None:
    found = {
        "AWS::StepFunctions::StateMachine": [RUNS, ALL],
        "AWS::Scheduler::Schedule": ["onejob-dev-daily", "onejob-dev-weekly"],
        "AWS::SNS::Topic": ["arn:topic"],
    }
    resources = [
        {
            "ResourceType": kind,
            "PhysicalResourceId": name,
            "LogicalResourceId": "X",
            "ResourceStatus": "CREATE_COMPLETE",
        }
        for kind, names in found.items()
        for name in names
    ]

    class Stacks:
        def describe_stacks(self, **_request: Any) -> None:
            pass

        def get_paginator(self, _operation: str) -> "Stacks":
            return self

        def paginate(self, *, StackName: str) -> list[dict[str, Any]]:  # noqa: N803
            return [{"StackResourceSummaries": resources if StackName.endswith("-forecast") else []}]

    deployed = Deployed.find(session_with(lambda _service: Stacks()), "onejob-dev")
    assert deployed.state_machines == (ALL, RUNS)
    assert deployed.schedules == ("onejob-dev-daily", "onejob-dev-weekly")
