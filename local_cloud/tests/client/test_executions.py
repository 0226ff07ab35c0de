"""An execution can be followed live and saved."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from local_cloud import ExecutionEnded, JobLogLine, LocalCloud, StateEvent, follow_execution, save_execution
from local_cloud.tests.jobs_under_test import Jobs


@pytest.fixture
def execution(cloud: LocalCloud, outputs: dict[str, str], jobs: Jobs) -> str:
    request = jobs.training_request()
    name = request.pop("TrainingJobName")
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": outputs["FunctionArn"], "Payload": {"ask": "raise"}},
        "Catch": [{"ErrorEquals": ["InputError"], "Next": "Broken"}],
        "End": True,
    }
    train = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Parameters": {"TrainingJobName": name, **request},
        "Next": "Check",
    }
    states = {"Train": train, "Check": invoke, "Broken": {"Type": "Fail", "Error": "InputError", "Cause": "no files"}}
    workflows = cloud.client("stepfunctions")
    machine = workflows.create_state_machine(
        name=f"followed-{uuid.uuid4().hex[:8]}",
        definition=json.dumps({"StartAt": "Train", "States": states}),
        roleArn=outputs["RoleArn"],
    )
    return str(workflows.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"])


def test_states_and_job_lines_are_reported_once_in_order(cloud: LocalCloud, execution: str) -> None:
    events = list(follow_execution(cloud.client, execution, poll_seconds=0.05))
    reported = [
        (event.state, event.change)
        if isinstance(event, StateEvent)
        else (event.host, event.line)
        if isinstance(event, JobLogLine)
        else ("", event.status)
        for event in events
    ]
    assert reported == [
        ("Train", "entered"),
        ("algo-1", "working on algo-1"),
        ("algo-1", "done"),
        ("Train", "succeeded"),
        ("Check", "entered"),
        ("Check", "failed"),
        ("Check", "caught"),
        ("Broken", "entered"),
        ("", "FAILED"),
    ]
    failed, last = events[5], events[-1]
    assert isinstance(failed, StateEvent)
    assert isinstance(last, ExecutionEnded)
    assert failed.error == "InputError"
    assert json.loads(failed.cause)["errorMessage"] == "demand: no files; upload some"
    assert (last.error, last.cause) == ("InputError", "no files")


def test_save_execution_writes_status_history_and_logs(cloud: LocalCloud, execution: str, tmp_path: Path) -> None:
    list(follow_execution(cloud.client, execution, poll_seconds=0.05))
    save_execution(cloud.client, execution, tmp_path)
    assert json.loads((tmp_path / "execution.json").read_text())["status"] == "FAILED"
    assert json.loads((tmp_path / "history.json").read_text())[-1]["type"] == "ExecutionFailed"
    logs = {path.name: path.read_text() for path in (tmp_path / "logs").iterdir()}
    assert any("working on algo-1" in log for name, log in logs.items() if name.endswith("-algo-1.log"))
    assert any("asked:" in log for log in logs.values())


def test_serve_prints_variables_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    serving = subprocess.Popen(
        [sys.executable, "-m", "local_cloud", "serve", "--state", str(tmp_path), "--region", "us-west-2"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parent.parent.parent.parent,
    )
    assert serving.stdout is not None
    exported: dict[str, str] = {}
    for line in serving.stdout:
        if line.startswith("#"):
            break
        name, _, value = line.removeprefix("export ").strip().partition("=")
        exported[name] = value
    assert exported["AWS_REGION"] == "us-west-2"
    assert exported["AWS_ENDPOINT_URL"].startswith("http://localhost:")
    serving.send_signal(2)
    assert serving.wait(timeout=120) == 0
    serving.stdout.close()
