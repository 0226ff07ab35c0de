"""The ways a run can go: train or infer, one machine or a fleet, all of the market or a part of it."""

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from contract.environments.settings import FleetDefaults
from contract.function_errors import InputError
from contract.limits import MAX_INSTANCES
from contract.model_format import MODEL_FORMAT
from contract.names import PARENT
from infra.jobs.training_job import OF_THE_RUN
from lambdas.plan.handler import CHUNKS_PER_INSTANCE
from lambdas.plan.handler import plan as typed_plan
from lambdas.plan.plans import PublishPlan
from tests.unit.lambdas.conftest import DATA_BUCKET, FORECAST_BUCKET
from tests.unit.lambdas.test_plan import ENVIRONMENT, EXECUTION_ID, planned

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Tests give the keys that a function reads, and no whole state.
plan: Any = typed_plan

POINTER = "forecasts/partition=all/_published.json"
MODEL = {"run_id": "run-1", "sha256": "a" * 64, "age_days": 0, "model_format": MODEL_FORMAT}
OTHER_FORMAT = MODEL_FORMAT + 6
AUTO, FOUR = FleetDefaults(enabled=False, instances=None), FleetDefaults(enabled=True, instances=4)


def point(s3: "S3Client", *, key: str = POINTER, **pointer: Any) -> None:
    s3.put_object(Bucket=FORECAST_BUCKET, Key=key, Body=json.dumps(pointer).encode())


@pytest.fixture
def demand(s3: "S3Client") -> Any:
    s3.put_object(Bucket=DATA_BUCKET, Key="demand/part-0.parquet", Body=b"x")
    return s3


@pytest.fixture
def published(demand: Any) -> Any:
    """Demand, and a published run with its model."""
    demand.put_object(Bucket=FORECAST_BUCKET, Key="models/partition=all/run_id=run-1/model.json", Body=b"{}")
    point(demand, run_id="run-1", model=MODEL)
    return demand


def test_a_run_trains_unless_it_is_told_otherwise(published: Any) -> None:
    result = planned({}, published)
    assert (result.mode, result.model) == ("train", None)
    assert [channel["ChannelName"] for channel in result.channels] == ["demand"]
    assert result == planned({"mode": "train"}, published)


def test_a_run_that_infers_gets_the_published_model(published: Any) -> None:
    result = planned({"mode": "infer"}, published)
    assert result.mode == "infer"
    assert result.model is not None
    assert (result.model.run_id, result.model.sha256) == ("run-1", "a" * 64)
    channel = result.channels[-1]
    assert channel["ChannelName"] == "model"
    assert channel["DataSource"]["S3DataSource"]["S3Uri"] == (
        f"s3://{FORECAST_BUCKET}/models/partition=all/run_id=run-1/"
    )
    assert result.environment == {"PARTITION": "all", "MODEL_SHA256": "a" * 64, "MIN_CHUNKS": ""}


def test_the_model_of_a_run_that_inferred_is_that_of_the_one_that_trained(published: Any) -> None:
    point(published, run_id="run-2", model={**MODEL, "age_days": 7})
    model = planned({"mode": "infer"}, published).model
    assert model is not None
    assert model.prefix == "models/partition=all/run_id=run-1/"


def test_every_variable_that_the_job_takes_is_planned(published: Any) -> None:
    """An absent path would end the execution."""
    for document in ({}, {"mode": "infer"}, {"fleet": True}):
        assert planned(document, published, fleet=AUTO).environment.keys() == set(OF_THE_RUN)


def test_a_fingerprint_changes_with_the_model_and_with_nothing_else_of_the_way(published: Any) -> None:
    trained = planned({}, published, fleet=AUTO).fingerprint
    inferred = planned({"mode": "infer"}, published, fleet=AUTO).fingerprint
    assert trained != inferred
    assert planned({"mode": "infer", "fleet": 4}, published, fleet=AUTO).fingerprint == inferred
    point(published, run_id="run-1", model={**MODEL, "sha256": "b" * 64})
    assert planned({"mode": "infer"}, published).fingerprint != inferred
    assert planned({}, published).fingerprint == trained
    published.put_object(Bucket=DATA_BUCKET, Key="demand/part-1.parquet", Body=b"y")
    assert planned({}, published).fingerprint != trained


@pytest.mark.parametrize("body", [None, b"", b"[]", b"{}"])
def test_where_nothing_is_published_there_is_no_model(demand: Any, body: bytes | None) -> None:
    if body is not None:
        demand.put_object(Bucket=FORECAST_BUCKET, Key=POINTER, Body=body)
    with pytest.raises(InputError, match="mode infer needs a published run, whose model to use"):
        planned({"mode": "infer"}, demand)


@pytest.mark.parametrize(("found", "reads"), [(OTHER_FORMAT, MODEL_FORMAT), (MODEL_FORMAT, OTHER_FORMAT)])
def test_a_model_that_the_image_cannot_read_is_refused(published: Any, found: int, reads: int) -> None:
    point(published, run_id="run-2", model={**MODEL, "model_format": found})
    said = (
        f"input: mode infer: the model of run run-1 has format {found}, the deployed image reads format {reads}; "
        'start a run with {"mode": "train"}, or wait for the next training'
    )
    with pytest.raises(InputError, match=f"^{re.escape(said)}$"):
        planned({"mode": "infer"}, published, model_format=reads)
    assert planned({"mode": "train"}, published, model_format=reads).model is None


def test_what_a_prebuilt_image_reads_is_left_to_preflight(published: Any) -> None:
    point(published, run_id="run-1", model={**MODEL, "model_format": OTHER_FORMAT})
    model = planned({"mode": "infer"}, published, model_format=None).model
    assert model is not None
    assert model.model_format == OTHER_FORMAT


@pytest.mark.parametrize(
    "model",
    [
        {},
        {"model": None},
        {"model": []},
        {"model": {"run_id": "run-1"}},
        {"model": {"run_id": "run-1", "sha256": "a" * 64}},
        {"model": {**MODEL, "model_format": "new"}},
    ],
)
def test_a_run_of_before_models_were_kept_has_none(demand: Any, model: dict[str, Any]) -> None:
    point(demand, run_id="run-1", **model)
    with pytest.raises(InputError, match="the published run run-1 keeps no model; start one"):
        planned({"mode": "infer"}, demand)


def test_a_model_that_is_gone_is_named(demand: Any) -> None:
    point(demand, run_id="run-2", model=MODEL)
    demand.put_object(Bucket=FORECAST_BUCKET, Key="models/partition=all/run_id=run-1/features.json", Body=b"{}")
    gone = re.escape(f"s3://{FORECAST_BUCKET}/models/partition=all/run_id=run-1/ is gone")
    with pytest.raises(InputError, match=gone):
        planned({"mode": "infer"}, demand)


@pytest.mark.parametrize(
    ("document", "settled", "fleet", "instances"),
    [
        ({}, None, False, None),
        ({"fleet": False}, None, False, None),
        ({}, AUTO, False, None),
        ({"fleet": True}, AUTO, True, None),
        ({"fleet": 7}, AUTO, True, 7),
        ({}, FOUR, True, 4),
        ({"fleet": True}, FOUR, True, 4),
        ({"fleet": False}, FOUR, False, 4),
        ({"fleet": 1}, FOUR, True, 1),
        ({"fleet": MAX_INSTANCES}, FOUR, True, MAX_INSTANCES),
    ],
)
def test_whether_a_fleet_forecasts_and_on_how_many_machines(
    demand: Any, document: dict[str, Any], settled: FleetDefaults | None, fleet: bool, instances: int | None
) -> None:
    result = planned(document, demand, fleet=settled)
    assert (result.fleet, result.fleet_instances) == (fleet, instances)
    objects = str(CHUNKS_PER_INSTANCE * (instances or 1)) if fleet else ""
    assert result.environment["MIN_CHUNKS"] == objects


@pytest.mark.parametrize("request", [True, 4])
def test_where_there_is_no_fleet_none_can_be_asked_for(demand: Any, request: bool | int) -> None:
    with pytest.raises(InputError, match=re.escape("fleet: this environment has none; give it a table [fleet]")):
        planned({"fleet": request}, demand)


@pytest.mark.parametrize("request", [None, 0, -1, MAX_INSTANCES + 1, 2.0, "4", "auto", [], {}])
def test_what_is_no_number_of_machines(demand: Any, request: object) -> None:
    told = f"input: fleet {json.dumps(request)} is neither true nor false, nor 1 to {MAX_INSTANCES} machines"
    with pytest.raises(InputError, match=re.escape(told)):
        planned({"fleet": request}, demand, fleet=AUTO)


@pytest.mark.parametrize("mode", [None, "", "Infer", "predict", 1, [], {}])
def test_what_is_no_mode(demand: Any, mode: object) -> None:
    with pytest.raises(InputError, match=re.escape(f"mode {json.dumps(mode)} is neither train nor infer")):
        planned({"mode": mode}, demand)


@pytest.mark.parametrize("document", [{}, {"partition": "all"}])
def test_an_environment_without_partitions_has_one(demand: Any, document: dict[str, Any]) -> None:
    assert planned(document, demand).partition == "all"


def test_an_environment_without_partitions_knows_no_other(demand: Any) -> None:
    with pytest.raises(InputError, match="partition de: this environment has none; leave it out"):
        planned({"partition": "de"}, demand)


def test_a_partition_has_its_demand_its_forecasts_and_its_model_to_itself(published: Any) -> None:
    for prefix in ("demand", "static"):
        published.put_object(Bucket=DATA_BUCKET, Key=f"{prefix}/partition=de/a.parquet", Body=b"xy")
    published.put_object(Bucket=DATA_BUCKET, Key="covariates/partition=fr/a.parquet", Body=b"x")
    published.put_object(Bucket=FORECAST_BUCKET, Key="models/partition=de/run_id=run-9/model.json", Body=b"{}")
    point(published, key="forecasts/partition=de/_published.json", run_id="run-9", model={**MODEL, "run_id": "run-9"})
    result = planned({"partition": "de", "mode": "infer"}, published, partitioned=True)
    uris = {each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in result.channels}
    assert uris == {
        "demand": f"s3://{DATA_BUCKET}/demand/partition=de/",
        "static": f"s3://{DATA_BUCKET}/static/partition=de/",
        "model": f"s3://{FORECAST_BUCKET}/models/partition=de/run_id=run-9/",
    }
    assert (result.partition, result.environment["PARTITION"], result.demand.bytes) == ("de", "de", 2)


def test_where_there_are_partitions_one_has_to_be_named(demand: Any) -> None:
    with pytest.raises(InputError, match="which partition"):
        planned({}, demand, partitioned=True)


@pytest.mark.parametrize("name", [None, 5, "", "de/fr", "../x", ".de", "d e", "ä", "x" * 65, ["de"]])
def test_what_is_no_partition(demand: Any, name: object) -> None:
    with pytest.raises(InputError, match="is no name of 1 to 64 letters, digits"):
        planned({"partition": name}, demand, partitioned=True)


def test_a_run_of_a_partition_is_published_as_it_is(s3: "S3Client") -> None:
    execution = {"id": EXECUTION_ID, "started_at": "2026-11-18T09:30:05Z", "input": {"publish": "run-1"}}
    with pytest.raises(InputError, match="which partition"):
        plan(execution, environment=replace(ENVIRONMENT, partitioned=True), s3=s3)
    found = plan({**execution, "input": {"publish": "run-1", "partition": "all"}}, environment=ENVIRONMENT, s3=s3)
    assert found == PublishPlan(partition="all", publish="run-1")
    assert (found.fleet, found.mode) == (False, "train")


def test_an_execution_that_another_started_says_which(demand: Any) -> None:
    """Step Functions adds it to the input by itself, under the name that its console links by."""
    assert PARENT == "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
    assert planned({PARENT: "arn:parent"}, demand).parent == "arn:parent"
    assert planned({}, demand).parent is None
