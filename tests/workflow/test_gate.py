"""A run that is too unlike the last one is held, and published once somebody has looked at it."""

import json

import polars as pl

from tests.workflow.conftest import FEW_TREES, Deployment


def test_a_held_run_is_kept_explained_and_published_by_hand(application: Deployment, demand: pl.DataFrame) -> None:
    application.upload_rows(demand)
    good = application.run({"config": FEW_TREES})
    assert good.status == "SUCCEEDED", good.cause
    application.upload_rows(demand.with_columns(y=pl.col("y") * 10))
    held = application.run({"config": FEW_TREES})
    (run_id,) = held.jobs
    assert (held.status, held.error) == ("FAILED", "QualityGateFailed")
    assert f"against the published run {good.output['run_id']}" in held.cause
    assert f'start {{"publish": "{run_id}"}}' in held.cause
    assert held.states[-5:] == ["ExplainFailure", "CloseRun", "FailedInPartitionRun?", "NotifyFailure", "Failed"]
    latest = application.published()
    assert latest is not None
    assert latest["run_id"] == good.output["run_id"]
    marker = application.cloud.client("s3").get_object(
        Bucket=application.outputs["ForecastBucket"], Key=f"reports/partition=all/run_id={run_id}/gate_violations.json"
    )
    assert json.load(marker["Body"])["run_id"] == run_id

    by_hand = application.run({"publish": run_id})
    assert by_hand.status == "SUCCEEDED", by_hand.cause
    assert by_hand.jobs == []
    assert by_hand.output["published"] is True
    back = application.run({"publish": good.output["run_id"]})
    assert back.output["published"] is True
    latest = application.published()
    assert latest is not None
    assert latest["run_id"] == good.output["run_id"]


def test_a_run_that_is_not_there_cannot_be_published(application: Deployment) -> None:
    ended = application.run({"publish": "onejob-dev-nowhere"})
    assert (ended.status, ended.error) == ("FAILED", "IncompleteRun")
    assert "there is no run onejob-dev-nowhere" in ended.cause
