"""The state machine's definition: a snapshot to read in a diff, and what must hold of it whatever it looks like.

After an intended change: `UPDATE_SNAPSHOT=1 pytest tests/infra/test_definition.py`, and read the diff.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from infra.sagemaker_job import LOCAL_DISKS
from tests.infra.conftest import ENVIRONMENTS

SNAPSHOT = Path(__file__).with_name("definition.prod.json")
Definitions = Callable[[str], dict[str, Any]]


def targets(state: dict[str, Any]) -> Iterator[str]:
    for holder in (state, *state.get("Choices", []), *state.get("Catch", [])):
        yield from (holder[key] for key in ("Next", "Default") if key in holder)


def reachable(definition: dict[str, Any], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += targets(definition["States"][name])
    return seen


def jobs(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: state for name, state in definition["States"].items() if name.startswith("TrainAndInfer")}


def test_the_definition_is_the_one_that_was_read(definition: Definitions) -> None:
    current = json.dumps(definition("prod"), indent=2, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(current)
    assert current == SNAPSHOT.read_text(), "if this change is meant: UPDATE_SNAPSHOT=1, and read the diff"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_state_is_there_and_reached_and_leads_to_an_end(definition: Definitions, environment: str) -> None:
    machine = definition(environment)
    states = machine["States"]
    assert {target for state in states.values() for target in targets(state)} <= states.keys()
    assert reachable(machine, machine["StartAt"]) == states.keys()
    ends = {name for name, state in states.items() if state["Type"] in ("Succeed", "Fail") or state.get("End")}
    assert ends == {"Succeeded", "AnotherHasIt", "FailedPlainly"}
    for name in states:
        assert reachable(machine, name) & ends, f"{name} leads nowhere"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_error_escapes(definition: Definitions, environment: str) -> None:
    states = definition(environment)["States"]
    for name, state in states.items():
        if state["Type"] == "Task" and name != "Failed":
            (catch,) = state["Catch"]
            assert catch["ErrorEquals"] == ["States.ALL"], name
            assert catch["ResultPath"].startswith("$."), f"{name} would lose the run's data"
            assert state["TimeoutSeconds"] > 0, name
            if name not in ("NotifySuccess", "CloseRun", "NotifyFailure"):
                assert "ExplainFailure" in reachable(definition(environment), catch["Next"]) | {"ExplainFailure"}
    assert states["NotifySuccess"]["Catch"][0]["Next"] == states["NotifySuccess"]["Next"] == "Succeeded"
    assert states["NotifyFailure"]["Catch"][0]["Next"] == states["NotifyFailure"]["Next"] == "Failed"
    assert states["CloseRun"]["Catch"][0]["Next"] == states["CloseRun"]["Next"] == "NotifyFailure"
    assert states["FailureUnexplained"]["Next"] == "CloseRun"
    (unable,) = states["Failed"]["Catch"]
    assert unable["Next"] == "FailedPlainly"
    assert not {"States.ALL", "States.TaskFailed"} & set(unable["ErrorEquals"])  # what it raises ends the execution
    assert (states["FailedPlainly"]["ErrorPath"], states["FailedPlainly"]["CausePath"]) == (
        "$.failure.error",
        "$.failure.cause",
    )


def test_a_redrive_begins_at_the_state_that_failed_and_goes_on_from_there(definition: Definitions) -> None:
    states = definition("prod")["States"]
    assert states["Failed"]["Parameters"] == {
        "failure.$": "$.failure",
        "redrives.$": "$$.Execution.RedriveCount",
        "redrives_before.$": "$.redrives",
        "data.$": "$",
    }
    assert states["Failed"]["Next"] == "FromWhere?"
    (rule,) = states["FromWhere?"]["Choices"]
    assert (rule["Variable"], rule["StringEquals"], rule["Next"]) == ("$.resume.from", "check", "CheckRun")
    assert states["FromWhere?"]["Default"] == "StartOver"
    assert states["StartOver"]["Next"] == "Plan"
    # Counted when it failed, and not before: what was aborted and redriven has not failed yet.
    counted = states["CountRedrives"]
    assert (counted["InputPath"], counted["ResultPath"]) == ("$$.Execution.RedriveCount", "$.redrives")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_retries_are_few_and_for_passing_faults_only(definition: Definitions, environment: str) -> None:
    for name, state in definition(environment)["States"].items():
        for retry in state.get("Retry", []):
            quota = "SageMaker.ResourceLimitExceeded" in retry["ErrorEquals"]
            assert retry["MaxAttempts"] <= (9 if quota else 4)
            assert retry["JitterStrategy"] == "FULL"
            if not name.startswith("Notify"):
                assert not {"States.ALL", "States.TaskFailed"} & set(retry["ErrorEquals"]), name
            if name.startswith("TrainAndInfer"):
                assert "States.Timeout" not in retry["ErrorEquals"], name


def test_the_instance_types_are_tried_in_order(definition: Definitions) -> None:
    machine = definition("prod")
    order = ["ml.m7i.large", "ml.m6i.large", "ml.m5.large"]
    assert machine["States"]["Plan"]["Next"] == "PublishByHand?"
    assert machine["States"]["PublishByHand?"]["Default"] == "Claim"
    (claimed,) = machine["States"]["Claimed?"]["Choices"]
    assert (claimed["Variable"], claimed["BooleanEquals"]) == ("$.claim.claimed", True)
    assert claimed["Next"] == "Preflight"
    assert machine["States"]["Preflight"]["Next"] == f"TrainAndInfer ({order[0]})"
    assert machine["States"]["Claimed?"]["Default"] == "AnotherHasIt"
    for choice, instance_type in enumerate(order):
        state = machine["States"][f"TrainAndInfer ({instance_type})"]
        assert state["Parameters"]["ResourceConfig"]["InstanceType"] == instance_type
        assert state["Parameters"]["TrainingJobName.$"] == (
            f"States.Format('{{}}-{{}}-{{}}-{{}}{choice}', $.plan.job_name, "
            "$$.Execution.RedriveCount, $$.State.RetryCount, $.faults.count)"
        )
        assert state["Catch"][0]["Next"] == f"Why not {instance_type}?"
        why = machine["States"][f"Why not {instance_type}?"]
        following = [f"TrainAndInfer ({each})" for each in order[choice + 1 : choice + 2]]
        assert [rule["Next"] for rule in why["Choices"]] == [*following, f"CountFault ({instance_type})"]
        assert why["Default"] == "CountRedrives"
        assert machine["States"][f"Pause ({instance_type})"]["Next"] == f"TrainAndInfer ({instance_type})"
        # Nobody waits for a quota while there is another type, which has one of its own.
        waits = [
            retry for retry in state["Retry"] if "SageMaker.ResourceLimitExceededException" in retry["ErrorEquals"]
        ]
        assert len(waits) == (0 if following else 1)


def test_what_spare_capacity_does_not_do_in_time_is_done_on_demand(definition: Definitions) -> None:
    states = definition("dev")["States"]
    spot, on_demand = "TrainAndInfer (ml.m5.large, spot)", "TrainAndInfer (ml.m5.large)"
    assert states["Preflight"]["Next"] == spot
    reclaimed = states[states[spot]["Next"]]
    assert [rule["Next"] for rule in reclaimed["Choices"]] == [on_demand]
    assert reclaimed["Default"] == states[on_demand]["Next"] == "JobCompleted?"
    assert states["Why not ml.m5.large, spot?"]["Choices"][0]["Next"] == on_demand


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_request_is_one_the_service_knows(definition: Definitions, environment: str) -> None:
    """Checked against the service's own model, with the fields the execution fills in."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape = model.operation_model("CreateTrainingJob").input_shape
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://data-bucket/demand/"}
    for state in jobs(definition(environment)).values():
        request = {name: value for name, value in state["Parameters"].items() if not name.endswith(".$")}
        request |= {
            "TrainingJobName": "onejob-dev-1",
            "RoleArn": "arn:aws:iam::123456789012:role/training",
            "HyperParameters": {"horizon": "12"},
            "InputDataConfig": [{"ChannelName": "demand", "DataSource": {"S3DataSource": source}}],
            "Environment": {"OUTPUT_URI": "s3://forecast-bucket", "PARTITION": "all"},
        }
        report = ParamValidator().validate(request, shape)
        assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_job_writes_to_the_partition_that_was_planned(definition: Definitions, environment: str) -> None:
    for state in jobs(definition(environment)).values():
        assert state["Parameters"]["Environment"] == {
            "OUTPUT_URI": "s3://<ForecastsBucket>",
            "PARTITION.$": "$.plan.partition",
        }


def test_the_limits_of_a_job_on_demand(definition: Definitions) -> None:
    for state in jobs(definition("prod")).values():
        parameters = state["Parameters"]
        assert parameters["EnableManagedSpotTraining"] is False
        assert parameters["StoppingCondition"] == {"MaxRuntimeInSeconds": 180 * 60}
        assert parameters["RetryStrategy"] == {"MaximumRetryAttempts": 2}
        assert state["TimeoutSeconds"] == (180 + 30) * 60
    # Three machines, each of them three times should the platform fail twice, four hours for a quota, one for the rest.
    assert definition("prod")["TimeoutSeconds"] == 3 * 3 * (180 + 30) * 60 + 5 * 3600


def test_the_limits_of_a_job_on_spare_capacity(definition: Definitions) -> None:
    spot, on_demand = jobs(definition("dev")).values()
    assert spot["Parameters"]["EnableManagedSpotTraining"] is True
    assert spot["Parameters"]["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 60 * 60,
        "MaxWaitTimeInSeconds": 120 * 60,
    }
    assert spot["TimeoutSeconds"] == (120 + 30) * 60
    assert on_demand["Parameters"]["EnableManagedSpotTraining"] is False
    assert on_demand["Parameters"]["StoppingCondition"] == {"MaxRuntimeInSeconds": 60 * 60}
    assert on_demand["TimeoutSeconds"] == (60 + 30) * 60


def test_only_query_language_and_paths_that_every_part_understands(definition: Definitions) -> None:
    text = json.dumps(definition("prod"))
    assert "JSONata" not in text
    assert "Assign" not in text


@pytest.mark.parametrize("family", ["m5d", "c6id", "m6idn", "r5dn", "p3dn", "g4dn", "g5", "g6e", "p4d", "p5", "trn1"])
def test_machines_with_disks_of_their_own_take_no_volume_key(family: str) -> None:
    assert LOCAL_DISKS.match(f"ml.{family}.xlarge")


@pytest.mark.parametrize("family", ["t3", "m4", "m5", "m5n", "m6i", "m7i", "c5n", "c7i", "r7i", "p3"])
def test_machines_without_disks_of_their_own_take_one(family: str) -> None:
    assert not LOCAL_DISKS.match(f"ml.{family}.xlarge")


def test_a_run_that_somebody_asked_for_is_neither_trained_nor_judged_but_checked(definition: Definitions) -> None:
    states = definition("prod")["States"]
    for name, by_hand, otherwise in (
        ("PublishByHand?", "TakeTheRun", "Claim"),
        ("LookedAt?", "Publish", "ApplyGate"),
    ):
        (rule,) = states[name]["Choices"]
        assert (rule["Variable"], rule["IsPresent"], rule["Next"]) == ("$.plan.publish", True, by_hand)
        assert states[name]["Default"] == otherwise
    assert states["TakeTheRun"]["Next"] == "CheckRun"
    assert states["CheckRun"]["Next"] == "ClaimCutoff"
    assert states["ClaimCutoff"]["Next"] == "CutoffClaimed?"
    (claimed,) = states["CutoffClaimed?"]["Choices"]
    assert (claimed["Next"], states["CutoffClaimed?"]["Default"]) == ("LookedAt?", "AnotherHasIt")
    assert states["ApplyGate"]["Next"] == "Publish"
