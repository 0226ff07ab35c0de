"""Removal of an environment: no execution, job or log of a job remains."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import WaiterError
from botocore.stub import Stubber
from moto import mock_aws

from cli.aws import teardown
from cli.aws.deployed import Deployed
from cli.aws.teardown import delete_job_logs, stop_executions, wait_for_jobs
from cli.errors import CommandError
from tests.stand_ins import session_with

RUNS, ALL = (f"arn:aws:states:eu-central-1:1:stateMachine:onejob-dev-{name}" for name in ("forecast", "partitions"))

DEPLOYED = Deployed(
    budget_stack=None,
    forecast_stack=None,
    data_stack="onejob-dev-data",
    schedules=(),
    state_machines=(),
    buckets=("onejob-dev-logs",),
)


class Answers:
    """A client that answers each list call with the next answer, and repeats the last one."""

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
    monkeypatch.setattr(teardown, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(teardown, "MAX_SECONDS", 0.2)


def test_executions_that_start_during_the_stop_are_stopped() -> None:
    states = Answers({"executions": ["a", "b"]}, {"executions": ["b", "c"]}, {})
    assert stop_executions(session_with(lambda _service: states), RUNS) == 3
    assert states.stopped == ["a", "b", "b", "c"]


def test_executions_that_do_not_stop_are_an_error() -> None:
    with pytest.raises(CommandError, match="executions still running: a, b, c; stop them"):
        stop_executions(session_with(lambda _service: Answers({"executions": ["a", "b", "c", "d"]})), RUNS)


@pytest.mark.parametrize("kind", ["Training", "Processing"])
def test_waits_for_training_and_processing_jobs(kind: str) -> None:
    with pytest.raises(CommandError, match="jobs still running: onejob-dev-1"):
        wait_for_jobs(session_with(lambda _service: Answers({kind: ["onejob-dev-1"]})), "onejob-dev")


@pytest.mark.parametrize("name", ["onejob-dev2-1", "my-onejob-dev-1"])
def test_ignores_jobs_of_other_environments(name: str) -> None:
    wait_for_jobs(session_with(lambda _service: Answers({"Training": [name], "Processing": [name]})), "onejob-dev")


def test_the_wait_ends_when_the_job_ends() -> None:
    sagemaker = Answers({"Training": ["onejob-dev-1"]}, {})
    wait_for_jobs(session_with(lambda _service: sagemaker), "onejob-dev")


def test_deletes_the_logs_of_training_and_processing_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_state_machine_of_all_partitions_is_stopped_first() -> None:
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
        def describe_stacks(self, **_request: Any) -> dict[str, Any]:
            return {"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]}

        def get_paginator(self, _operation: str) -> "Stacks":
            return self

        def paginate(self, *, StackName: str) -> list[dict[str, Any]]:  # noqa: N803
            return [{"StackResourceSummaries": resources if StackName.endswith("-forecast") else []}]

    deployed = Deployed.find(session_with(lambda _service: Stacks()), "onejob-dev")
    assert deployed.state_machines == (ALL, RUNS)
    assert deployed.schedules == ("onejob-dev-daily", "onejob-dev-weekly")


def test_a_resource_whose_creation_failed_may_have_no_id() -> None:
    """`onejob destroy` then removes everything else."""
    described = {"StackName": "x", "CreationTime": "2026-01-01", "StackStatus": "ROLLBACK_FAILED"}
    common = {"LogicalResourceId": "X", "LastUpdatedTimestamp": "2026-01-01"}
    failed = [
        {**common, "ResourceType": kind, "ResourceStatus": "CREATE_FAILED"}
        for kind in ("AWS::Scheduler::Schedule", "AWS::StepFunctions::StateMachine", "AWS::S3::Bucket")
    ]
    kept = {
        **common,
        "ResourceType": "AWS::S3::Bucket",
        "ResourceStatus": "DELETE_FAILED",
        "PhysicalResourceId": "onejob-dev-demand",
    }
    cloudformation = boto3.client("cloudformation", region_name="eu-central-1")
    with Stubber(cloudformation) as answers:
        answers.add_client_error("describe_stacks", "ValidationError", "Stack onejob-dev-budget does not exist")
        for _ in ("forecast", "data"):
            answers.add_response("describe_stacks", {"Stacks": [described]})
        for resources in (failed, [kept]):
            answers.add_response("list_stack_resources", {"StackResourceSummaries": resources})
        deployed = Deployed.find(session_with(lambda _service: cloudformation), "onejob-dev")
        answers.assert_no_pending_responses()
    assert (deployed.schedules, deployed.state_machines) == ((), ())
    assert deployed.buckets == ("onejob-dev-demand",)


class LateLog:
    """CloudFormation and S3: an access log arrives in the emptied bucket, as often as given."""

    def __init__(self, logs: int) -> None:
        self.logs, self.objects, self.deleted = logs, 1, False

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, **_request: Any) -> list[dict[str, Any]]:
        nothing: dict[str, Any] = {"TrainingJobSummaries": [], "ProcessingJobSummaries": [], "logStreams": []}
        return [{**nothing, "Versions": [{"Key": "log", "VersionId": "1"}] * self.objects}]

    def delete_objects(self, **_request: Any) -> dict[str, Any]:
        self.objects = 0
        return {}

    def delete_stack(self, **_request: Any) -> None:
        if self.logs:
            self.logs, self.objects = self.logs - 1, 1

    def get_waiter(self, _name: str) -> Any:
        return self

    def wait(self, **_request: Any) -> None:
        if self.objects:
            raise WaiterError("stack_delete_complete", "The bucket you tried to delete is not empty", {})
        self.deleted = True


@pytest.mark.parametrize("logs", [0, 2])
def test_a_log_in_an_emptied_bucket_does_not_stop_the_removal(logs: int) -> None:
    aws = LateLog(logs)
    teardown.take_down(session_with(lambda _service: aws), DEPLOYED, "onejob-dev")
    assert aws.deleted


def test_a_bucket_that_never_stays_empty_is_an_error() -> None:
    with pytest.raises(CommandError, match="failed to delete stack onejob-dev-data"):
        teardown.take_down(session_with(lambda _service: LateLog(99)), DEPLOYED, "onejob-dev")
