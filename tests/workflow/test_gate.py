"""A run that violates the quality gate is not published until an operator publishes it."""

import json

import polars as pl

from tests.workflow.conftest import FEW_TREES, Deployment


def test_a_run_that_violates_the_gate_can_be_published_manually(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    good = application.run({"config": FEW_TREES})
    assert good.status == "SUCCEEDED", good.cause
    application.upload_rows(demand.with_columns(y=pl.col("y") * 10))
    rejected = application.run({"config": FEW_TREES})
    (run_id,) = rejected.jobs
    assert (rejected.status, rejected.error) == ("FAILED", "QualityGateFailed")
    assert f"against the published run {good.output['run_id']}" in rejected.cause
    assert f'start an execution with {{"publish": "{run_id}"}}' in rejected.cause
    assert rejected.states[-5:] == ["ExplainFailure", "CloseRun", "FailedInPartitionRun?", "NotifyFailure", "Failed"]
    latest = application.published()
    assert latest is not None
    assert latest["run_id"] == good.output["run_id"]
    marker = application.cloud.client("s3").get_object(
        Bucket=application.outputs["ForecastBucket"], Key=f"reports/partition=all/run_id={run_id}/gate_violations.json"
    )
    assert json.load(marker["Body"])["run_id"] == run_id

    manual = application.run({"publish": run_id})
    assert manual.status == "SUCCEEDED", manual.cause
    assert manual.jobs == []
    assert manual.output["published"] is True
    back = application.run({"publish": good.output["run_id"]})
    assert back.output["published"] is True
    latest = application.published()
    assert latest is not None
    assert latest["run_id"] == good.output["run_id"]


def test_publishing_a_missing_run_fails(application: Deployment) -> None:
    ended = application.run({"publish": "onejob-dev-nowhere"})
    assert (ended.status, ended.error) == ("FAILED", "IncompleteRun")
    assert "there is no run onejob-dev-nowhere" in ended.cause
