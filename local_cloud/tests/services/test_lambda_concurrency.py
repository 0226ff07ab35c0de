"""Lambda refuses invocations beyond a limit, and reservations that leave too little."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_cloud import LocalCloud
from local_cloud.tests.failed_stacks import reasons_of_failed_creation

CODE = """
import os, time
def handle(event, context):
    if event:
        open(event["started"], "w").close()
        while not os.path.exists(event["end"]):
            time.sleep(0.01)
    return "done"
"""
QUOTA = "Concurrent executions"


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    """Open a cloud of its own, because functions of other tests share the limit."""
    with LocalCloud(iam=False, time_scale=0.01) as opened:
        opened.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")
        yield opened


@pytest.fixture
def function(cloud: LocalCloud) -> Iterator[str]:
    """Return the name of a function that sleeps."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", CODE)
    functions, name = cloud.client("lambda"), "sleeping"
    functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=f"arn:aws:iam::{cloud.account}:role/role",
        Handler="handler.handle",
        Code={"ZipFile": buffer.getvalue()},
        Timeout=30,
    )
    yield name
    functions.delete_function(FunctionName=name)
    cloud.set_quota(QUOTA, 1000)


def invoke(cloud: LocalCloud, name: str, event: dict[str, str] | None = None) -> None:
    functions = boto3.client(
        "lambda",
        endpoint_url=cloud.endpoint_url,
        region_name=cloud.region,
        aws_access_key_id=cloud.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=cloud.environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    functions.invoke(FunctionName=name, Payload=json.dumps(event or {}))


@pytest.fixture
def busy(cloud: LocalCloud, function: str, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Begin an invocation, and return a function that ends it."""
    started, end = tmp_path / "started", tmp_path / "end"
    invocation = threading.Thread(target=invoke, args=(cloud, function, {"started": str(started), "end": str(end)}))
    invocation.start()
    while not started.exists():
        time.sleep(0.01)

    def finish() -> None:
        end.touch()
        invocation.join()

    yield finish
    finish()


def test_an_invocation_beyond_the_limit_of_the_account_is_refused(
    cloud: LocalCloud,
    function: str,
    busy: Callable[[], None],  # noqa: ARG001 - the invocation runs
) -> None:
    cloud.set_quota(QUOTA, 1)
    with pytest.raises(ClientError) as refused:
        invoke(cloud, function)
    answer: Any = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert answer["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert answer["Reason"] == "ConcurrentInvocationLimitExceeded"


def test_an_invocation_beyond_the_reserved_concurrency_is_refused(
    cloud: LocalCloud,
    function: str,
    busy: Callable[[], None],  # noqa: ARG001 - the invocation runs
) -> None:
    cloud.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    with pytest.raises(ClientError) as refused:
        invoke(cloud, function)
    answer: Any = refused.value.response
    assert answer["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_a_function_that_reserves_nothing_never_runs(cloud: LocalCloud, function: str) -> None:
    cloud.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        invoke(cloud, function)


def test_an_event_waits_for_the_limit(cloud: LocalCloud, function: str, busy: Callable[[], None]) -> None:
    cloud.set_quota(QUOTA, 1)
    cloud.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    busy()
    logs, deadline = cloud.client("logs"), time.monotonic() + 15
    while time.monotonic() < deadline:
        streams = logs.describe_log_streams(logGroupName=f"/aws/lambda/{function}")["logStreams"]
        if len(streams) >= 2:
            return
        time.sleep(0.2)
    pytest.fail("the event did not run")


def test_a_state_retries_a_refused_invocation(cloud: LocalCloud, function: str, busy: Callable[[], None]) -> None:
    cloud.set_quota(QUOTA, 1)
    workflows = cloud.client("stepfunctions")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": {}},
        "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 20, "MaxAttempts": 50}],
        "End": True,
    }
    machine = workflows.create_state_machine(
        name="retrying",
        definition=json.dumps({"StartAt": "Invoke", "States": {"Invoke": task}}),
        roleArn=f"arn:aws:iam::{cloud.account}:role/role",
    )["stateMachineArn"]
    execution = workflows.start_execution(stateMachineArn=machine)["executionArn"]
    while not refusals(cloud, execution):
        time.sleep(0.02)
    busy()
    while (ended := workflows.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.1)
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    assert set(refusals(cloud, execution)) == {"Lambda.TooManyRequestsException"}


def refusals(cloud: LocalCloud, execution: str) -> list[str]:
    """Return the errors of the failed calls of an execution."""
    history = cloud.client("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)
    failures = [event["taskFailedEventDetails"] for event in history["events"] if "taskFailedEventDetails" in event]
    return [failure["error"] for failure in failures]


@pytest.mark.parametrize(("limit", "largest", "minimum"), [(1000, 900, 100), (150, 50, 100), (10, 0, 10)])
def test_a_reservation_leaves_enough_for_the_other_functions(
    cloud: LocalCloud, function: str, limit: int, largest: int, minimum: int
) -> None:
    cloud.set_quota(QUOTA, limit)
    functions = cloud.client("lambda")
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=largest)
    limits = functions.get_account_settings()["AccountLimit"]
    assert (limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]) == (limit, limit - largest)
    message = (
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        f"its minimum value of [{minimum}]."
    )
    with pytest.raises(functions.exceptions.InvalidParameterValueException) as refused:
        functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=largest + 1)
    assert refused.value.response["Error"]["Message"] == message


def test_a_template_cannot_reserve_too_much(cloud: LocalCloud) -> None:
    cloud.set_quota(QUOTA, 10)
    properties = {
        "Runtime": "python3.12",
        "Handler": "index.handle",
        "Code": {"ZipFile": CODE},
        "Role": f"arn:aws:iam::{cloud.account}:role/role",
        "ReservedConcurrentExecutions": 5,
    }
    resources = {"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    (reason,) = reasons_of_failed_creation(cloud, "reserving", resources)
    assert "below its minimum value of [10]." in reason
    cloud.set_quota(QUOTA, 1000)
