import io
import json
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from tests.workflow.conftest import FEW_TREES, Deployment


def read_forecasts(application: Deployment, run: dict[str, Any]) -> pl.DataFrame:
    bucket, _, prefix = run["forecasts"].removeprefix("s3://").partition("/")
    s3 = application.cloud.client("s3")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    parts = [key for key in keys if key.endswith(".parquet")]
    return pl.concat(pl.read_parquet(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())) for key in parts)


def read_report(application: Deployment, run_id: str) -> str:
    key = f"reports/partition=all/run_id={run_id}/report.html"
    report = application.cloud.client("s3").get_object(Bucket=application.outputs["ForecastBucket"], Key=key)
    return str(report["Body"].read().decode())


def test_an_execution_with_no_input_publishes_a_forecast_of_every_series(
    application: Deployment, demand: pl.DataFrame
) -> None:
    application.upload_rows(demand)
    ended = application.run({})
    assert ended.status == "SUCCEEDED", ended.cause
    assert ended.output["published"] is True
    assert len(ended.jobs) == 1

    latest = application.published()
    assert latest is not None
    assert latest["run_id"] == ended.jobs[0] == ended.output["run_id"]
    assert (latest["cutoff"], latest["horizon"], latest["series"]) == ("2026-11-16", 12, 18)
    forecasts = read_forecasts(application, latest)
    assert forecasts.columns == ["article_id", "merchant_id", "ds", "mean", "q10", "q50", "q90"]
    assert forecasts.select("article_id", "merchant_id", "ds").n_unique() == forecasts.height == 18 * 12
    assert "<html" in read_report(application, latest["run_id"])


def test_each_outcome_sends_a_message(application: Deployment, demand: pl.DataFrame) -> None:
    sqs, queue = application.cloud.client("sqs"), application.queue_of_messages()
    application.upload_rows(demand)
    application.run({"config": FEW_TREES})
    application.run({"config": {"horizon": 0}})
    messages = [
        json.loads(message["Body"])
        for _ in range(2)
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    ]
    assert ["18 series" in message["Message"] for message in messages] == [True, False]
    assert "horizon" in messages[1]["Message"]
    assert all(len(message["Subject"]) <= 100 for message in messages)


@pytest.mark.parametrize(
    ("given", "cutoff"),
    [
        ({"cutoff": "2026-08-31"}, "2026-08-31"),
        # Monday 23 November, 06:00 in Berlin: the week of the 16th has ended.
        ({"scheduled_time": "2026-11-23T05:00:00Z"}, "2026-11-16"),
        # Half past midnight in Berlin is still Sunday in UTC.
        ({"scheduled_time": "2026-11-15T23:30:00Z"}, "2026-11-09"),
    ],
)
def test_the_cutoff_is_taken_from_the_input_or_from_the_scheduled_time(
    application: Deployment, demand: pl.DataFrame, given: dict[str, str], cutoff: str
) -> None:
    application.upload_rows(demand)
    ended = application.run({**given, "config": FEW_TREES})
    assert ended.status == "SUCCEEDED", ended.cause
    assert (ended.output["cutoff"], ended.output["horizon"]) == (cutoff, FEW_TREES["horizon"])


def test_a_run_with_an_older_cutoff_is_not_published(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    newest = application.run({"config": FEW_TREES})
    older = application.run({"cutoff": "2026-08-31", "config": FEW_TREES})
    assert (older.status, older.output["published"]) == ("SUCCEEDED", False)
    latest = application.published()
    assert latest is not None
    assert latest["run_id"] == newest.output["run_id"]
    assert any(older.output["run_id"] in key for key in application.forecast_keys())
    assert f"Published: run {newest.output['run_id']}." in read_report(application, older.output["run_id"])


def upload_to(application: Deployment, output: str, name: str, rows: pl.DataFrame) -> None:
    """Upload rows to the prefix in an output of the deployment."""
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    bucket, _, prefix = application.outputs[output].removeprefix("s3://").partition("/")
    application.cloud.client("s3").put_object(Bucket=bucket, Key=prefix + name, Body=buffer.getvalue())


def data_quality(application: Deployment, run_id: str) -> dict[str, Any]:
    """Return the data quality in the manifest of a run."""
    key = f"forecasts/partition=all/run_id={run_id}/_manifest.json"
    s3 = application.cloud.client("s3")
    return dict(json.load(s3.get_object(Bucket=application.outputs["ForecastBucket"], Key=key)["Body"])["data_quality"])


def test_static_columns_reach_the_job(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    description = demand.select("article_id", "merchant_id").unique().with_columns(brand=pl.col("article_id"))
    upload_to(application, "StaticUri", "articles.parquet", description)
    ended = application.run({"config": FEW_TREES})
    assert ended.status == "SUCCEEDED", ended.cause
    assert data_quality(application, ended.output["run_id"])["input"]["static_columns"] == 1


def test_covariates_reach_the_job(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    days = demand["ds"].unique().sort().to_list()
    weeks = [*days, *(days[-1] + timedelta(weeks=ahead) for ahead in range(1, 9))]
    prices = pl.DataFrame({"ds": weeks, "price": [1.0 + at % 5 for at in range(len(weeks))]})
    upload_to(application, "CovariatesUri", "prices.parquet", prices)
    ended = application.run({"config": FEW_TREES})
    assert ended.status == "SUCCEEDED", ended.cause
    assert data_quality(application, ended.output["run_id"])["covariates_missing_in_horizon"] == {"price": 0.0}
