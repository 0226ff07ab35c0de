"""Plan by mode, fleet and partition."""

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

# The tests' states have only the keys that a function reads.
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


def test_a_run_trains_by_default(published: Any) -> None:
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


def test_an_inferred_run_passes_on_the_model_of_the_training(published: Any) -> None:
    point(published, run_id="run-2", model={**MODEL, "age_days": 7})
    model = planned({"mode": "infer"}, published).model
    assert model is not None
    assert model.prefix == "models/partition=all/run_id=run-1/"


def test_the_plan_has_every_variable_of_the_job(published: Any) -> None:
    """A missing path would fail the execution."""
    for document in ({}, {"mode": "infer"}, {"fleet": True}):
        assert planned(document, published, fleet=AUTO).environment.keys() == set(OF_THE_RUN)


def test_the_fingerprint_depends_on_the_model_but_not_on_mode_or_fleet(published: Any) -> None:
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
def test_infer_fails_without_a_published_run(demand: Any, body: bytes | None) -> None:
    if body is not None:
        demand.put_object(Bucket=FORECAST_BUCKET, Key=POINTER, Body=body)
    with pytest.raises(InputError, match="mode infer needs the model of a published run"):
        planned({"mode": "infer"}, demand)


@pytest.mark.parametrize(("found", "reads"), [(OTHER_FORMAT, MODEL_FORMAT), (MODEL_FORMAT, OTHER_FORMAT)])
def test_a_model_that_the_image_cannot_read_is_refused(published: Any, found: int, reads: int) -> None:
    point(published, run_id="run-2", model={**MODEL, "model_format": found})
    expected = (
        f"input: mode infer: the model of run run-1 has format {found}, the deployed image reads format {reads}; "
        'start a run with {"mode": "train"}, or wait for the next training'
    )
    with pytest.raises(InputError, match=f"^{re.escape(expected)}$"):
        planned({"mode": "infer"}, published, model_format=reads)
    assert planned({"mode": "train"}, published, model_format=reads).model is None


def test_the_model_format_of_a_prebuilt_image_is_left_to_preflight(published: Any) -> None:
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
def test_infer_fails_for_a_published_run_without_a_model(demand: Any, model: dict[str, Any]) -> None:
    point(demand, run_id="run-1", **model)
    with pytest.raises(InputError, match="the published run run-1 has no model; start a run"):
        planned({"mode": "infer"}, demand)


def test_a_missing_model_is_named(demand: Any) -> None:
    point(demand, run_id="run-2", model=MODEL)
    demand.put_object(Bucket=FORECAST_BUCKET, Key="models/partition=all/run_id=run-1/features.json", Body=b"{}")
    gone = re.escape(f"s3://{FORECAST_BUCKET}/models/partition=all/run_id=run-1/ is missing")
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
def test_the_input_and_the_environment_decide_the_fleet(
    demand: Any, document: dict[str, Any], settled: FleetDefaults | None, fleet: bool, instances: int | None
) -> None:
    result = planned(document, demand, fleet=settled)
    assert (result.fleet, result.fleet_instances) == (fleet, instances)
    objects = str(CHUNKS_PER_INSTANCE * (instances or 1)) if fleet else ""
    assert result.environment["MIN_CHUNKS"] == objects


@pytest.mark.parametrize("fleet", [True, 4])
def test_an_environment_without_a_fleet_rejects_the_key(demand: Any, fleet: bool | int) -> None:
    with pytest.raises(InputError, match=re.escape("fleet: this environment has no fleet; add a table [fleet]")):
        planned({"fleet": fleet}, demand)


@pytest.mark.parametrize("fleet", [None, 0, -1, MAX_INSTANCES + 1, 2.0, "4", "auto", [], {}])
def test_an_invalid_fleet_is_rejected(demand: Any, fleet: object) -> None:
    expected = f"input: fleet {json.dumps(fleet)} is not true, false, or 1 to {MAX_INSTANCES} instances"
    with pytest.raises(InputError, match=re.escape(expected)):
        planned({"fleet": fleet}, demand, fleet=AUTO)


@pytest.mark.parametrize("mode", [None, "", "Infer", "predict", 1, [], {}])
def test_an_invalid_mode_is_rejected(demand: Any, mode: object) -> None:
    with pytest.raises(InputError, match=re.escape(f"mode {json.dumps(mode)} is not train or infer")):
        planned({"mode": mode}, demand)


@pytest.mark.parametrize("document", [{}, {"partition": "all"}])
def test_an_environment_without_partitions_has_one(demand: Any, document: dict[str, Any]) -> None:
    assert planned(document, demand).partition == "all"


def test_an_environment_without_partitions_rejects_a_partition(demand: Any) -> None:
    with pytest.raises(InputError, match="partition de: this environment has no partitions; remove it"):
        planned({"partition": "de"}, demand)


def test_a_partition_has_its_own_demand_forecasts_and_model(published: Any) -> None:
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


def test_an_environment_with_partitions_requires_one(demand: Any) -> None:
    with pytest.raises(InputError, match="partition is missing"):
        planned({}, demand, partitioned=True)


@pytest.mark.parametrize("name", [None, 5, "", "de/fr", "../x", ".de", "d e", "ä", "x" * 65, ["de"]])
def test_an_invalid_partition_is_rejected(demand: Any, name: object) -> None:
    with pytest.raises(InputError, match="is not a name of 1 to 64 letters, digits"):
        planned({"partition": name}, demand, partitioned=True)


def test_a_run_of_a_partition_can_be_published(s3: "S3Client") -> None:
    execution = {"id": EXECUTION_ID, "started_at": "2026-11-18T09:30:05Z", "input": {"publish": "run-1"}}
    with pytest.raises(InputError, match="partition is missing"):
        plan(execution, environment=replace(ENVIRONMENT, partitioned=True), s3=s3)
    found = plan({**execution, "input": {"publish": "run-1", "partition": "all"}}, environment=ENVIRONMENT, s3=s3)
    assert found == PublishPlan(partition="all", publish="run-1")
    assert (found.fleet, found.mode) == (False, "train")


def test_the_plan_has_the_parent_execution(demand: Any) -> None:
    """Step Functions adds the parent to the input, under the name that its console uses for links."""
    assert PARENT == "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
    assert planned({PARENT: "arn:parent"}, demand).parent == "arn:parent"
    assert planned({}, demand).parent is None
