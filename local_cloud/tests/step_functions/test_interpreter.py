"""Definitions in the style of the CDK run as in Step Functions."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local_cloud import LocalCloud, wait_for_execution

Run = Callable[..., dict[str, Any]]


def test_a_function_returns_and_fails_as_on_aws(outputs: dict[str, str], run: Run) -> None:
    invoke = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}
    states = {
        "Plan": invoke
        | {
            "Parameters": {"FunctionName": outputs["FunctionArn"], "Payload.$": "$"},
            "ResultSelector": {"plan.$": "$.Payload"},
            "ResultPath": "$.planned",
            "Next": "Fail",
        },
        "Fail": invoke
        | {
            "Parameters": {"FunctionName": outputs["FunctionArn"], "Payload": {"ask": "raise"}},
            "Retry": [{"ErrorEquals": ["Lambda.ServiceException"], "MaxAttempts": 6}],
            "Catch": [{"ErrorEquals": ["InputError"], "ResultPath": "$.error", "Next": "Explain"}],
            "End": True,
        },
        "Explain": {
            "Type": "Pass",
            "Parameters": {"cause.$": "States.StringToJson($.error.Cause)", "color.$": "$.planned.plan.color"},
            "End": True,
        },
    }
    output = json.loads(run(states, {"ask": "nothing"})["output"])
    assert output["color"] == "blue"
    assert output["cause"]["errorType"] == "InputError"
    assert output["cause"]["errorMessage"] == "demand: no files; upload some"


def test_a_published_message_reaches_a_subscribed_queue(cloud: LocalCloud, outputs: dict[str, str], run: Run) -> None:
    queue = cloud.client("sqs").create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    cloud.client("sns").subscribe(
        TopicArn=outputs["TopicArn"],
        Protocol="sqs",
        Endpoint=attributes["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    publish = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {
            "TopicArn": outputs["TopicArn"],
            "Subject.$": "States.Format('run {} failed', $.run)",
            "Message.$": "$.message",
        },
        "ResultPath": None,
        "End": True,
    }
    message = {"broke": "input error", "list": [1]}
    ended = run({"Notify": publish}, {"run": "r1", "message": message})
    assert json.loads(ended["output"]) == {"run": "r1", "message": message}
    (received,) = cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(received["Body"]) == message


def _choice(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    ends = {name: {"Type": "Pass", "Result": name, "End": True} for name in ("Yes", "No")}
    return {"Choose": {"Type": "Choice", "Choices": list(rules), **more}, **ends}


@pytest.mark.parametrize(
    ("rule", "value", "chosen"),
    [
        ({"Variable": "$.cause", "StringMatches": "*input error:*"}, {"cause": "x, input error: y"}, "Yes"),
        ({"Variable": "$.cause", "StringMatches": "*input error:*"}, {"cause": "job error: y"}, "No"),
        ({"Variable": "$.config", "IsPresent": True}, {"config": None}, "Yes"),
        ({"Variable": "$.config.horizon", "IsPresent": False}, {"config": {}}, "Yes"),
        ({"Not": {"Variable": "$.status", "StringEquals": "Completed"}}, {"status": "Stopped"}, "Yes"),
        (
            {"And": [{"Variable": "$.n", "IsPresent": True}, {"Variable": "$.n", "NumericGreaterThanEquals": 2}]},
            {"n": 2},
            "Yes",
        ),
        ({"Variable": "$.list[1].n", "NumericEquals": 2}, {"list": [{"n": 1}, {"n": 2}]}, "Yes"),
        ({"Variable": "$.flag", "BooleanEquals": True}, {"flag": False}, "No"),
    ],
)
def test_choices(run: Run, rule: dict[str, Any], value: dict[str, Any], chosen: str) -> None:
    assert json.loads(run(_choice(rule | {"Next": "Yes"}, Default="No"), value)["output"]) == chosen


def test_a_choice_without_match_has_its_own_error(run: Run) -> None:
    ended = run(_choice({"Variable": "$.n", "NumericEquals": 1, "Next": "Yes"}), {"n": 2})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.NoChoiceMatched")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$.a[1].n", 2),
        ("$.a[0]", {"n": 1}),
        ("$.a[*].n", [1, 2]),
        ("$.a[?(@.n == 2)].n", [2]),
        ("States.Format('{}-{}', $.name, $.a[1].n)", 'week "47"-2'),
        ("States.JsonToString($.a)", '[{"n":1},{"n":2}]'),
        ("States.StringToJson($.json)", {"x": [1, "two"]}),
        ("States.Array($.name, 1)", ['week "47"', 1]),
        ("States.ArrayGetItem($.a, 1)", {"n": 2}),
        ("States.ArrayLength($.a)", 2),
        ("States.MathAdd(1, 2)", 3),
        ("States.JsonMerge($.a[0], $.b, false)", {"n": 1, "m": 3}),
        ("$$.Execution.Input.name", 'week "47"'),
        ("$$.StateMachine.Id", str),
        ("$$.Execution.StartTime", str),
        ("$$.Execution.RedriveCount", 0),
    ],
)
def test_paths_and_intrinsic_functions(run: Run, expression: str, expected: Any) -> None:
    value = {"name": 'week "47"', "a": [{"n": 1}, {"n": 2}], "b": {"m": 3}, "json": '{"x": [1, "two"]}'}
    ended = run({"Only": {"Type": "Pass", "Parameters": {"found.$": expression}, "End": True}}, value)
    assert ended["status"] == "SUCCEEDED", ended.get("cause")
    found = json.loads(ended["output"])["found"]
    assert isinstance(found, str) if expected is str else found == expected


def test_a_fail_state_reads_its_error_and_cause(run: Run) -> None:
    fail = {"Type": "Fail", "ErrorPath": "$.error", "CausePath": "States.Format('{}: {}', $.error, $.why)"}
    ended = run({"Fail": fail}, {"error": "InputError", "why": "no files"})
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "InputError", "InputError: no files")


def test_a_string_is_a_json_output(run: Run) -> None:
    assert run({"Only": {"Type": "Pass", "Result": "plain", "End": True}})["output"] == '"plain"'


def test_a_state_machine_times_out(run: Run) -> None:
    ended = run({"Wait": {"Type": "Wait", "Seconds": 6000, "End": True}}, TimeoutSeconds=1)
    assert ended["status"] == "TIMED_OUT"


def test_map_and_parallel(run: Run) -> None:
    double = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, $.n)"}, "End": True}
    states = {
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemSelector": {"n.$": "$$.Map.Item.Value"},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Double",
                "States": {"Double": double},
            },
            "ResultPath": "$.doubled",
            "Next": "Both",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1, "End": True}}},
                {"StartAt": "B", "States": {"B": {"Type": "Pass", "InputPath": "$.doubled", "End": True}}},
            ],
            "End": True,
        },
    }
    assert json.loads(run(states, {"items": [1, 2]})["output"]) == [1, [{"n": 2}, {"n": 4}]]


def test_a_paused_execution_waits_until_released_or_stopped(cloud: LocalCloud, start: Any) -> None:
    workflows = cloud.client("stepfunctions")
    states = {"First": {"Type": "Pass", "Next": "Paused?"}, "Paused?": {"Type": "Pass", "End": True}}

    def entered(execution: str) -> list[str]:
        events = workflows.get_execution_history(executionArn=execution)["events"]
        return [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]

    cloud.pause_at_state("Paused?")
    stopped, released = start(states), start(states)
    while not all("Paused?" in entered(each) for each in (stopped, released)):
        time.sleep(0.05)
    time.sleep(0.2)
    assert [workflows.describe_execution(executionArn=each)["status"] for each in (stopped, released)] == 2 * [
        "RUNNING"
    ]
    workflows.stop_execution(executionArn=stopped)
    assert wait_for_execution(cloud.client, stopped)["status"] == "ABORTED"
    cloud.resume_states()
    assert wait_for_execution(cloud.client, released)["status"] == "SUCCEEDED"
    assert wait_for_execution(cloud.client, start(states))["status"] == "SUCCEEDED"
