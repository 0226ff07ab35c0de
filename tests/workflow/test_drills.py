"""A few drills, always the same ones; `make drill` performs hundreds. And that their checks see what is broken."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from drills.invariants import broken, pointers
from drills.perform import perform, small_demand
from drills.sequence import STAGES, STATES, STATES_OF_A_FAILURE, Drill
from drills.stage import POINTER, Stage
from lambdas.shared.registry_record import Run
from tests.workflow.conftest import FEW_TREES, Deployment

STEPS = {drill.starts[0].deed_at: drill for drill in Drill.at_every_step()}


@pytest.fixture
def stage(application: Deployment) -> Stage:
    empty = Stage(application.cloud, application.outputs)
    empty.reset()
    return empty


@pytest.mark.parametrize(
    "drill",
    [Drill.race(1), Drill.drawn(4), STEPS["Publish"], STEPS["CloseRun"], STEPS["fit"]],
    ids=lambda drill: f"{drill.kind} {drill.seed}",
)
def test_nothing_is_broken(stage: Stage, drill: Drill) -> None:
    outcome = perform(drill, stage, small_demand())
    assert outcome.broken == [], drill.words
    if drill.kind == "race":
        assert outcome.published == 1
    if drill.kind == "step":
        assert outcome.redrives >= 1


def test_the_steps_are_those_of_the_definition(stage: Stage) -> None:
    arn = stage.outputs["StateMachineArn"]
    definition = json.loads(
        stage.cloud.client("stepfunctions").describe_state_machine(stateMachineArn=arn)["definition"]
    )
    assert definition["States"].keys() >= {*STATES, *STATES_OF_A_FAILURE}
    assert len(Drill.at_every_step()) == len(STATES) + len(STATES_OF_A_FAILURE) + len(STAGES)


def lose_a_file(stage: Stage) -> None:
    key = f"{pointers(stage)[-1]['forecasts'].removeprefix(f's3://{stage.bucket}/')}part-00000.parquet"
    stage.cloud.client("s3").delete_object(Bucket=stage.bucket, Key=key)


def point_elsewhere(stage: Stage) -> None:
    pointer = {**pointers(stage)[-1], "run_id": "another"}
    stage.cloud.client("s3").put_object(Bucket=stage.bucket, Key=POINTER, Body=json.dumps(pointer).encode())


def registered(stage: Stage, **changes: Any) -> None:
    def step(run: Run) -> Run:
        return run.with_last(**changes)

    stage.registry.change("all", "2026-11-16", step)


def test_the_checks_see_what_is_broken(stage: Stage) -> None:
    """One thing after the other, in a run that is whole at first."""
    spoiled: dict[str, Callable[[Stage], None]] = {
        "is running, and nothing runs any more": lambda stage: registered(stage, status="running"),
        "the registry says that x is published": lambda stage: registered(
            stage, status="published", details={"run_id": "x"}
        ),
        "the files are not those of the manifest": lose_a_file,
        "readers see another of 2026-11-16": point_elsewhere,
    }
    stage.upload(small_demand())
    execution = stage.start({"config": FEW_TREES})
    stage.wait([execution])
    described = {execution: stage.described(execution)}
    assert broken(stage, Drill(0), described) == []
    for said, spoil in spoiled.items():
        assert not any(said in each for each in broken(stage, Drill(0), described)), said
        spoil(stage)
        assert any(said in each for each in broken(stage, Drill(0), described)), said
