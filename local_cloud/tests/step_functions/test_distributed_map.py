"""A Map state in distributed mode: each item of a list in S3 is its own execution, with a maximum concurrency."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud import ExecutionEnded, LocalCloud, StateEvent, follow_execution
from local_cloud.tests.assembly_writer import write_assembly
from local_cloud.tests.jobs_under_test import Jobs
from local_cloud.tests.step_functions.distributed_maps import (
    WAIT,
    executions_of,
    mapped,
    started_for_each,
)

Run = Callable[..., dict[str, Any]]


def test_every_item_runs_once_within_the_maximum_concurrency(
    cloud: LocalCloud, jobs: Jobs, create: Any, run: Run, planned: Any
) -> None:
    child = create(WAIT)
    ended = run({"Each": mapped(started_for_each(child), bucket=jobs.bucket)}, planned(24, at_once=6))
    assert ended["status"] == "SUCCEEDED", ended
    results = json.loads(ended["output"])["results"]
    assert [result["i"] for result in results] == list(range(24))
    assert [result["output"]["partition"] for result in results] == [f"p{number}" for number in range(24)]
    executions = executions_of(cloud, child)
    assert len(executions) == 24
    changes = [(e["startDate"], 1) for e in executions] + [(e["stopDate"], -1) for e in executions]
    running = list(itertools.accumulate(change for _, change in sorted(changes)))
    assert 3 <= max(running) <= 6


def test_with_concurrency_one_items_run_in_order(
    cloud: LocalCloud, jobs: Jobs, create: Any, run: Run, planned: Any
) -> None:
    child, value = create({"Pass": {"Type": "Pass", "End": True}}), planned(5, at_once=1)
    run({"Each": mapped(started_for_each(child), bucket=jobs.bucket)}, value)
    newest_first = [execution["name"] for execution in executions_of(cloud, child)]
    assert newest_first == [f"{value['run']}-p{number}" for number in reversed(range(5))]


def test_an_item_has_its_own_execution_context(jobs: Jobs, run: Run, planned: Any) -> None:
    seen = {"id.$": "$$.Execution.Id", "name.$": "$$.Execution.Name", "input.$": "$$.Execution.Input"}
    processor = {"See": {"Type": "Pass", "Parameters": seen, "End": True}}
    ended = run({"Each": mapped(processor, bucket=jobs.bucket, Label="Partitions")}, planned(2))
    results = json.loads(ended["output"])["results"]
    machine = ended["stateMachineArn"].rpartition(":")[2]
    assert [result["id"].rpartition(":")[0].split(":execution:")[1] for result in results] == [
        f"{machine}/Partitions"
    ] * 2
    assert len({result["id"] for result in results}) == 2
    assert all(result["id"].endswith(f":{result['name']}") for result in results)
    assert [result["input"]["partition"] for result in results] == ["p0", "p1"]


def test_an_item_cannot_read_the_map_context(jobs: Jobs, run: Run, planned: Any) -> None:
    processor = {"See": {"Type": "Pass", "Parameters": {"index.$": "$$.Map.Item.Index"}, "End": True}}
    assert run({"Each": mapped(processor, bucket=jobs.bucket)}, planned(1))["status"] == "FAILED"


def test_concurrent_retries_have_separate_counts(jobs: Jobs, create: Any, run: Run, planned: Any) -> None:
    child = create(
        {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.attempt", "NumericLessThan": 2, "Next": "Fail"}],
                "Default": "Done",
            },
            "Done": {"Type": "Pass", "End": True},
            "Fail": {"Type": "Fail", "Error": "InputError"},
        }
    )
    item = started_for_each(child)
    item["Run"]["Retry"] = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 2, "IntervalSeconds": 1}]
    item["Run"]["Parameters"] |= {
        "Name.$": "States.Format('{}-{}', $.name, $$.State.RetryCount)",
        "Input": {"partition.$": "$.partition", "attempt.$": "$$.State.RetryCount"},
    }
    ended = run({"Each": mapped(item, bucket=jobs.bucket)}, planned(16, at_once=8))
    results = json.loads(ended["output"])["results"]
    expected = [{"partition": f"p{number}", "attempt": 2} for number in range(16)]
    assert [result.get("output") for result in results] == expected


def test_an_item_that_catches_a_failed_child_succeeds(jobs: Jobs, create: Any, run: Run, planned: Any) -> None:
    child = create(
        {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.partition", "StringEquals": "p1", "Next": "Fail"}],
                "Default": "Done",
            },
            "Done": {"Type": "Pass", "Result": "done", "End": True},
            "Fail": {"Type": "Fail", "Error": "InputError"},
        }
    )
    ended = run({"Each": mapped(started_for_each(child), bucket=jobs.bucket)}, planned(3))
    assert json.loads(ended["output"])["results"] == [
        {"i": 0, "output": "done"},
        {"i": 1, "error": "States.TaskFailed"},
        {"i": 2, "output": "done"},
    ]


@pytest.fixture
def deployed(cloud: LocalCloud, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Deploy parent and child as the CDK writes them: the definition is a joined text."""
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
    }
    each = mapped(started_for_each("<child>"), bucket="<bucket>")
    before, between, after = (
        json.dumps({"StartAt": "Each", "States": {"Each": each}})
        .replace("<bucket>", "<>")
        .replace("<child>", "<>")
        .split("<>")
    )

    def machine(*definition: Any) -> dict[str, Any]:
        properties = {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "DefinitionString": {"Fn::Join": ["", definition]}}
        return {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}

    template = {
        "Resources": {
            "Role": role,
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Child": machine(json.dumps({"StartAt": "Wait", "States": WAIT})),
            "Parent": machine(before, {"Ref": "Bucket"}, between, {"Ref": "Child"}, after),
        },
        "Outputs": {name: {"Value": {"Ref": name}} for name in ("Bucket", "Parent")},
    }
    yield cloud.deploy(write_assembly(tmp_path, template, stack="fleet"))["fleet"]
    cloud.client("cloudformation").delete_stack(StackName="fleet")


def test_a_deployed_map_can_be_followed(cloud: LocalCloud, deployed: dict[str, str]) -> None:
    items = [{"partition": "a"}, {"partition": "b"}]
    cloud.client("s3").put_object(Bucket=deployed["Bucket"], Key="plan.json", Body=json.dumps(items))
    started = cloud.client("stepfunctions").start_execution(
        stateMachineArn=deployed["Parent"], input=json.dumps({"run": "r", "key": "plan.json", "at_once": 2})
    )
    events = list(follow_execution(cloud.client, started["executionArn"], poll_seconds=0.05))
    assert [(e.state, e.change) for e in events if isinstance(e, StateEvent)] == [
        ("Each", "entered"),
        ("Each", "succeeded"),
    ]
    assert isinstance(events[-1], ExecutionEnded)
    assert [result["output"]["partition"] for result in events[-1].output["results"]] == ["a", "b"]
