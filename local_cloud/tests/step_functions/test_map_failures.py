"""Items of a distributed Map that fail, are stopped, or cannot be read."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local_cloud import LocalCloud, wait_for_execution
from local_cloud.tests.jobs_under_test import Jobs
from local_cloud.tests.step_functions.distributed_maps import (
    WAIT_LONG,
    events_of,
    executions_of,
    mapped,
    started_for_each,
    wait_for_running,
)

Run = Callable[..., dict[str, Any]]


def _failing_at(index: int) -> dict[str, Any]:
    choices = [{"Variable": "$.index", "NumericEquals": index, "Next": "Fail"}]
    return {
        "Which": {"Type": "Choice", "Choices": choices, "Default": "Done"},
        "Done": {"Type": "Pass", "Result": "done", "End": True},
        "Fail": {"Type": "Fail", "Error": "InputError"},
    }


def test_a_failed_item_fails_the_state(cloud: LocalCloud, jobs: Jobs, run: Run, planned: Any) -> None:
    ended = run({"Each": mapped(_failing_at(1), bucket=jobs.bucket)}, planned(3, at_once=1))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert "MapRunFailed" in events_of(cloud, ended["executionArn"])


def test_a_tolerated_failed_item_is_counted_and_omitted(cloud: LocalCloud, jobs: Jobs, run: Run, planned: Any) -> None:
    state = mapped(_failing_at(1), bucket=jobs.bucket, ToleratedFailurePercentage=100)
    ended = run({"Each": state}, planned(3, at_once=1))
    assert json.loads(ended["output"]) == {"results": ["done", "done"]}
    assert "MapRunSucceeded" in events_of(cloud, ended["executionArn"])
    workflows = cloud.client("stepfunctions")
    (map_run,) = workflows.list_map_runs(executionArn=ended["executionArn"])["mapRuns"]
    description = workflows.describe_map_run(mapRunArn=map_run["mapRunArn"])
    assert description["status"] == "SUCCEEDED"
    for counts in (description["itemCounts"], description["executionCounts"]):
        assert (counts["total"], counts["succeeded"], counts["failed"], counts["running"]) == (3, 2, 1, 0)


def test_all_items_may_fail_at_100_percent(jobs: Jobs, run: Run, planned: Any) -> None:
    fail = {"Fail": {"Type": "Fail", "Error": "InputError"}}
    ended = run({"Each": mapped(fail, bucket=jobs.bucket, ToleratedFailurePercentage=100)}, planned(3))
    assert json.loads(ended["output"]) == {"results": []}


@pytest.mark.parametrize(
    "tolerated", [{"ToleratedFailureCount": 1}, {"ToleratedFailurePercentage": 50}, {"ToleratedFailurePercentage": 99}]
)
def test_other_tolerated_failures_are_refused(jobs: Jobs, run: Run, planned: Any, tolerated: dict[str, int]) -> None:
    ended = run({"Each": mapped(_failing_at(1), bucket=jobs.bucket, **tolerated)}, planned(3))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "the local cloud supports only" in ended["cause"]


def test_a_failed_item_stops_the_others(cloud: LocalCloud, jobs: Jobs, create: Any, run: Run, planned: Any) -> None:
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
    executions = executions_of(cloud, child)
    assert len(executions) == 3  # the remaining items do not start
    ended = [wait_for_execution(cloud.client, execution["executionArn"]) for execution in executions]
    assert {execution["status"] for execution in ended} == {"ABORTED"}


def test_stopping_the_parent_stops_the_children(
    cloud: LocalCloud, jobs: Jobs, create: Any, start: Any, planned: Any
) -> None:
    child = create(WAIT_LONG)
    parent = start({"Each": mapped(started_for_each(child), bucket=jobs.bucket)}, planned(9, at_once=3))
    wait_for_running(cloud, child, 3)
    cloud.client("stepfunctions").stop_execution(executionArn=parent)
    assert wait_for_execution(cloud.client, parent)["status"] == "ABORTED"
    assert [execution["status"] for execution in executions_of(cloud, child)] == ["ABORTED"] * 3
    assert events_of(cloud, parent)[-2:] == ["MapRunAborted", "ExecutionAborted"]


def test_an_empty_list_starts_no_executions(jobs: Jobs, run: Run, planned: Any) -> None:
    ended = run({"Each": mapped(_failing_at(0), bucket=jobs.bucket)}, planned(0))
    assert json.loads(ended["output"]) == {"results": []}


@pytest.mark.parametrize("text", ["not JSON", '{"a": "list"}'])
def test_content_that_is_not_a_list_cannot_be_read(jobs: Jobs, run: Run, planned: Any, text: str) -> None:
    ended = run({"Each": mapped(_failing_at(0), bucket=jobs.bucket)}, planned(1, text=text))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.ItemReaderFailed")


def test_a_missing_list_cannot_be_read(jobs: Jobs, run: Run, planned: Any) -> None:
    caught = {"Catch": [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Caught"}]}
    states = {
        "Each": mapped(_failing_at(0), bucket=jobs.bucket, **caught),
        "Caught": {"Type": "Pass", "Parameters": {"cause.$": "$.Cause"}, "End": True},
    }
    assert "NoSuchKey" in run(states, planned(1) | {"key": "plans/missing.json"})["output"]


def test_an_item_selector_without_a_match_fails_the_state(jobs: Jobs, run: Run, planned: Any) -> None:
    state = mapped(_failing_at(0), bucket=jobs.bucket, ItemSelector={"x.$": "$$.Map.Item.Value.missing"})
    assert run({"Each": state}, planned(2))["error"] == "States.Runtime"
