"""One-time schedules fire as their role, and AWS's refusals end in the dead-letter queue."""

import io
import itertools
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from local_cloud import ApiFault, LocalCloud

ACCOUNT = "123456789012"
_NUMBERS = itertools.count()
INPUT = json.dumps(
    {
        "at": "<aws.scheduler.scheduled-time>",
        "attempt": "<aws.scheduler.attempt-number>",
        "id": "<aws.scheduler.execution-id>",
        "schedule": "<aws.scheduler.schedule-arn>",
    }
)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Open a local cloud that checks permissions."""
    with LocalCloud(tmp_path_factory.mktemp("schedules"), time_scale=0.01) as opened:
        yield opened


@pytest.fixture
def trigger(strict: LocalCloud) -> "Trigger":
    return Trigger(strict)


class Trigger:
    """A state machine, a queue, and a role that may use both. Each test has its own."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.name = f"trigger-{next(_NUMBERS)}"
        machines, queues = cloud.client("stepfunctions"), cloud.client("sqs")
        definition = json.dumps({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}})
        self.role = self.make_role(self.name, "states:StartExecution", "lambda:InvokeFunction", "sqs:SendMessage")
        made = machines.create_state_machine(name=self.name, definition=definition, roleArn=self.role)
        self.machine = made["stateMachineArn"]
        self.queue_url = queues.create_queue(QueueName=self.name)["QueueUrl"]
        self.queue = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:{self.name}"

    def make_role(self, name: str, *actions: str, condition: dict[str, Any] | None = None) -> str:
        roles = self.cloud.client("iam")
        made = roles.create_role(RoleName=name, AssumeRolePolicyDocument=trust(condition))
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        roles.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=document)
        return made["Role"]["Arn"]

    def request(self, name: str, at: datetime, **target: Any) -> Any:
        """Return the request for a schedule with an `at` in UTC. Its retries are those that the target gives it."""
        policy = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
        dead = {"DeadLetterConfig": {"Arn": self.queue}, "RetryPolicy": policy}
        return {
            "Name": f"{self.name}-{name}",
            "ScheduleExpression": f"at({at:%Y-%m-%dT%H:%M:%S})",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": self.machine, "RoleArn": self.role, "Input": INPUT, **dead, **target},
        }

    def create(self, name: str, at: datetime, **target: Any) -> str:
        created = self.cloud.client("scheduler").create_schedule(**self.request(name, at, **target))
        return created["ScheduleArn"]

    def inputs(self) -> list[dict[str, Any]]:
        """Return the inputs of the executions, the first started first."""
        machines = self.cloud.client("stepfunctions")
        found = machines.list_executions(stateMachineArn=self.machine)["executions"]
        described = [machines.describe_execution(executionArn=each["executionArn"]) for each in found]
        return [json.loads(each["input"]) for each in sorted(described, key=lambda each: each["startDate"])]

    def messages(self) -> list[dict[str, Any]]:
        """Return the messages in the dead-letter queue."""
        queues = self.cloud.client("sqs")
        received = queues.receive_message(QueueUrl=self.queue_url, MessageAttributeNames=["All"], VisibilityTimeout=0)
        return [dict(message) for message in received.get("Messages", [])]


def trust(condition: dict[str, Any] | None = None, service: str = "scheduler.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def soon(seconds: int = 2) -> datetime:
    """Return a whole second that is later than now."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


def wait_for(read: Callable[[], list[Any]]) -> list[Any]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if found := read():
            return found
        time.sleep(0.1)
    pytest.fail("nothing arrived within 20 s")


def attributes(message: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def test_a_schedule_starts_its_state_machine_at_its_time(trigger: Trigger) -> None:
    at, client = soon(), trigger.cloud.client("scheduler")
    request = trigger.request("once", at.astimezone(ZoneInfo("Asia/Tokyo")))
    made = client.create_schedule(**request, ScheduleExpressionTimezone="Asia/Tokyo", ActionAfterCompletion="DELETE")[
        "ScheduleArn"
    ]
    assert trigger.inputs() == []
    (sent,) = wait_for(trigger.inputs)
    assert datetime.now(UTC) >= at
    assert sent.pop("id")
    assert sent == {"at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "attempt": "1", "schedule": made}
    assert trigger.messages() == []
    wait_for(lambda: [True] * (not client.list_schedules(NamePrefix=trigger.name)["Schedules"]))


def test_a_schedule_invokes_its_function(trigger: Trigger) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("code.py", "def handle(event, context):\n    print('called at', event['at'])\n")
    logged = trigger.make_role(f"{trigger.name}-logs", "logs:*")
    function = trigger.cloud.client("lambda").create_function(
        FunctionName=trigger.name,
        Runtime="python3.12",
        Role=logged,
        Handler="code.handle",
        Code={"ZipFile": packed.getvalue()},
    )
    at, logs = soon(), trigger.cloud.client("logs")
    trigger.create("function", at, Arn=function["FunctionArn"])

    def lines() -> list[str]:
        groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{trigger.name}")["logGroups"]
        found = [logs.filter_log_events(logGroupName=group["logGroupName"])["events"] for group in groups]
        return [event["message"] for events in found for event in events if "called" in event["message"]]

    assert f"called at {at:%Y-%m-%dT%H:%M:%SZ}" in wait_for(lines)[0]


def test_an_update_or_a_deletion_cancels_a_schedule(trigger: Trigger) -> None:
    client, at = trigger.cloud.client("scheduler"), soon(3)
    for name in ("deleted", "disabled", "moved", "recurring", "last"):
        trigger.create(name, at + timedelta(seconds=1) if name == "last" else at)
    later = trigger.request("moved", at + timedelta(days=1))
    client.delete_schedule(Name=f"{trigger.name}-deleted")
    client.update_schedule(**trigger.request("disabled", at), State="DISABLED")
    client.update_schedule(**later)
    client.update_schedule(**{**trigger.request("recurring", at), "ScheduleExpression": "cron(0 6 ? * MON *)"})
    assert datetime.now(UTC) < at, "this computer is too slow for the test"
    (sent,) = wait_for(trigger.inputs)
    assert sent["schedule"].endswith("-last")
    client.update_schedule(**trigger.request("disabled", at), State="ENABLED")
    wait_for(lambda: trigger.inputs()[1:])
    assert trigger.inputs()[1]["schedule"].endswith("-disabled"), "AWS fires at once when the time has passed"


def test_a_role_without_the_permission_of_the_target_gets_a_dead_letter(trigger: Trigger) -> None:
    role = trigger.make_role(f"{trigger.name}-queue-only", "sqs:SendMessage")
    at = soon()
    made = trigger.create("refused", at, RoleArn=role, RetryPolicy={"MaximumRetryAttempts": 5})
    (message,) = wait_for(trigger.messages)
    request = json.loads(message["Body"])
    assert request["StateMachineArn"] == trigger.machine
    assert json.loads(request["Input"])["schedule"] == made
    found = attributes(message)
    assert found.pop("EXECUTION_ID")
    assert "is not authorized to perform: states:StartExecution" in found.pop("ERROR_MESSAGE")
    assert found == {
        "ERROR_CODE": "AccessDeniedException",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "0",  # a missing permission is permanent
        "SCHEDULED_TIME": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "SCHEDULE_ARN": made,
        "TARGET_ARN": "arn:aws:scheduler:::aws-sdk:sfn:startExecution",
    }
    assert trigger.inputs() == []


def test_a_role_without_the_permission_of_the_queue_loses_the_event(trigger: Trigger) -> None:
    role = trigger.make_role(f"{trigger.name}-nothing", "s3:GetObject")
    made = trigger.create("lost", soon(), RoleArn=role)
    log = trigger.cloud.log_file
    wait_for(lambda: [line for line in log.read_text().splitlines() if f"{made} could not fire" in line])
    assert "sqs:SendMessage" in log.read_text()
    assert trigger.messages() == []


def test_a_role_that_no_longer_trusts_scheduler_is_not_used(trigger: Trigger) -> None:
    made = trigger.create("untrusted", soon(3))
    roles = trigger.cloud.client("iam")
    roles.update_assume_role_policy(RoleName=trigger.name, PolicyDocument=trust(service="lambda.amazonaws.com"))
    log = trigger.cloud.log_file
    wait_for(lambda: [line for line in log.read_text().splitlines() if f"{made}: the role {trigger.role}" in line])
    assert (trigger.inputs(), trigger.messages()) == ([], [])


@pytest.mark.parametrize(
    ("policy", "faults", "attempt", "exhausted"),
    [
        ({"MaximumRetryAttempts": 2}, 2, "3", None),
        ({"MaximumRetryAttempts": 0}, 1, None, "MaximumRetryAttempts"),
        ({"MaximumRetryAttempts": 2}, 3, None, "MaximumRetryAttempts"),
        ({"MaximumRetryAttempts": 9, "MaximumEventAgeInSeconds": 60}, 9, None, "MaximumEventAgeInSeconds"),
    ],
)
def test_a_throttled_call_is_retried_as_the_policy_says(
    trigger: Trigger, policy: dict[str, int], faults: int, attempt: str | None, exhausted: str | None
) -> None:
    fault = ApiFault(service="states", action="StartExecution", kind="throttled", count=faults)
    trigger.cloud.fail_calls(fault)
    trigger.create("throttled", soon(), RetryPolicy=policy)
    try:
        if attempt is not None:
            assert [sent["attempt"] for sent in wait_for(trigger.inputs)] == [attempt]
        else:
            (message,) = wait_for(trigger.messages)
            assert attributes(message)["EXHAUSTED_RETRY_CONDITION"] == exhausted
            assert attributes(message)["ERROR_CODE"] == "TooManyRequestsException"  # of the fault
    finally:
        trigger.cloud.forget_faults()


@pytest.mark.parametrize(
    ("changes", "target", "message"),
    [
        ({"ScheduleExpression": "at(2026-13-01T00:00:00)"}, {}, "Invalid Schedule Expression"),
        ({"ScheduleExpression": "at(2026-12-01 00:00)"}, {}, "Invalid Schedule Expression"),
        ({"ScheduleExpression": "every monday"}, {}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Europe/Atlantis"}, {}, "Invalid Schedule Expression"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}}, {}, "flexible time window"),
        ({}, {"Input": "not JSON"}, "must be JSON"),
        ({}, {"Arn": f"arn:aws:sqs:eu-central-1:{ACCOUNT}:queue"}, "fires no schedule with the target"),
        ({}, {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/missing"}, "must allow AWS EventBridge Scheduler to assume"),
    ],
)
def test_a_wrong_schedule_is_refused(
    trigger: Trigger, changes: dict[str, Any], target: dict[str, Any], message: str
) -> None:
    request = {**trigger.request("wrong", soon(60), **target), **changes}
    with pytest.raises(ClientError, match=message) as caught:
        trigger.cloud.client("scheduler").create_schedule(**request)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_the_trust_policy_may_name_the_account_and_the_group(trigger: Trigger) -> None:
    group = f"arn:aws:scheduler:eu-central-1:{ACCOUNT}:schedule-group/default"
    right = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": group}}
    trigger.create("right", soon(60), RoleArn=trigger.make_role(f"{trigger.name}-right", "s3:*", condition=right))
    wrong: list[dict[str, Any]] = [
        {"StringEquals": {"aws:SourceAccount": "210987654321"}},
        {"ArnLike": {"aws:SourceArn": group.replace("default", "other")}},
    ]
    for number, condition in enumerate(wrong):
        role = trigger.make_role(f"{trigger.name}-wrong-{number}", "s3:*", condition=condition)
        with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
            trigger.create(f"wrong-{number}", soon(60), RoleArn=role)
