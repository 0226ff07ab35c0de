"""The state machine's definition: a snapshot, and properties that must hold after every change.

After an intended change, run `UPDATE_SNAPSHOT=1 pytest tests/infra/test_definition.py` and read the diff.
"""

import io
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from contract.environments.before_job import PlanFleetEnvironment
from contract.job_start import FLEET_INPUTS
from contract.limits import MAX_INSTANCES
from infra.jobs.retries import MAX_FAULTS, QUOTA_ATTEMPTS, REFUSAL_ATTEMPTS
from infra.settings.loader import load_settings
from lambdas.plan_fleet.handler import plan_fleet as typed_plan_fleet
from tests.infra.conftest import ENVIRONMENTS, readable, resources
from tests.synthesis import ROOT, Assembly

# The tests pass only the keys that the function reads, not a whole state.
plan_fleet: Any = typed_plan_fleet

SNAPSHOT = Path(__file__).with_name("definition.prod.json")
WITH_A_FLEET = tuple(name for name in ENVIRONMENTS if load_settings(name, ROOT / "environments").fleet is not None)
# All executions of a function are in use.
THROTTLED = ["Lambda.TooManyRequestsException"]
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


def fleets(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: state for name, state in definition["States"].items() if name.startswith("Fleet (")}


def filled_in(parameters: Any, values: dict[str, Any]) -> Any:
    """Return a request as the service gets it, with values for paths and intrinsic functions."""
    if isinstance(parameters, list):
        return [filled_in(each, values) for each in parameters]
    if not isinstance(parameters, dict):
        return parameters
    return {
        name.removesuffix(".$"): values[value] if name.endswith(".$") else filled_in(value, values)
        for name, value in parameters.items()
    }


def validated(operation: str, request: dict[str, Any]) -> None:
    """Validate a request against the service's model."""
    shape = botocore.session.get_session().get_service_model("sagemaker").operation_model(operation).input_shape
    assert shape is not None
    report = ParamValidator().validate({**request, "RoleArn": "arn:aws:iam::123456789012:role/job"}, shape)
    assert not report.has_errors(), report.generate_report()


def job_name(state: dict[str, Any], kind: str, *, redrives: int = 0, retries: int = 0, faults: int = 0) -> str:
    """Return the name of the state's job, for the longest name of a deployment."""
    intrinsic = state["Parameters"][f"{kind}JobName.$"]
    match = re.fullmatch(
        r"States\.Format\('(.*)', \$\.plan\.job_name, \$\$\.Execution\.RedriveCount, "
        r"\$\$\.State\.RetryCount, \$\.faults\.count\)",
        intrinsic,
    )
    assert match is not None, intrinsic
    return match[1].format("fifteenletters1-environment1-20261118-093005-0a1b2c3", redrives, retries, faults)


def test_the_definition_matches_the_snapshot(definition: Definitions) -> None:
    current = json.dumps(definition("prod"), indent=2, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(current)
    assert current == SNAPSHOT.read_text(), "if the change is intended, set UPDATE_SNAPSHOT=1 and read the diff"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_state_is_reachable_and_leads_to_an_end(definition: Definitions, environment: str) -> None:
    machine = definition(environment)
    states = machine["States"]
    assert {target for state in states.values() for target in targets(state)} <= states.keys()
    assert reachable(machine, machine["StartAt"]) == states.keys()
    ends = {name for name, state in states.items() if state["Type"] in ("Succeed", "Fail") or state.get("End")}
    assert ends == {"Succeeded", "AlreadyClaimed", "FailWithoutRedrive"}
    for name in states:
        assert reachable(machine, name) & ends, f"{name} leads nowhere"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_task_catches_all_errors(definition: Definitions, environment: str) -> None:
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
    assert states["CloseRun"]["Catch"][0]["Next"] == states["CloseRun"]["Next"] == "FailedInPartitionRun?"
    assert states["FailureUnexplained"]["Next"] == "CloseRun"
    (unable,) = states["Failed"]["Catch"]
    assert unable["Next"] == "FailWithoutRedrive"
    assert not {"States.ALL", "States.TaskFailed"} & set(unable["ErrorEquals"])  # its own errors end the execution
    assert (states["FailWithoutRedrive"]["ErrorPath"], states["FailWithoutRedrive"]["CausePath"]) == (
        "$.failure.error",
        "$.failure.cause",
    )


def test_a_redrive_starts_at_failed_and_continues_at_the_resume_point(definition: Definitions) -> None:
    states = definition("prod")["States"]
    assert states["Failed"]["Parameters"] == {
        "failure.$": "$.failure",
        "redrives.$": "$$.Execution.RedriveCount",
        "redrives_before.$": "$.redrives",
        "data.$": "$",
    }
    assert states["Failed"]["Next"] == "ResumePoint?"
    rules = states["ResumePoint?"]["Choices"]
    assert [(rule["Variable"], rule["StringEquals"], rule["Next"]) for rule in rules] == [
        ("$.resume.from", "check", "CheckRun"),
        ("$.resume.from", "fleet", "ClaimAgain"),
    ]
    # The attempt has ended, so the execution claims the run again: two fleets must not write one run.
    again = states["ClaimAgain"]
    assert {name: again[name] for name in ("Resource", "ResultPath", "Next")} == {
        "Resource": states["Claim"]["Resource"],
        "ResultPath": "$.claim",
        "Next": "ClaimedAgain?",
    }
    (rule,) = states["ClaimedAgain?"]["Choices"]
    assert (rule["Variable"], rule["BooleanEquals"], rule["Next"]) == ("$.claim.claimed", True, "PlanFleet")
    assert states["ClaimedAgain?"]["Default"] == "AlreadyClaimed"
    assert states["ResumePoint?"]["Default"] == "Restart"
    assert states["Restart"]["Next"] == "Plan"
    # The redrives are counted at the failure. Redrives of an aborted execution are not redrives of a failed one.
    counted = states["CountRedrives"]
    assert (counted["InputPath"], counted["ResultPath"]) == ("$$.Execution.RedriveCount", "$.redrives")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_retries_are_few_and_only_for_temporary_errors(definition: Definitions, environment: str) -> None:
    for name, state in definition(environment)["States"].items():
        for retry in state.get("Retry", []):
            assert retry["JitterStrategy"] == "FULL"
            if not name.startswith("Notify"):
                assert not {"States.ALL", "States.TaskFailed"} & set(retry["ErrorEquals"]), name
            if name.startswith(("TrainAndInfer", "Fleet (")):
                # A blind retry would also repeat a request for a type that the region lacks.
                assert all(error.startswith("SageMaker.ResourceLimitExceeded") for error in retry["ErrorEquals"])
                assert retry["MaxAttempts"] == QUOTA_ATTEMPTS == 9
            elif retry["ErrorEquals"] != THROTTLED:
                assert retry["MaxAttempts"] <= 4


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_functions_wait_for_the_executions_of_other_partitions(definition: Definitions, environment: str) -> None:
    """Hundreds of partitions need more than the few retries after other errors."""
    calls = [state for state in definition(environment)["States"].values() if "Function" in state.get("Resource", "")]
    assert len(calls) >= 10
    for state in calls:
        (retry,) = (retry for retry in state["Retry"] if "Lambda.TooManyRequestsException" in retry["ErrorEquals"])
        assert (retry["ErrorEquals"], retry["MaxAttempts"], retry["MaxDelaySeconds"]) == (THROTTLED, 12, 120)


def test_the_instance_types_are_tried_in_order(definition: Definitions) -> None:
    machine = definition("prod")
    order = ["ml.m7i.large", "ml.m6i.large", "ml.m5.large"]
    assert machine["States"]["Plan"]["Next"] == "PublishByHand?"
    assert machine["States"]["PublishByHand?"]["Default"] == "Claim"
    (claimed,) = machine["States"]["Claimed?"]["Choices"]
    assert (claimed["Variable"], claimed["BooleanEquals"]) == ("$.claim.claimed", True)
    # A run with a reusable handover skips Preflight.
    assert claimed["Next"] == "IsHandedOver?"
    assert machine["States"]["IsHandedOver?"]["Default"] == "Preflight"
    assert machine["States"]["Preflight"]["Next"] == f"TrainAndInfer ({order[0]})"
    assert machine["States"]["Claimed?"]["Default"] == "AlreadyClaimed"
    for choice, instance_type in enumerate(order):
        state = machine["States"][f"TrainAndInfer ({instance_type})"]
        assert state["Parameters"]["ResourceConfig"]["InstanceType"] == instance_type
        assert state["Parameters"]["TrainingJobName.$"] == (
            f"States.Format('{{}}-{{}}-{{}}-{{}}{choice}', $.plan.job_name, "
            "$$.Execution.RedriveCount, $$.State.RetryCount, $.faults.count)"
        )
        assert state["Catch"][0]["Next"] == f"ClassifyFailure ({instance_type})"
        classify = machine["States"][f"ClassifyFailure ({instance_type})"]
        following = [f"TrainAndInfer ({each})" for each in order[choice + 1 : choice + 2]]
        repeated = [f"CountRefusal ({instance_type})", f"CountPlatformRetry ({instance_type})"]
        assert [rule["Next"] for rule in classify["Choices"]] == [*following, *repeated]
        assert classify["Default"] == "CountRedrives"
        assert machine["States"][f"Pause ({instance_type})"]["Next"] == f"TrainAndInfer ({instance_type})"
        # Only the last type waits for its quota, because each type has its own.
        waits = [
            retry
            for retry in state.get("Retry", [])
            if "SageMaker.ResourceLimitExceededException" in retry["ErrorEquals"]
        ]
        assert len(waits) == (0 if following else 1)


def test_an_interrupted_spot_job_is_repeated_on_demand(definition: Definitions) -> None:
    states = definition("dev")["States"]
    spot, on_demand = "TrainAndInfer (ml.m5.large, spot)", "TrainAndInfer (ml.m5.large)"
    assert states["Preflight"]["Next"] == spot
    reclaimed = states[states[spot]["Next"]]
    assert [rule["Next"] for rule in reclaimed["Choices"]] == [on_demand]
    assert reclaimed["Default"] == states[on_demand]["Next"] == "JobCompleted?"
    assert states["ClassifyFailure (ml.m5.large, spot)"]["Choices"][0]["Next"] == on_demand


def planned_fleet(instances: int) -> Any:
    """Return PlanFleet's answer for a run with the longest name."""
    chunks = [{"number": number, "series": 1000, "bytes": 10**6, "sha256": ""} for number in range(MAX_INSTANCES)]
    handover = io.BytesIO(json.dumps({"chunks": chunks, "shared_bytes": 0}).encode())

    def listed(prefix: str) -> Any:
        names = [f"chunk-{chunk['number']:05d}.tar" for chunk in chunks] if prefix.endswith("/chunks/") else []
        return {"Contents": [{"Key": prefix + name} for name in names]}

    s3 = SimpleNamespace(
        get_object=lambda **_asked: {"Body": handover},
        list_objects_v2=lambda **asked: {"Contents": [{"Key": asked["Prefix"]}]},
        get_paginator=lambda _name: SimpleNamespace(paginate=lambda **asked: [listed(asked["Prefix"])]),
    )
    plan = {"partition": "p" * 64, "fleet_instances": instances, "model": None}
    environment = PlanFleetEnvironment(
        deployment="onejob-prod",
        forecast_bucket="forecast-bucket",
        table="onejob-prod-runs",
        instance_types=("ml.m6i.2xlarge", "ml.m5.2xlarge"),
        deadline_minutes=None,
        volume_gb=50,
        hourly_prices={},
    )
    state = {"plan": plan, "job": {"name": "r" * 63}}
    return plan_fleet(state, environment=environment, runs=[], quotas={}, s3=s3)


def values_of(*, mode: str = "train", instances: int = 1) -> dict[str, Any]:
    """Return the values that the execution fills in."""
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://data-bucket/demand/"}
    fleet = planned_fleet(instances)
    return {
        "$.plan.hyperparameters": {"horizon": "12"},
        "$.plan.channels": [{"ChannelName": "demand", "DataSource": {"S3DataSource": source}}],
        "$.plan.partition": "all",
        "$.plan.mode": mode,
        "$.plan.environment.PARTITION": "all",
        "$.plan.environment.MODEL_SHA256": "0" * 64 if mode == "infer" else "",
        "$.plan.environment.MIN_CHUNKS": "",
        "$.job.name": "r" * 63,
        **{f"$.fleet.{name}": value for name, value in fleet.items()},
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("mode", ["train", "infer"])
def test_the_training_request_is_valid(definition: Definitions, environment: str, mode: str) -> None:
    """The service's own model validates the request with the execution's values."""
    for state in jobs(definition(environment)).values():
        name = state["Parameters"]["TrainingJobName.$"]
        request = filled_in(state["Parameters"], {**values_of(mode=mode), name: job_name(state, "Training")})
        validated("CreateTrainingJob", request)
        assert request["Environment"]["MODE"] == mode


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_job_gets_its_environment_from_the_plan(definition: Definitions, environment: str) -> None:
    for state in jobs(definition(environment)).values():
        assert state["Parameters"]["Environment"] == {
            "OUTPUT_URI": "s3://<ForecastsBucket>",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "MODE.$": "$.plan.mode",
            "PARTITION.$": "$.plan.environment.PARTITION",
            "MODEL_SHA256.$": "$.plan.environment.MODEL_SHA256",
            "MIN_CHUNKS.$": "$.plan.environment.MIN_CHUNKS",
        }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_attempt_has_a_unique_name_within_the_limit(definition: Definitions, environment: str) -> None:
    machine = definition(environment)
    for kind, states in (("Training", jobs(machine)), ("Processing", fleets(machine))):
        first = {job_name(state, kind) for state in states.values()}
        assert len(first) == len(states)
        for state in states.values():
            counts = {"retries": QUOTA_ATTEMPTS, "faults": REFUSAL_ATTEMPTS + MAX_FAULTS}
            assert len(job_name(state, kind, redrives=1_000, **counts)) <= 63
            counted = ({"redrives": 1}, {"retries": 1}, {"faults": 1})
            assert len({job_name(state, kind, **each) for each in counted} | first) == 3 + len(first)


def test_limits_of_an_on_demand_job(definition: Definitions) -> None:
    for state in jobs(definition("prod")).values():
        parameters = state["Parameters"]
        assert parameters["EnableManagedSpotTraining"] is False
        assert parameters["StoppingCondition"] == {"MaxRuntimeInSeconds": 180 * 60}
        assert state["TimeoutSeconds"] == (180 + 30) * 60
    # Three instance types with up to three attempts each (two platform faults), and four hours for a quota. The fleet
    # has two types with as many attempts, and as long for its quota. All other states have one hour.
    of_the_fleet = 2 * 3 * (120 + 30) * 60 + 4 * 3600
    assert definition("prod")["TimeoutSeconds"] == 3 * 3 * (180 + 30) * 60 + of_the_fleet + 5 * 3600


def test_limits_of_a_spot_job(definition: Definitions) -> None:
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


@pytest.mark.parametrize("environment", WITH_A_FLEET)
@pytest.mark.parametrize("instances", [1, MAX_INSTANCES])
def test_the_fleets_request_is_valid(definition: Definitions, environment: str, instances: int) -> None:
    for state in fleets(definition(environment)).values():
        name = state["Parameters"]["ProcessingJobName.$"]
        values = {**values_of(instances=instances), name: job_name(state, "Processing")}
        request = filled_in(state["Parameters"], values)
        validated("CreateProcessingJob", request)
        assert request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == instances
        assert request["AppSpecification"]["ContainerEntrypoint"] == ["python", "-m", "job_code"]
        assert request["AppSpecification"]["ContainerArguments"] == ["fleet"]
        # A prefix without a slash would match other prefixes that begin with the same letters.
        assert all(each["S3Input"]["S3Uri"].endswith("/") for each in request["ProcessingInputs"])
        assert request["Environment"] == {
            "OUTPUT_URI": "s3://<ForecastsBucket>",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "PARTITION": "all",
            "RUN_ID": "r" * 63,
        }


@pytest.mark.parametrize("environment", WITH_A_FLEET)
def test_instances_divide_the_chunks_and_share_the_other_inputs(definition: Definitions, environment: str) -> None:
    for state in fleets(definition(environment)).values():
        inputs = {each["InputName"]: each["S3Input"] for each in state["Parameters"]["ProcessingInputs"]}
        assert {name: each["S3DataDistributionType"] for name, each in inputs.items()} == {
            "chunks": "ShardedByS3Key",
            "shared": "FullyReplicated",
            "model": "FullyReplicated",
        }
        assert {each["LocalPath"] for each in inputs.values()} == {
            f"/opt/ml/processing/input/{name}" for name in FLEET_INPUTS
        }
        assert {(each["S3DataType"], each["S3InputMode"]) for each in inputs.values()} == {("S3Prefix", "File")}
        assert {name: each["S3Uri.$"] for name, each in inputs.items()} == {name: f"$.fleet.{name}" for name in inputs}


def test_the_fleets_types_are_tried_in_order_and_the_last_waits_for_quota(definition: Definitions) -> None:
    states = definition("prod")["States"]
    order = ["ml.m6i.2xlarge", "ml.m5.2xlarge"]
    assert states["PlanFleet"]["Next"] == f"Fleet ({order[0]})"
    assert list(fleets(definition("prod"))) == [f"Fleet ({each})" for each in reversed(order)]
    for choice, instance_type in enumerate(order):
        state = states[f"Fleet ({instance_type})"]
        cluster = state["Parameters"]["ProcessingResources"]["ClusterConfig"]
        assert cluster == {
            "InstanceType": instance_type,
            "InstanceCount.$": f"$.fleet.instances_of_{choice}",
            "VolumeSizeInGB": 50,
            "VolumeKmsKeyId": "<EncryptionKey.Arn>",
        }
        classify = states[f"ClassifyFailure ({instance_type} (fleet))"]
        assert state["Catch"][0]["Next"] == f"ClassifyFailure ({instance_type} (fleet))"
        following = [f"Fleet ({each})" for each in order[choice + 1 : choice + 2]]
        repeated = [f"{count} ({instance_type} (fleet))" for count in ("CountRefusal", "CountPlatformRetry")]
        assert [rule["Next"] for rule in classify["Choices"]] == [*following, *repeated]
        assert classify["Default"] == "CountRedrives"
        pause = f"Pause ({instance_type} (fleet))"
        assert {states[again]["Next"] for again in repeated} == {pause}
        assert states[pause]["Next"] == f"Fleet ({instance_type})"
        waits = [
            retry
            for retry in state.get("Retry", [])
            if "SageMaker.ResourceLimitExceededException" in retry["ErrorEquals"]
        ]
        assert len(waits) == (0 if following else 1)
        assert (state["Next"], state["ResultPath"]) == ("JobCompleted? (fleet)", "$.fleet_job")
        assert state["Parameters"]["StoppingCondition"] == {"MaxRuntimeInSeconds": 120 * 60}
        assert state["TimeoutSeconds"] == (120 + 30) * 60


def test_a_stopped_fleet_is_not_completed(definition: Definitions) -> None:
    states = definition("prod")["States"]
    (rule,) = states["JobCompleted? (fleet)"]["Choices"]
    assert (rule["Variable"], rule["StringEquals"], rule["Next"]) == ("$.fleet_job.status", "Completed", "CheckRun")
    stopped = states[states["JobCompleted? (fleet)"]["Default"]]
    assert stopped["Parameters"] == {"Error": "JobNotCompleted", "Cause.$": "States.JsonToString($.fleet_job)"}
    assert stopped["Next"] == "CountRedrives"


def test_the_plan_decides_whether_a_fleet_forecasts(definition: Definitions) -> None:
    states = definition("prod")["States"]
    (trained,) = states["JobCompleted?"]["Choices"]
    assert trained["Next"] == "UsesFleet?"
    (rule,) = states["UsesFleet?"]["Choices"]
    assert (rule["Variable"], rule["BooleanEquals"], rule["Next"]) == ("$.plan.fleet", True, "PlanFleet")
    assert states["UsesFleet?"]["Default"] == "CheckRun"


def test_only_a_fleet_resumes_the_handover_of_an_earlier_execution(definition: Definitions) -> None:
    states = definition("prod")["States"]
    (rule,) = states["IsHandedOver?"]["Choices"]
    uses_fleet, has_handover = rule["And"]
    assert (uses_fleet["Variable"], uses_fleet["BooleanEquals"]) == ("$.plan.fleet", True)
    assert (has_handover["Variable"], has_handover["IsPresent"]) == ("$.claim.handover_job", True)
    resume = states[rule["Next"]]
    assert resume["Parameters"] == {"name.$": "$.claim.handover_job", "status": "Completed"}
    assert (resume["ResultPath"], resume["Next"]) == ("$.job", "PlanFleet")


def test_without_a_fleet_no_state_refers_to_one(definition: Definitions) -> None:
    machine = definition("dev")
    assert not fleets(machine)
    assert not [
        name for name in machine["States"] if "fleet" in name.lower() or name in ("ResumeHandover", "IsHandedOver?")
    ]
    text = json.dumps(machine)
    assert "ProcessingJob" not in text
    assert "$.fleet" not in text
    assert [rule["StringEquals"] for rule in machine["States"]["ResumePoint?"]["Choices"]] == ["check"]


def test_a_fleet_of_instances_with_local_disks_has_no_volume_key(synthesized: dict[str, Assembly]) -> None:
    every = synthesized["unusual"].template("prod", "forecast")
    machines = resources(every, "AWS::StepFunctions::StateMachine")["WorkflowStateMachine"]
    machine = json.loads(re.sub(r"[0-9a-f]{64}", "<hash>", str(readable(machines["DefinitionString"]))))
    (state,) = fleets(machine).values()
    values = {**values_of(instances=4), state["Parameters"]["ProcessingJobName.$"]: job_name(state, "Processing")}
    request = filled_in(state["Parameters"], values)
    validated("CreateProcessingJob", request)
    assert "VolumeKmsKeyId" not in request["ProcessingResources"]["ClusterConfig"]
    (plan_fleet,) = [
        function for name, function in resources(every, "AWS::Lambda::Function").items() if name == "PlanFleetFunction"
    ]
    variables = readable(plan_fleet["Environment"]["Variables"])
    assert (variables["DEADLINE_MINUTES"], json.loads(variables["INSTANCE_TYPES"])) == ("", ["ml.r5d.2xlarge"])
    of_plan = readable(resources(every, "AWS::Lambda::Function")["PlanFunction"]["Environment"]["Variables"])
    assert json.loads(of_plan["FLEET"]) == {"enabled": False, "instances": 4}


def test_the_definition_uses_only_json_path(definition: Definitions) -> None:
    text = json.dumps(definition("prod"))
    assert "JSONata" not in text
    assert "Assign" not in text


def test_publishing_by_hand_skips_training_and_gate_but_not_the_check(definition: Definitions) -> None:
    states = definition("prod")["States"]
    for name, by_hand, otherwise in (
        ("PublishByHand?", "UseExistingRun", "Claim"),
        ("IsPublishOnly?", "Publish", "QualityGate"),
    ):
        (rule,) = states[name]["Choices"]
        assert (rule["Variable"], rule["IsPresent"], rule["Next"]) == ("$.plan.publish", True, by_hand)
        assert states[name]["Default"] == otherwise
    assert states["UseExistingRun"]["Next"] == "CheckRun"
    assert states["CheckRun"]["Next"] == "ClaimCutoff"
    assert states["ClaimCutoff"]["Next"] == "CutoffClaimed?"
    (claimed,) = states["CutoffClaimed?"]["Choices"]
    assert (claimed["Next"], states["CutoffClaimed?"]["Default"]) == ("IsPublishOnly?", "AlreadyClaimed")
    assert states["QualityGate"]["Next"] == "Publish"
