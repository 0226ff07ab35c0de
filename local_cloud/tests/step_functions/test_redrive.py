"""A redriven execution continues at the failed state."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud import LocalCloud, wait_for_execution
from local_cloud.tests.jobs_under_test import Jobs

Run = Callable[..., dict[str, Any]]


def test_a_redriven_execution_continues_at_the_failed_state(cloud: LocalCloud, jobs: Jobs, run: Run) -> None:
    prefix = f"redrive/{uuid.uuid4().hex}/"
    states = {
        "Before": {"Type": "Pass", "Result": {"from": "before"}, "ResultPath": "$.before", "Next": "Train"},
        "Train": jobs.training_state(
            "States.Format('{}-{}', $$.Execution.Name, $$.Execution.RedriveCount)",
            inputs={"demand": f"s3://{jobs.bucket}/{prefix}"},
        )
        | {"ResultSelector": {"name.$": "$.TrainingJobName"}, "ResultPath": "$.job", "End": True},
    }
    failed = run(states)
    assert (failed["status"], failed["redriveStatus"]) == ("FAILED", "REDRIVABLE")
    jobs.put(f"{prefix}late.txt")
    workflows = cloud.client("stepfunctions")
    workflows.redrive_execution(executionArn=failed["executionArn"])
    ended = wait_for_execution(cloud.client, failed["executionArn"])
    output = json.loads(ended["output"])
    assert output["before"] == {"from": "before"}
    assert output["job"]["name"] == f"{ended['name']}-1"
    assert (ended["redriveCount"], ended["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    events = workflows.get_execution_history(executionArn=failed["executionArn"])["events"]
    names = [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]
    assert names == ["Before", "Train", "Train"]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        workflows.redrive_execution(executionArn=failed["executionArn"])
