"""A state that starts an execution of another state machine waits for it as in Step Functions."""

import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_cloud import ApiFault, LocalCloud, wait_for_execution
from local_cloud.core.server_settings import ACCESS_KEY, SECRET_KEY

Run = Callable[..., dict[str, Any]]
WAIT = {"Wait": {"Type": "Wait", "Seconds": 100_000, "End": True}}
FAIL = {"Fail": {"Type": "Fail", "Error": "InputError", "Cause": "no files"}}
PASS = {"Pass": {"Type": "Pass", "Parameters": {"received.$": "$.payload"}, "End": True}}
CAUGHT = {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}]}
CATCHER = {"Caught": {"Type": "Pass", "End": True}}


def task(child: str, *, pattern: str = ".sync:2", **parameters: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{pattern}",
        "Parameters": {"StateMachineArn": child, "Name.$": "$.name", "Input": {"payload.$": "$.payload"}, **parameters},
        "End": True,
    }


@pytest.fixture
def child_input() -> dict[str, str]:
    return {"name": f"child-{uuid.uuid4().hex[:8]}", "payload": "something"}


def _execution_of(machine: str, name: str) -> str:
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"


def _wait_until_running(cloud: LocalCloud, execution: str) -> None:
    while True:
        try:
            if cloud.client("stepfunctions").describe_execution(executionArn=execution)["status"] == "RUNNING":
                return
        except ClientError:
            time.sleep(0.02)


@pytest.mark.parametrize(("pattern", "read"), [(".sync:2", lambda value: value), (".sync", json.loads)])
def test_the_description_is_the_output(create: Any, run: Run, child_input: Any, pattern: str, read: Any) -> None:
    child = create(PASS)
    ended = run({"Child": task(child, pattern=pattern)}, child_input)
    assert ended["status"] == "SUCCEEDED", ended
    output = json.loads(ended["output"])
    assert (output["Name"], output["Status"]) == (child_input["name"], "SUCCEEDED")
    assert output["ExecutionArn"] == _execution_of(child, child_input["name"])
    assert read(output["Input"]) == {"payload": "something"}
    assert read(output["Output"]) == {"received": "something"}
    assert isinstance(output["StartDate"], int)
    assert output["StopDate"] >= output["StartDate"]


def test_without_sync_the_state_does_not_wait(cloud: LocalCloud, create: Any, run: Run, child_input: Any) -> None:
    output = json.loads(run({"Child": task(create(WAIT), pattern="")}, child_input)["output"])
    assert set(output) == {"ExecutionArn", "StartDate"}
    child = cloud.client("stepfunctions").describe_execution(executionArn=output["ExecutionArn"])
    assert child["status"] == "RUNNING"
    cloud.client("stepfunctions").stop_execution(executionArn=output["ExecutionArn"])


def test_a_failed_child_is_the_cause_of_task_failed(create: Any, run: Run, child_input: Any) -> None:
    error = json.loads(run({"Child": task(create(FAIL)) | CAUGHT, **CATCHER}, child_input)["output"])["error"]
    assert error["Error"] == "States.TaskFailed"
    cause = json.loads(error["Cause"])
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "InputError", "no files")
    assert cause["Name"] == child_input["name"]


def test_a_child_that_timed_out_fails_the_state(create: Any, run: Run, child_input: Any) -> None:
    error = json.loads(run({"Child": task(create(WAIT, TimeoutSeconds=1)) | CAUGHT, **CATCHER}, child_input)["output"])
    assert error["error"]["Error"] == "States.TaskFailed"
    assert json.loads(error["error"]["Cause"])["Status"] == "TIMED_OUT"


def test_a_child_that_was_stopped_fails_the_state(cloud: LocalCloud, create: Any, start: Any, child_input: Any) -> None:
    child = create(WAIT)
    parent = start({"Child": task(child)}, child_input)
    _wait_until_running(cloud, _execution_of(child, child_input["name"]))
    cloud.client("stepfunctions").stop_execution(executionArn=_execution_of(child, child_input["name"]))
    ended = wait_for_execution(cloud.client, parent)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(ended["cause"])["Status"] == "ABORTED"


def test_stopping_the_parent_stops_the_child(cloud: LocalCloud, create: Any, start: Any, child_input: Any) -> None:
    child = create(WAIT)
    parent = start({"Child": task(child) | CAUGHT, **CATCHER}, child_input)
    _wait_until_running(cloud, _execution_of(child, child_input["name"]))
    cloud.client("stepfunctions").stop_execution(executionArn=parent)
    assert wait_for_execution(cloud.client, _execution_of(child, child_input["name"]))["status"] == "ABORTED"
    assert wait_for_execution(cloud.client, parent)["status"] == "ABORTED"


def test_a_state_that_times_out_stops_its_child(cloud: LocalCloud, create: Any, run: Run, child_input: Any) -> None:
    child = create(WAIT)
    ended = run({"Child": task(child) | {"TimeoutSeconds": 1}}, child_input)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    assert wait_for_execution(cloud.client, _execution_of(child, child_input["name"]))["status"] == "ABORTED"


def test_a_retry_is_a_new_attempt(create: Any, run: Run, child_input: Any) -> None:
    child = create(
        {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.attempt", "NumericEquals": 0, "Next": "Fail"}],
                "Default": "Done",
            },
            "Done": {"Type": "Pass", "End": True},
            **FAIL,
        }
    )
    name = "States.Format('{}-{}', $.name, $$.State.RetryCount)"
    parameters: dict[str, Any] = {"Name.$": name, "Input": {"attempt.$": "$$.State.RetryCount"}}
    state = task(child, **parameters)
    ended = run({"Child": state | {"Retry": [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]}}, child_input)
    assert json.loads(ended["output"])["Output"] == {"attempt": 1}


def test_a_name_cannot_be_reused(create: Any, run: Run, child_input: Any) -> None:
    child = create(PASS)
    assert run({"Child": task(child)}, child_input)["status"] == "SUCCEEDED"
    ended = run({"Child": task(child)}, child_input)
    assert (ended["status"], ended["error"]) == ("FAILED", "StepFunctions.ExecutionAlreadyExistsException")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("no/slash", "StepFunctions.InvalidNameException"),
        ("n" * 81, "StepFunctions.AWSStepFunctionsException"),
        (7, "States.Runtime"),
    ],
)
def test_an_invalid_name_is_refused(create: Any, run: Run, name: Any, error: str) -> None:
    assert run({"Child": task(create(PASS))}, {"name": name, "payload": ""})["error"] == error


def test_other_errors_have_their_own_names(cloud: LocalCloud, create: Any, run: Run, child_input: Any) -> None:
    child = create(PASS)
    missing = run({"Child": task(f"{child}-missing")}, child_input)
    assert missing["error"] == "StepFunctions.StateMachineDoesNotExistException"
    cloud.fail_calls(ApiFault("states", "StartExecution", "throttled"))
    assert run({"Child": task(child)}, child_input)["error"] == "StepFunctions.AWSStepFunctionsException"


def test_only_one_execution_with_a_name_starts(cloud: LocalCloud, create: Any) -> None:
    machine, workflows = create(WAIT), cloud.client("stepfunctions")

    def starts(number: int) -> bool:
        try:
            workflows.start_execution(stateMachineArn=machine, name="same", input=json.dumps({"n": number}))
        except workflows.exceptions.ExecutionAlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(starts, range(16))) == 1
    workflows.stop_execution(executionArn=_execution_of(machine, "same"))


def test_an_execution_can_be_stopped_immediately(cloud: LocalCloud, create: Any) -> None:
    long = {f"Pass{number}": {"Type": "Pass", "End": True} for number in range(400)}  # takes a while to parse
    machine = create({**WAIT, **long})
    once = boto3.client(
        "stepfunctions",
        endpoint_url=cloud.endpoint_url,
        region_name=cloud.region,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(retries={"total_max_attempts": 1}),
    )
    execution = once.start_execution(stateMachineArn=machine)["executionArn"]
    once.stop_execution(executionArn=execution)
    assert wait_for_execution(cloud.client, execution)["status"] == "ABORTED"


def test_a_failure_after_a_stop_keeps_the_status(cloud: LocalCloud, outputs: Any, start: Any) -> None:
    invoke = {"FunctionName": outputs["FunctionArn"], "Payload": {"ask": "sleep"}}  # until its timeout of 2 seconds
    states = {"Ask": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": invoke, "End": True}}
    execution = start(states)
    time.sleep(0.3)
    cloud.client("stepfunctions").stop_execution(executionArn=execution)
    assert wait_for_execution(cloud.client, execution)["status"] == "ABORTED"
