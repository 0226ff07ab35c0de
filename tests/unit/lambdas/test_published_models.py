"""`make preflight` checks the models that scheduled inference uses."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.preflight.published_models import check_published_models
from contract.model_format import IMAGE_VARIABLE
from infra.settings.environment import Settings
from infra.settings.loader import load_settings
from infra.settings.partitions import PartitionsSettings
from tests.stand_ins import session_with
from tests.synthesis import ROOT
from tests.unit.lambdas.conftest import DATA_BUCKET, FORECAST_BUCKET
from tests.unit.lambdas.test_preflight import ENVIRONMENT, Registry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DEPLOYED = ENVIRONMENT.__class__(
    **{**vars(ENVIRONMENT), "data_bucket": DATA_BUCKET, "forecast_bucket": FORECAST_BUCKET}
)


def settings(*, infer_cron: str | None = "0 5 ? * TUE-SAT *", partitions: tuple[str, ...] = ()) -> Settings:
    dev = load_settings("dev", ROOT / "environments")
    schedule = dev.schedule.model_copy(update={"infer_cron": infer_cron})
    several = PartitionsSettings(max_concurrency=1, names=partitions) if partitions else None
    return dev.model_copy(update={"schedule": schedule, "partitions": several})


def publish(s3: "S3Client", partition: str, model_format: int) -> None:
    run_id = f"run-{partition}"
    model = {"run_id": run_id, "sha256": "a" * 64, "age_days": 0, "model_format": model_format}
    document = f"models/partition={partition}/run_id={run_id}/model.json"
    s3.put_object(Bucket=FORECAST_BUCKET, Key=document, Body=b"{}")
    pointer = json.dumps({"run_id": run_id, "model": model}).encode()
    s3.put_object(Bucket=FORECAST_BUCKET, Key=f"forecasts/partition={partition}/_published.json", Body=pointer)


@pytest.fixture
def found(s3: "S3Client", tmp_path: Path) -> Any:
    """Check an environment whose image reads format 2; each result as verdict and line."""
    registry = Registry.of({"config": {"Env": [f"{IMAGE_VARIABLE}=2"]}}, tmp_path)
    session = session_with({"s3": s3, "ecr": registry}.__getitem__)

    def check(environment: Settings) -> list[tuple[str, str]]:
        results = check_published_models(environment, session, DEPLOYED)
        return [(each.verdict, each.line) for each in results]

    return check


def test_a_model_that_the_image_cannot_read_fails(s3: "S3Client", found: Any) -> None:
    publish(s3, "all", 1)
    ((verdict, line),) = found(settings())
    assert verdict == "failed"
    assert line.startswith("model: the model of run run-all has format 1, the deployed image reads format 2; start a")
    publish(s3, "all", 2)
    assert found(settings()) == [("ok", "model: the image reads format 2, the format of the model of run run-all")]


def test_without_scheduled_inference_no_model_is_checked(s3: "S3Client", found: Any) -> None:
    publish(s3, "all", 1)
    assert found(settings(infer_cron=None)) == []


def test_each_partitions_model_is_checked_and_equal_results_share_a_line(s3: "S3Client", found: Any) -> None:
    for partition, model_format in (("AT", 1), ("BE", 2), ("CH", 1), ("DE", 1)):
        publish(s3, partition, model_format)
    lines = found(settings(partitions=("AT", "BE", "CH", "DE", "FR")))
    assert [verdict for verdict, _ in lines] == ["failed", "ok", "warning"]
    assert "run-AT has format 1" in lines[0][1]
    assert lines[0][1].endswith("(and 2 more partitions alike)")
    assert lines[1][1].endswith("the model of run run-BE")
    assert lines[2][1].startswith("model: partition FR: input: mode infer needs the model of a published run")
