"""Functions run from their deployed code, and fail as in Lambda."""

import base64
import json
import time
from typing import Any

import pytest

from local_cloud import LocalCloud


def test_a_function_gets_its_event_its_environment_and_the_cloud(
    monkeypatch: pytest.MonkeyPatch, cloud: LocalCloud, outputs: dict[str, str]
) -> None:
    monkeypatch.setenv("LEAKED", "yes")
    response = cloud.client("lambda").invoke(
        FunctionName=outputs["FunctionArn"], Payload=b'{"ask": "nothing"}', LogType="Tail"
    )
    assert response.get("FunctionError", "") == ""
    returned = json.loads(response["Payload"].read())
    assert returned["event"] == {"ask": "nothing"}
    assert returned["color"] == "blue"
    assert outputs["BucketName"] in returned["buckets"]
    assert outputs["FunctionArn"].endswith(returned["function"])
    assert 0 < returned["remaining"] <= 2000
    assert returned["leaked"] == []
    assert "asked:" in base64.b64decode(response["LogResult"]).decode()


@pytest.mark.parametrize(
    ("ask", "error_type", "message"),
    [
        ("raise", "InputError", "demand: no files; upload some"),
        ("sleep", "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        ("exit", "Runtime.ExitError", "exit status 7"),
        ("set", "Runtime.MarshalError", "Unable to marshal response"),
    ],
)
def test_an_error_has_the_format_of_lambda(
    cloud: LocalCloud, outputs: dict[str, str], ask: str, error_type: str, message: str
) -> None:
    error = _fail(cloud, outputs["FunctionArn"], {"ask": ask})
    assert error["errorType"] == error_type
    assert message in error["errorMessage"]
    if ask == "raise":
        assert 'raise InputError("demand' in error["stackTrace"][-1]


def test_an_asynchronous_invocation_returns_immediately_and_logs(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    name = outputs["FunctionArn"].rpartition(":")[2]
    response = cloud.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"ask": "later"}')
    assert response["StatusCode"] == 202
    logs = cloud.client("logs")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        if any("'later'" in event["message"] for event in found):
            return
        time.sleep(0.1)
    pytest.fail("the asynchronous invocation wrote no log")


def _fail(cloud: LocalCloud, name: str, event: dict[str, Any]) -> dict[str, Any]:
    response = cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    assert response["FunctionError"] == "Unhandled"
    error: dict[str, Any] = json.loads(response["Payload"].read())
    return error
