"""A Map state in distributed mode: each item of a list in S3 is an execution of its own, so many at a time."""

import itertools
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud import ExecutionEnded, LocalCloud, StateEvent, follow_execution, wait_for_execution
from local_cloud.tests.assembly_writer import write_assembly
from local_cloud.tests.jobs_under_test import Jobs

Run = Callable[..., dict[str, Any]]
WAIT = {"Wait": {"Type": "Wait", "Seconds": 20, "End": True}}  # 0.2 seconds here
WAIT_LONG = {"Wait": {"Type": "Wait", "Seconds": 100_000, "End": True}}
RESULTS = {"results.$": "$"}


def mapped(processor: dict[str, Any], *, bucket: str, **settings: Any) -> dict[str, Any]:
    """A Map state whose items are in `$.key`, `$.at_once` at a time."""
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": bucket, "Key.$": "$.key"},
        },
        "ItemSelector": {
            "run.$": "$.run",
            "index.$": "$$.Map.Item.Index",
            "partition.$": "$$.Map.Item.Value.partition",
            "name.$": "States.Format('{}-{}', $.run, $$.Map.Item.Value.partition)",
        },
        "MaxConcurrencyPath": "$.at_once",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": next(iter(processor)),
            "States": processor,
        },
        "ResultSelector": RESULTS,
        "End": True,
        **settings,
    }


def started_for_each(child: Any) -> dict[str, Any]:
    """An item's states: it starts an execution, and ends well whatever becomes of that."""
    return {
        "Run": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {
                "StateMachineArn": child,
                "Name.$": "$.name",
                "Input": {
                    "partition.$": "$.partition",
                    "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
                },
            },
            "ResultSelector": {"status.$": "$.Status", "output.$": "$.Output"},
            "ResultPath": "$.child",
            "Retry": [{"ErrorEquals": ["StepFunctions.ExecutionLimitExceededException"], "MaxAttempts": 3}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Failed"}],
            "Next": "Done",
        },
        "Done": {"Type": "Pass", "Parameters": {"i.$": "$.index", "output.$": "$.child.output"}, "End": True},
        "Failed": {"Type": "Pass", "Parameters": {"i.$": "$.index", "error.$": "$.error.Error"}, "End": True},
    }


@pytest.fixture
def planned(cloud: LocalCloud, jobs: Jobs) -> Callable[..., dict[str, Any]]:
    """The input of a run: `count` partitions, planned in S3."""

    def planned(count: int, *, at_once: int = 4, text: str | None = None) -> dict[str, Any]:
        run = f"run-{uuid.uuid4().hex[:8]}"
        body = text or json.dumps([{"partition": f"p{number}"} for number in range(count)])
        cloud.client("s3").put_object(Bucket=jobs.bucket, Key=f"plans/{run}.json", Body=body)
        return {"run": run, "key": f"plans/{run}.json", "at_once": at_once}

    return planned


def _executions(cloud: LocalCloud, machine: str) -> list[dict[str, Any]]:
    pages = cloud.client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=machine)
    return [execution for page in pages for execution in page["executions"]]


def _wait_for_running(cloud: LocalCloud, machine: str, count: int) -> None:
    while sum(execution["status"] == "RUNNING" for execution in _executions(cloud, machine)) < count:
        pass


def _events(cloud: LocalCloud, execution: str) -> list[str]:
    pages = cloud.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
    return [event["type"] for page in pages for event in page["events"]]


def test_every_item_is_run_once_and_so_many_at_a_time(
    cloud: LocalCloud, jobs: Jobs, create: Any, run: Run, planned: Any
) -> None:
    child = create(WAIT)
    ended = run({"Each": mapped(started_for_each(child), bucket=jobs.bucket)}, planned(24, at_once=6))
    assert ended["status"] == "SUCCEEDED", ended
    results = json.loads(ended["output"])["results"]
    assert [result["i"] for result in results] == list(range(24))
    assert [result["output"]["partition"] for result in results] == [f"p{number}" for number in range(24)]
    executions = _executions(cloud, child)
    assert len(executions) == 24
    changes = [(e["startDate"], 1) for e in executions] + [(e["stopDate"], -1) for e in executions]
    running = list(itertools.accumulate(change for _, change in sorted(changes)))
    assert 3 <= max(running) <= 6


def test_one_at_a_time_is_in_order(cloud: LocalCloud, jobs: Jobs, create: Any, run: Run, planned: Any) -> None:
    child, value = create({"Pass": {"Type": "Pass", "End": True}}), planned(5, at_once=1)
    run({"Each": mapped(started_for_each(child), bucket=jobs.bucket)}, value)
    newest_first = [execution["name"] for execution in _executions(cloud, child)]
    assert newest_first == [f"{value['run']}-p{number}" for number in reversed(range(5))]


def test_an_item_is_an_execution_of_its_own(jobs: Jobs, run: Run, planned: Any) -> None:
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


def test_what_is_of_the_map_is_not_seen_in_an_item(jobs: Jobs, run: Run, planned: Any) -> None:
    processor = {"See": {"Type": "Pass", "Parameters": {"index.$": "$$.Map.Item.Index"}, "End": True}}
    assert run({"Each": mapped(processor, bucket=jobs.bucket)}, planned(1))["status"] == "FAILED"


def test_items_that_are_retried_at_once_do_not_disturb_one_another(
    jobs: Jobs, create: Any, run: Run, planned: Any
) -> None:
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


def test_an_item_whose_child_fails_ends_well(jobs: Jobs, create: Any, run: Run, planned: Any) -> None:
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


def _failing_at(index: int) -> dict[str, Any]:
    choices = [{"Variable": "$.index", "NumericEquals": index, "Next": "Fail"}]
    return {
        "Which": {"Type": "Choice", "Choices": choices, "Default": "Done"},
        "Done": {"Type": "Pass", "Result": "done", "End": True},
        "Fail": {"Type": "Fail", "Error": "InputError"},
    }


def test_an_item_that_fails_fails_the_state(cloud: LocalCloud, jobs: Jobs, run: Run, planned: Any) -> None:
    ended = run({"Each": mapped(_failing_at(1), bucket=jobs.bucket)}, planned(3, at_once=1))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert "MapRunFailed" in _events(cloud, ended["executionArn"])


def test_where_all_may_fail_one_that_does_is_counted_and_left_out(
    cloud: LocalCloud, jobs: Jobs, run: Run, planned: Any
) -> None:
    state = mapped(_failing_at(1), bucket=jobs.bucket, ToleratedFailurePercentage=100)
    ended = run({"Each": state}, planned(3, at_once=1))
    assert json.loads(ended["output"]) == {"results": ["done", "done"]}
    assert "MapRunSucceeded" in _events(cloud, ended["executionArn"])
    workflows = cloud.client("stepfunctions")
    (map_run,) = workflows.list_map_runs(executionArn=ended["executionArn"])["mapRuns"]
    described = workflows.describe_map_run(mapRunArn=map_run["mapRunArn"])
    assert described["status"] == "SUCCEEDED"
    for counts in (described["itemCounts"], described["executionCounts"]):
        assert (counts["total"], counts["succeeded"], counts["failed"], counts["running"]) == (3, 2, 1, 0)


def test_where_all_may_fail_all_can(jobs: Jobs, run: Run, planned: Any) -> None:
    fail = {"Fail": {"Type": "Fail", "Error": "InputError"}}
    ended = run({"Each": mapped(fail, bucket=jobs.bucket, ToleratedFailurePercentage=100)}, planned(3))
    assert json.loads(ended["output"]) == {"results": []}


@pytest.mark.parametrize(
    "tolerated", [{"ToleratedFailureCount": 1}, {"ToleratedFailurePercentage": 50}, {"ToleratedFailurePercentage": 99}]
)
def test_other_tolerated_failures_are_not_known(jobs: Jobs, run: Run, planned: Any, tolerated: dict[str, int]) -> None:
    ended = run({"Each": mapped(_failing_at(1), bucket=jobs.bucket, **tolerated)}, planned(3))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "known to the local cloud" in ended["cause"]


def test_an_item_that_fails_stops_the_others(
    cloud: LocalCloud, jobs: Jobs, create: Any, run: Run, planned: Any
) -> None:
    child = create(WAIT_LONG)
    item = started_for_each(child)
    first = {
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.index", "NumericEquals": 3, "Next": "Late"}],
            "Default": "Run",
        },
        "Late": {"Type": "Wait", "Seconds": 50, "Next": "Fail"},
        "Fail": {"Type": "Fail", "Error": "InputError"},
    }
    caught = {"Catch": [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}]}
    states = {
        "Each": mapped({**first, **item}, bucket=jobs.bucket, **caught),
        "Caught": {"Type": "Pass", "Result": "caught", "End": True},
    }
    assert json.loads(run(states, planned(9, at_once=4))["output"]) == "caught"
    executions = _executions(cloud, child)
    assert len(executions) == 3  # what had not been begun is not begun any more
    ended = [wait_for_execution(cloud.client, execution["executionArn"]) for execution in executions]
    assert {execution["status"] for execution in ended} == {"ABORTED"}


def test_stopping_the_parent_stops_the_children(
    cloud: LocalCloud, jobs: Jobs, create: Any, start: Any, planned: Any
) -> None:
    child = create(WAIT_LONG)
    parent = start({"Each": mapped(started_for_each(child), bucket=jobs.bucket)}, planned(9, at_once=3))
    _wait_for_running(cloud, child, 3)
    cloud.client("stepfunctions").stop_execution(executionArn=parent)
    assert wait_for_execution(cloud.client, parent)["status"] == "ABORTED"
    assert [execution["status"] for execution in _executions(cloud, child)] == ["ABORTED"] * 3
    assert _events(cloud, parent)[-2:] == ["MapRunAborted", "ExecutionAborted"]


def test_no_items_are_no_executions(jobs: Jobs, run: Run, planned: Any) -> None:
    ended = run({"Each": mapped(_failing_at(0), bucket=jobs.bucket)}, planned(0))
    assert json.loads(ended["output"]) == {"results": []}


@pytest.mark.parametrize("text", ["no JSON", '{"a": "list"}'])
def test_what_is_no_list_cannot_be_read(jobs: Jobs, run: Run, planned: Any, text: str) -> None:
    ended = run({"Each": mapped(_failing_at(0), bucket=jobs.bucket)}, planned(1, text=text))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.ItemReaderFailed")


def test_a_list_that_is_not_there_cannot_be_read(jobs: Jobs, run: Run, planned: Any) -> None:
    caught = {"Catch": [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Caught"}]}
    states = {
        "Each": mapped(_failing_at(0), bucket=jobs.bucket, **caught),
        "Caught": {"Type": "Pass", "Parameters": {"cause.$": "$.Cause"}, "End": True},
    }
    assert "NoSuchKey" in run(states, planned(1) | {"key": "plans/missing.json"})["output"]


def test_an_item_selector_that_finds_nothing_is_the_states_own_error(jobs: Jobs, run: Run, planned: Any) -> None:
    state = mapped(_failing_at(0), bucket=jobs.bucket, ItemSelector={"x.$": "$$.Map.Item.Value.missing"})
    assert run({"Each": state}, planned(2))["error"] == "States.Runtime"


@pytest.fixture
def deployed(cloud: LocalCloud, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Parent and child as the CDK writes them: the definition a text joined of parts."""
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


def test_a_deployed_one_is_followed(cloud: LocalCloud, deployed: dict[str, str]) -> None:
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
