"""`{"mode": "infer"}`: a run without training, with the model of the last published run."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import polars as pl

from contract.model_format import MODEL_FORMAT
from tests.workflow.conftest import FEW_TREES, Deployment

INFER = {"mode": "infer", "config": FEW_TREES}
OTHER_FORMAT = MODEL_FORMAT + 6


def test_an_inference_publishes_a_new_run_with_the_same_model(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    first = application.run({"config": FEW_TREES})
    assert first.status == "SUCCEEDED", first.cause
    trained = manifest(application, first.output["run_id"])
    assert trained["model"]["run_id"] == first.output["run_id"]

    a_day_older(application, first.output["run_id"])
    restated = demand.with_columns(pl.col("y") * 1.1)
    application.upload_rows(restated)
    again = application.run(INFER)
    assert again.status == "SUCCEEDED", again.cause
    made, published = manifest(application, again.output["run_id"]), application.published()
    assert published is not None
    assert published["run_id"] == again.output["run_id"] != first.output["run_id"]
    assert made["model"]["run_id"] == published["model"]["run_id"] == first.output["run_id"]
    assert made["model"]["age_days"] == 1
    assert made["metrics"] == trained["metrics"]
    assert not {"fit", "backtest"} & set(made["seconds"])
    assert made["compared_with"]["run_id"] == first.output["run_id"]
    sentence = f"No model was trained. The run uses the model of run {first.output['run_id']}, 1 day old."
    assert sentence in again.output["message"]

    third = application.run(INFER)
    assert third.output["reason"] == "published"  # the files have not changed
    (run,) = application.runs()
    assert [attempt.mode for attempt in run.attempts] == ["train", "infer"]

    weekly = application.run({"config": {**FEW_TREES, "max_model_age_days": 0}, "mode": "infer"})
    assert (weekly.status, weekly.error) == ("FAILED", "InputError")
    assert "trained it 1 day ago" in weekly.cause
    assert application.published() == published


def test_an_inference_does_not_prevent_a_later_training(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    last = str(demand["ds"].max())
    assert application.run({"config": FEW_TREES}).status == "SUCCEEDED"
    application.upload_rows(demand.with_columns(pl.col("y") + 1))
    assert application.run({**INFER, "cutoff": last}).status == "SUCCEEDED"
    trained = application.run({"config": FEW_TREES, "cutoff": last})
    assert trained.status == "SUCCEEDED", trained.cause
    assert trained.output["published"]
    assert manifest(application, trained.output["run_id"])["model"]["run_id"] == trained.output["run_id"]


def test_inference_without_a_published_run_fails(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    ended = application.run(INFER)
    assert (ended.status, ended.error) == ("FAILED", "InputError")
    assert ended.cause.startswith("input: mode infer needs the model of a published run; start a run with {} first")


def test_a_model_in_another_format_starts_no_job(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    first = application.run({"config": FEW_TREES})
    assert first.status == "SUCCEEDED", first.cause
    run_id = first.output["run_id"]
    assert manifest(application, run_id)["model"]["model_format"] == MODEL_FORMAT
    published = application.published()
    assert published is not None
    assert published["model"]["model_format"] == MODEL_FORMAT

    point_to_format(application, OTHER_FORMAT)
    reason = f"the model of run {run_id} has format {OTHER_FORMAT}, the deployed image reads format {MODEL_FORMAT}"
    refused = application.run(INFER)
    assert (refused.error, refused.jobs) == ("InputError", [])
    assert refused.cause.startswith(f"input: mode infer: {reason}; start a run with")
    with image_format(application, "null"):
        in_preflight = application.run(INFER)
    assert (in_preflight.error, in_preflight.jobs) == ("PreflightFailed", [])
    assert in_preflight.cause.startswith(f"model: {reason}; start a run with")

    last = str(demand["ds"].max())
    trained = application.run({"mode": "train", "config": FEW_TREES, "cutoff": last, "force": True})
    assert trained.status == "SUCCEEDED", trained.cause
    published = application.published()
    assert published is not None
    assert published["model"]["model_format"] == MODEL_FORMAT
    assert application.run({**INFER, "cutoff": last}).status == "SUCCEEDED"


def test_the_job_rejects_a_model_that_differs_from_the_pointer(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    first = application.run({"config": FEW_TREES})
    assert first.status == "SUCCEEDED", first.cause
    rewrite_model(application, first.output["run_id"], model={"model_format": OTHER_FORMAT})
    failed = application.run(INFER)
    assert (failed.error, len(failed.jobs)) == ("JobError", 1)
    assert f"model: its format is {OTHER_FORMAT}, this program reads format {MODEL_FORMAT}; train a" in failed.cause


def manifest(application: Deployment, run_id: str) -> dict[str, Any]:
    key = f"forecasts/partition=all/run_id={run_id}/_manifest.json"
    s3 = application.cloud.client("s3")
    return dict(json.load(s3.get_object(Bucket=application.outputs["ForecastBucket"], Key=key)["Body"]))


def a_day_older(application: Deployment, run_id: str) -> None:
    """Move the training of the model back by a day and update the checksums."""
    trained_at = (datetime.now(UTC) - timedelta(days=1, minutes=1)).isoformat()
    rewrite_model(application, run_id, record={"trained_at": trained_at})


def point_to_format(application: Deployment, model_format: int) -> None:
    """Change the model format in the pointer."""
    pointer = application.published()
    assert pointer is not None
    pointer["model"]["model_format"] = model_format
    body = json.dumps(pointer).encode()
    bucket = application.outputs["ForecastBucket"]
    application.cloud.client("s3").put_object(Bucket=bucket, Key="forecasts/partition=all/_published.json", Body=body)


@contextmanager
def image_format(application: Deployment, text: str) -> Iterator[None]:
    """Replace the model format in the environment of Plan while the block runs."""
    functions, name = application.cloud.client("lambda"), "onejob-dev-plan"
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    changed = {**variables, "MODEL_FORMAT": text}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
    yield
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def rewrite_model(
    application: Deployment,
    run_id: str,
    *,
    model: Mapping[str, Any] = MappingProxyType({}),
    record: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Change fields of a model's files and update the checksums."""
    s3, bucket = application.cloud.client("s3"), application.outputs["ForecastBucket"]
    prefix = f"models/partition=all/run_id={run_id}/"

    def read(key: str) -> dict[str, Any]:
        return dict(json.load(s3.get_object(Bucket=bucket, Key=key)["Body"]))

    def write(key: str, content: dict[str, Any]) -> str:
        body = json.dumps(content).encode()
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        return hashlib.sha256(body).hexdigest()

    document = {**read(f"{prefix}model.json"), **model}
    document["record"] = write(f"{prefix}training.json", {**read(f"{prefix}training.json"), **record})
    pointer = read("forecasts/partition=all/_published.json")
    pointer["model"]["sha256"] = write(f"{prefix}model.json", document)
    write("forecasts/partition=all/_published.json", pointer)
