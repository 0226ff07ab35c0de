"""A few fixed drills, and their checks. `make drill` performs hundreds of drills."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from drills.environment import POINTER, DrillEnvironment
from drills.invariants import pointers, violations
from drills.perform import perform, small_demand
from drills.sequence import STAGES, STATES, STATES_OF_A_FAILURE, Drill
from lambdas.shared.registry_record import Run
from tests.workflow.conftest import FEW_TREES, Deployment

STEPS = {drill.starts[0].action_at: drill for drill in Drill.at_every_step()}


@pytest.fixture
def environment(application: Deployment) -> DrillEnvironment:
    empty = DrillEnvironment(application.cloud, application.outputs)
    empty.reset()
    return empty


@pytest.mark.parametrize(
    "drill",
    [Drill.race(1), Drill.drawn(4), STEPS["Publish"], STEPS["CloseRun"], STEPS["fit"]],
    ids=lambda drill: f"{drill.category} {drill.seed}",
)
def test_a_drill_violates_no_invariant(environment: DrillEnvironment, drill: Drill) -> None:
    outcome = perform(drill, environment, small_demand())
    assert outcome.violations == [], drill.description
    if drill.category == "race":
        assert outcome.published == 1
    if drill.category == "step":
        assert outcome.redrives >= 1


def test_the_drills_cover_the_states_of_the_definition(environment: DrillEnvironment) -> None:
    arn = environment.outputs["StateMachineArn"]
    definition = json.loads(
        environment.cloud.client("stepfunctions").describe_state_machine(stateMachineArn=arn)["definition"]
    )
    assert definition["States"].keys() >= {*STATES, *STATES_OF_A_FAILURE}
    assert len(Drill.at_every_step()) == len(STATES) + len(STATES_OF_A_FAILURE) + len(STAGES)


def lose_a_file(environment: DrillEnvironment) -> None:
    key = f"{pointers(environment)[-1]['forecasts'].removeprefix(f's3://{environment.bucket}/')}part-00000.parquet"
    environment.cloud.client("s3").delete_object(Bucket=environment.bucket, Key=key)


def point_elsewhere(environment: DrillEnvironment) -> None:
    pointer = {**pointers(environment)[-1], "run_id": "another"}
    environment.cloud.client("s3").put_object(Bucket=environment.bucket, Key=POINTER, Body=json.dumps(pointer).encode())


def registered(environment: DrillEnvironment, **changes: Any) -> None:
    def step(run: Run) -> Run:
        return run.with_last(**changes)

    environment.registry.change("all", "2026-11-16", step)


def test_the_checks_detect_violations(environment: DrillEnvironment) -> None:
    """Break a complete run step by step."""
    breakages: dict[str, Callable[[DrillEnvironment], None]] = {
        "is running, but no execution is running": lambda environment: registered(environment, status="running"),
        "run x is published in the registry, but no pointer names it": lambda environment: registered(
            environment, status="published", details={"run_id": "x"}
        ),
        "the files differ from the manifest": lose_a_file,
        "the pointer names another of 2026-11-16": point_elsewhere,
    }
    environment.upload(small_demand())
    execution = environment.start({"config": FEW_TREES})
    environment.wait([execution])
    description = {execution: environment.describe(execution)}
    assert violations(environment, Drill(0), description) == []
    for message, break_run in breakages.items():
        assert not any(message in each for each in violations(environment, Drill(0), description)), message
        break_run(environment)
        assert any(message in each for each in violations(environment, Drill(0), description)), message
