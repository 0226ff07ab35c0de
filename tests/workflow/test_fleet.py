"""Runs with a fleet: the same forecasts as a single job, and no chunk lost after failures."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from infra.settings.loader import load_settings
from local_cloud import ApiFault
from tests.synthesis import ROOT
from tests.workflow.conftest import FEW_TREES, Deployment

SETTINGS = load_settings("prod", ROOT / "environments")
assert SETTINGS.fleet is not None
TYPES = SETTINGS.fleet.instance_types
FLEET = {"config": FEW_TREES, "fleet": True}


@pytest.fixture
def application(production: Deployment, demand: pl.DataFrame) -> Deployment:
    production.empty()
    production.upload_rows(demand)
    return production


def forecasts(application: Deployment, run_id: str) -> pl.DataFrame:
    s3, bucket = application.cloud.client("s3"), application.outputs["ForecastBucket"]
    keys = [key for key in application.forecast_keys() if run_id in key and key.endswith(".parquet")]
    parts = [pl.read_parquet(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
    return pl.concat(parts).sort("article_id", "merchant_id", "ds")


def object_of(application: Deployment, key: str) -> bytes:
    found = application.cloud.client("s3").get_object(Bucket=application.outputs["ForecastBucket"], Key=key)
    return bytes(found["Body"].read())


def keys_of(application: Deployment, prefix: str) -> dict[str, Any]:
    found = application.cloud.client("s3").list_objects_v2(Bucket=application.outputs["ForecastBucket"], Prefix=prefix)
    return {item["Key"]: item["LastModified"] for item in found.get("Contents", [])}


def manifest(application: Deployment, run_id: str) -> dict[str, Any]:
    return dict(json.loads(object_of(application, f"forecasts/partition=all/run_id={run_id}/_manifest.json")))


def test_a_fleet_makes_the_same_forecasts_as_a_single_job(application: Deployment) -> None:
    alone = application.run({"config": FEW_TREES})
    assert alone.status == "SUCCEEDED", alone.cause
    model = manifest(application, alone.output["run_id"])["model"]["run_id"]
    ended = application.run({"config": FEW_TREES, "mode": "infer", "fleet": 3})
    assert ended.status == "SUCCEEDED", ended.cause
    run_id = ended.output["run_id"]
    assert forecasts(application, run_id).equals(forecasts(application, alone.output["run_id"]))
    made, published = manifest(application, run_id), application.published()
    assert (made["model"]["run_id"], made["inference"]["instances"]) == (model, 3)
    assert published is not None
    assert published["run_id"] == run_id
    assert f"plan was 3 x {TYPES[0]}, about" in ended.output["message"]
    (run,) = application.runs()
    fleet = run.attempts[-1].details["fleet"]
    assert (fleet["instances"], fleet["instance_type"]) == (3, TYPES[0])
    assert fleet["cost"] > 0
    assert run.attempts[-1].details["inference"] == made["inference"]


def test_a_fleet_has_at_most_one_instance_per_chunk(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand.filter(pl.col("article_id") == "A1"))  # three series
    ended = application.run({"config": FEW_TREES, "fleet": 7})
    assert ended.status == "SUCCEEDED", ended.cause
    planned = ended.outputs["PlanFleet"]["fleet"]
    assert (planned["chunk_count"], planned["instances"]) == (3, 3)
    assert planned["notes"] == ["7 instances requested, but 3 chunks are left; the fleet uses 3"]
    assert "7 instances requested, but 3 chunks are left; the fleet uses 3" in ended.output["message"]


def test_a_damaged_chunk_is_named_and_only_it_is_forecast_after_the_fix(application: Deployment) -> None:
    lose_all_instances(application)
    execution = application.start(FLEET)
    failed = application.ended(execution)
    assert (failed.status, failed.error) == ("FAILED", "NoCapacity")
    (job,) = failed.jobs
    chunks = sorted(keys_of(application, f"handover/partition=all/run_id={job}/chunks/"))
    damaged = chunks[2]
    sound, s3 = object_of(application, damaged), application.cloud.client("s3")
    s3.put_object(Bucket=application.outputs["ForecastBucket"], Key=damaged, Body=sound[:-1000])

    application.cloud.client("stepfunctions").redrive_execution(executionArn=execution)
    ended = application.ended(execution)
    assert (ended.status, ended.error) == ("FAILED", "ChunksFailed")
    assert ended.jobs == [job]  # the redriven execution resumes with the fleet
    assert ended.cause.startswith(f"1 of {len(chunks)} chunks could not be forecast: chunk-00002 (")
    assert "is damaged" in ended.cause
    assert application.published() is None
    kept = {key: at for key, at in keys_of(application, "forecasts/").items() if key.endswith(".parquet")}
    assert len(kept) == len(chunks) - 1

    s3.put_object(Bucket=application.outputs["ForecastBucket"], Key=damaged, Body=sound)
    fixed = application.run(FLEET)
    assert fixed.status == "SUCCEEDED", fixed.cause
    assert fixed.jobs == []  # a new execution reuses the handover and does not train
    assert "ResumeHandover" in fixed.states
    assert fixed.output["run_id"] == job
    assert fixed.outputs["PlanFleet"]["fleet"]["chunk_count"] == 1
    assert {key: at for key, at in keys_of(application, "forecasts/").items() if key in kept} == kept


def lose_all_instances(application: Deployment) -> None:
    """Fail the next fleet for lack of capacity. The training job has other instance types."""
    for instance_type in TYPES:
        application.cloud.fail_next_job(reason="capacity", instance_type=instance_type)


def test_after_a_killed_instance_only_unfinished_chunks_are_forecast(application: Deployment) -> None:
    # With slow uploads, some chunks are unfinished when the first forecasts arrive.
    application.cloud.fail_calls(ApiFault("s3", "PutObject", "slow", subject="/part-", count=18))
    execution = application.start({"config": FEW_TREES, "fleet": 2})
    jobs = Path(application.cloud.state_folder) / "jobs" / "processing"
    killed = kill_one(application, jobs)
    ended = application.ended(execution)
    application.cloud.forget_faults()
    assert (ended.status, ended.error) == ("FAILED", "OutOfMemory"), killed
    (job,) = ended.jobs
    done = keys_of(application, f"handover/partition=all/run_id={job}/completed/")
    assert done
    again = application.run({"config": FEW_TREES, "fleet": 2})
    assert again.status == "SUCCEEDED", again.cause
    assert again.jobs == []
    chunks = keys_of(application, f"handover/partition=all/run_id={job}/chunks/")
    assert again.outputs["PlanFleet"]["fleet"]["chunk_count"] == len(chunks) - len(done)
    later = keys_of(application, f"handover/partition=all/run_id={job}/completed/")
    assert {key: at for key, at in later.items() if key in done} == done


def kill_one(application: Deployment, jobs: Path, seconds: float = 120) -> str:
    """Kill an instance of the fleet after the first completed chunk, as Linux does when memory runs out."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if keys_of(application, "handover/") and any("/completed/" in key for key in keys_of(application, "handover/")):
            for file in sorted(jobs.glob("*/algo-*/opt/ml.pid"), reverse=True):
                try:
                    os.kill(int(file.read_text()), signal.SIGKILL)
                except ProcessLookupError:
                    continue
                return str(file)
        time.sleep(0.01)
    raise AssertionError("no instance of the fleet to kill")
