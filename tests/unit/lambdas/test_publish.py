import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from contract.function_errors import PublishFailed
from lambdas.publish.catalog import CURRENT, RUNS, Catalog
from lambdas.publish.handler import ATTEMPTS, PublishTarget
from lambdas.publish.handler import publish as typed_publish
from lambdas.shared.registry_claim import claim
from lambdas.shared.registry_table import RunTable
from tests.leases import lease_request
from tests.stand_ins import as_client
from tests.unit.lambdas.conftest import DATABASE, FORECAST_BUCKET

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

# The tests' states have only the keys that a function reads.
publish: Any = typed_publish

KEY = "forecasts/partition=all/_published.json"
CLIENTS: dict[str, Any] = {}
NOW = datetime(2026, 11, 18, 9, 45, tzinfo=UTC)
RUN = {
    "run_id": "run-1",
    "partition": "all",
    "cutoff": "2026-11-16",
    "frequency": "W-MON",
    "horizon": 12,
    "first_period": "2026-11-23",
    "last_period": "2027-02-08",
    "series": 2000,
    "rows": 24000,
    "manifest": "forecasts/partition=all/run_id=run-1/_manifest.json",
    "report": "reports/partition=all/run_id=run-1/report.html",
    "model": {"run_id": "run-1", "sha256": "a" * 64, "age_days": 0, "model_format": 7},
    "column_types": {"article_id": "string", "ds": "timestamp", "mean": "float"},
    "metrics": {"forecast": {"wape": 0.213, "mase": 0.8}, "seasonal_naive": {"wape": 0.284, "mase": 1.0}},
    "statistics": {"seconds": None, "data_quality": None, "compared_with": None, "inference": None},
}
EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:onejob-dev-forecast:one"


@pytest.fixture(autouse=True)
def _registry_and_catalog(glue: "GlueClient", table: RunTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set up the clients that `target` uses."""
    monkeypatch.setitem(CLIENTS, "glue", glue)
    monkeypatch.setitem(CLIENTS, "table", table)


def target(s3: "S3Client", deployment: str = "onejob-dev") -> PublishTarget:
    catalog = Catalog(CLIENTS["glue"], DATABASE, f"s3://{FORECAST_BUCKET}/forecasts/")
    return PublishTarget(s3, FORECAST_BUCKET, deployment, CLIENTS["table"], catalog)


def claimed(table: RunTable, cutoff: str, execution: str, *, gone: str | None = None) -> None:
    request = lease_request(
        execution, at=NOW.isoformat(), now_epoch=int(NOW.timestamp()), force=True, ended_execution=gone
    )
    table.change("all", cutoff, lambda run: claim(run, request))


def published(s3: "S3Client", *, by_hand: bool = False, deployment: str = "onejob-dev", **changes: Any) -> Any:
    """Claim and publish the run, or a changed copy of it."""
    run, where = {**RUN, **changes}, target(s3, deployment)
    execution = f"{EXECUTION}-{run['run_id']}"
    claimed(where.table, str(run["cutoff"]), execution)
    return publish(run, execution=execution, target=where, now=NOW, by_hand=by_hand)


def pointer(s3: "S3Client") -> dict[str, Any]:
    body: dict[str, Any] = json.loads(s3.get_object(Bucket=FORECAST_BUCKET, Key=KEY)["Body"].read())
    return body


def versions(s3: "S3Client") -> int:
    return len(s3.list_object_versions(Bucket=FORECAST_BUCKET, Prefix=KEY).get("Versions", []))


class Interrupted:
    """An S3 client that lets another publisher write before each of the next `times` writes."""

    def __init__(self, s3: "S3Client", *, times: int, cutoff: str = "2026-11-02") -> None:
        self._s3, self._times, self._cutoff = s3, times, cutoff

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def put_object(self, **request: Any) -> Any:
        if self._times:
            self._times -= 1
            body = {"run_id": f"other-{self._times}", "cutoff": self._cutoff}
            self._s3.put_object(Bucket=FORECAST_BUCKET, Key=KEY, Body=json.dumps(body).encode())
        return self._s3.put_object(**request)


def test_the_message_has_the_first_warnings(s3: "S3Client") -> None:
    quality = {"warnings": 4, "first_warnings": ["demand: 1 row dated 2062. Fix it", "static: no row meets a series"]}
    outcome = published(s3, statistics={"data_quality": quality, "inference": None})
    assert (
        "4 data-quality warnings: demand: 1 row dated 2062. Fix it. static: no row meets a series."
        in outcome["message"]
    )
    assert "warning" not in published(s3, run_id="run-2")["message"]


def test_the_first_run_is_published(s3: "S3Client") -> None:
    outcome = published(s3)
    assert outcome["published"] is True
    assert outcome["forecasts"] == f"s3://{FORECAST_BUCKET}/forecasts/partition=all/run_id=run-1/"
    assert outcome["report"] == f"s3://{FORECAST_BUCKET}/{RUN['report']}"
    assert pointer(s3) == {
        "schema_version": 1,
        **{name: value for name, value in RUN.items() if name not in ("column_types", "statistics")},
        "forecasts": outcome["forecasts"],
        "published_at": "2026-11-18T09:45:00+00:00",
    }


@pytest.mark.parametrize("cutoff", ["2026-11-16", "2026-11-23"])
def test_a_run_of_the_same_or_a_later_cutoff_replaces_the_published_one(s3: "S3Client", cutoff: str) -> None:
    published(s3)
    assert published(s3, run_id="run-2", cutoff=cutoff)["published"] is True
    assert pointer(s3)["run_id"] == "run-2"


def test_a_run_of_an_older_cutoff_is_superseded(s3: "S3Client") -> None:
    published(s3)
    outcome = published(s3, run_id="run-0", cutoff="2026-11-09")
    assert outcome["published"] is False
    assert "The published forecasts stay, because their cutoff 2026-11-16 is later" in outcome["message"]
    assert "run_id=run-0/" in outcome["message"]
    assert pointer(s3)["run_id"] == "run-1"


def test_publishing_twice_writes_once(s3: "S3Client") -> None:
    s3.put_bucket_versioning(Bucket=FORECAST_BUCKET, VersioningConfiguration={"Status": "Enabled"})
    assert published(s3) == published(s3)
    assert versions(s3) == 1


@pytest.mark.parametrize("times", [1, ATTEMPTS - 1])
def test_another_publishers_write_is_not_lost(s3: "S3Client", times: int) -> None:
    assert published(as_client(Interrupted(s3, times=times)))["published"] is True
    assert pointer(s3)["run_id"] == "run-1"


def test_a_later_cutoff_published_in_between_stays(s3: "S3Client") -> None:
    assert published(as_client(Interrupted(s3, times=1, cutoff="2026-11-23")))["published"] is False
    assert pointer(s3)["run_id"] == "other-0"


def test_publish_fails_after_a_few_lost_races(s3: "S3Client") -> None:
    with pytest.raises(PublishFailed, match=f"other executions changed .* {ATTEMPTS} times"):
        published(as_client(Interrupted(s3, times=ATTEMPTS)))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"cutoff": "2026-11-16"}', b"\xff"])
def test_an_invalid_pointer_is_not_overwritten(s3: "S3Client", body: bytes) -> None:
    s3.put_object(Bucket=FORECAST_BUCKET, Key=KEY, Body=body)
    with pytest.raises(PublishFailed, match="is not a valid pointer; restore"):
        published(s3)


def test_the_notification_is_short_and_has_the_accuracy(s3: "S3Client") -> None:
    outcome = published(s3)
    assert outcome["subject"] == "onejob-dev: forecasts published, cutoff 2026-11-16"
    assert outcome["message"].startswith(
        "onejob-dev published 12 weeks for 2,000 series after 2026-11-16 (until 2027-02-08). "
        "Backtest WAPE 21.3% against 28.4% for seasonal naive (25% better)."
    )


@pytest.mark.parametrize(
    ("metrics", "sentence"),
    [
        ({}, "The history is too short for a backtest."),
        ({"forecast": None, "seasonal_naive": {}}, "The history is too short for a backtest."),
        (
            {"forecast": {"wape": 0.3}, "seasonal_naive": {"wape": 0.2}},
            "30.0% against 20.0% for seasonal naive (50% worse).",
        ),
        ({"forecast": {"wape": 0.3}, "seasonal_naive": {"wape": 0}}, "30.0% against 0.0% for seasonal naive."),
    ],
)
def test_the_accuracy_for_any_metrics(s3: "S3Client", metrics: dict[str, Any], sentence: str) -> None:
    assert sentence in published(s3, metrics=metrics)["message"]


def test_the_subject_is_valid_for_sns(s3: "S3Client") -> None:
    longest = published(s3, deployment="fifteenletters1-environment1")
    assert longest["subject"].isascii()
    assert len(longest["subject"]) <= 100


def test_a_run_published_by_hand_may_be_an_earlier_one(s3: "S3Client") -> None:
    published(s3, run_id="run-2", cutoff="2026-11-23")
    assert published(s3)["published"] is False
    back = published(s3, by_hand=True)
    assert back["published"] is True
    assert "These forecasts replace the published ones, whose cutoff 2026-11-23 is later." in back["message"]
    assert pointer(s3)["run_id"] == "run-1"


def test_the_registry_has_published_and_superseded_runs(s3: "S3Client") -> None:
    published(s3)
    published(s3, run_id="run-0", cutoff="2026-11-09")
    table = target(s3).table
    run, older = table.get("all", "2026-11-16"), table.get("all", "2026-11-09")
    assert run.published == 1
    assert run.last is not None
    assert (run.last.status, run.last.details["run_id"], run.last.ended_at) == ("published", "run-1", NOW.isoformat())
    assert older.last is not None
    assert (older.published, older.last.status) == (None, "superseded")


def test_a_run_taken_over_by_another_execution_is_not_published(s3: "S3Client") -> None:
    where = target(s3)
    claimed(where.table, "2026-11-16", f"{EXECUTION}-one")
    claimed(where.table, "2026-11-16", f"{EXECUTION}-two", gone=f"{EXECUTION}-one")
    with pytest.raises(PublishFailed, match=f"{EXECUTION}-two took over the run"):
        publish(RUN, execution=f"{EXECUTION}-one", target=where, now=NOW)
    with pytest.raises(s3.exceptions.NoSuchKey):
        pointer(s3)


def test_a_run_taken_over_during_the_write_is_published_once(s3: "S3Client") -> None:
    where = target(s3)
    claimed(where.table, "2026-11-16", f"{EXECUTION}-one")

    class Slow:
        """An S3 client that lets another execution take over and publish the run before the first write."""

        done = False

        def __getattr__(self, name: str) -> Any:
            return getattr(s3, name)

        def put_object(self, **request: Any) -> Any:
            if not self.done:
                self.done = True
                claimed(where.table, "2026-11-16", f"{EXECUTION}-two", gone=f"{EXECUTION}-one")
                publish({**RUN, "run_id": "run-2"}, execution=f"{EXECUTION}-two", target=where, now=NOW)
            return s3.put_object(**request)

    with pytest.raises(PublishFailed, match="took over the run"):
        publish(RUN, execution=f"{EXECUTION}-one", target=replace(where, s3=as_client(Slow())), now=NOW)
    assert pointer(s3)["run_id"] == "run-2"


def test_the_pointer_and_the_message_have_the_model(s3: "S3Client") -> None:
    published(s3)
    assert pointer(s3)["model"] == RUN["model"]
    older = {"run_id": "run-0", "sha256": "b" * 64, "age_days": 14}
    outcome = published(s3, run_id="run-2", model=older)
    assert pointer(s3)["model"] == older
    assert "No model was trained. The run uses the model of run run-0, 14 days old. Backtest" in outcome["message"]


@pytest.mark.parametrize("model", [None, RUN["model"]])
def test_the_message_does_not_mention_a_model_of_the_run_itself(s3: "S3Client", model: dict[str, Any] | None) -> None:
    assert "model" not in published(s3, model=model)["message"]


FLEET = {"seconds": 500, "cost": 1.234, "planned": "4 instances for about 9 minutes", "notes": []}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "The fleet took 8 minutes and cost $1.23. The fleet's plan was 4 instances for about 9 minutes."),
        ({"cost": None}, "The fleet took 8 minutes. The fleet's plan was 4 instances for about 9 minutes."),
        (
            {"notes": ["the quota is 4", "2 minutes late"]},
            "The fleet's plan was 4 instances for about 9 minutes (the quota is 4; 2 minutes late).",
        ),
        ({"seconds": None, "cost": None}, "The fleet's plan was 4 instances for about 9 minutes."),
    ],
)
def test_the_notification_has_the_fleets_duration_and_cost(
    s3: "S3Client", changes: dict[str, Any], sentence: str
) -> None:
    assert sentence in published(s3, fleet={**FLEET, **changes})["message"]
    assert "fleet" not in published(s3, run_id="run-2", fleet=None)["message"]


def test_the_registry_keeps_the_throughput_for_the_next_fleet(s3: "S3Client") -> None:
    inference = {"series_per_second_per_core": 12_000.5, "instances": 4}
    job = {"name": "job-1", "cost": 0.5}
    published(s3, job=job, fleet=FLEET, statistics={"data_quality": None, "inference": inference})
    kept = target(s3).table.get("all", "2026-11-16").published_attempt
    assert kept is not None
    assert {name: kept.details[name] for name in ("job", "fleet", "inference")} == {
        "job": job,
        "fleet": FLEET,
        "inference": inference,
    }
    published(s3, run_id="run-2", fleet=None, statistics={"data_quality": None, "inference": None})
    alone = target(s3).table.get("all", "2026-11-16").published_attempt
    assert alone is not None
    assert not alone.details.keys() & {"job", "fleet", "inference"}


def partitions(table: str) -> dict[tuple[str, ...], str]:
    found = CLIENTS["glue"].get_partitions(DatabaseName=DATABASE, TableName=table)
    return {tuple(each["Values"]): each["StorageDescriptor"]["Location"] for each in found["Partitions"]}


def test_athena_has_the_current_run_and_all_runs(s3: "S3Client") -> None:
    published(s3)
    published(s3, run_id="run-2", cutoff="2026-11-23")
    folder = f"s3://{FORECAST_BUCKET}/forecasts/partition=all"
    assert partitions(CURRENT) == {("all",): f"{folder}/run_id=run-2/"}
    assert partitions(RUNS) == {
        ("all", "run-1"): f"{folder}/run_id=run-1/",
        ("all", "run-2"): f"{folder}/run_id=run-2/",
    }
    published(s3, by_hand=True)
    assert partitions(CURRENT) == {("all",): f"{folder}/run_id=run-1/"}


def test_the_tables_have_the_columns_of_the_last_run(s3: "S3Client") -> None:
    published(s3)
    types = {"article_id": "bigint", "ds": "timestamp", "mean": "float", "q50": "float"}
    published(s3, run_id="run-2", cutoff="2026-11-23", column_types=types)
    for name in (CURRENT, RUNS):
        table = CLIENTS["glue"].get_table(DatabaseName=DATABASE, Name=name)["Table"]
        assert {each["Name"]: each["Type"] for each in table["StorageDescriptor"]["Columns"]} == types
