import base64
import hashlib
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from contract.function_errors import IncompleteRun
from lambdas.check_run import handler as module
from lambdas.check_run.differences import CONCURRENT_READS
from lambdas.check_run.handler import check_run as typed_check_run
from tests.unit.lambdas.conftest import CONTEXT, FORECAST_BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

# The tests' states have only the keys that a function reads.
check_run: Any = typed_check_run
handle: Any = module.handler

RUN_ID = "onejob-dev-20261118-093005-0a1b2c3d-0-0-0"
FOLDER = f"forecasts/partition=all/run_id={RUN_ID}/"
PLAN = {"partition": "all", "cutoff": None, "hyperparameters": {"horizon": "12"}}


def put(s3: "S3Client", name: str, content: bytes, *, rows: int, checksum: bool = True) -> dict[str, Any]:
    digest = hashlib.sha256(content).digest()
    request: PutObjectRequestTypeDef = {"Bucket": FORECAST_BUCKET, "Key": FOLDER + name, "Body": content}
    if checksum:
        request |= {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": base64.b64encode(digest).decode()}
    s3.put_object(**request)
    return {"name": name, "rows": rows, "bytes": len(content), "sha256": digest.hex()}


@pytest.fixture
def manifest(s3: "S3Client") -> dict[str, Any]:
    """The manifest of a complete run. Its files are in the bucket, the manifest is not."""
    return {
        "schema_version": 1,
        "run_id": RUN_ID,
        "partition": "all",
        "cutoff": "2026-11-16",
        "frequency": "W-MON",
        "horizon": 12,
        "first_period": "2026-11-23",
        "last_period": "2027-02-08",
        "series": 5,
        "rows": 60,
        "files": [
            put(s3, "part-00000.parquet", b"first", rows=36),
            put(s3, "part-00001.parquet", b"second", rows=24),
        ],
        "report": f"reports/partition=all/run_id={RUN_ID}/report.html",
        "column_types": {"ds": "timestamp"},
        "metrics": {"forecast": {"wape": 0.2}, "seasonal_naive": {"wape": 0.3}},
        "versions": {},
        "model": {"run_id": RUN_ID, "sha256": "a" * 64, "age_days": 0},
    }


def write(s3: "S3Client", manifest: object) -> None:
    body = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    s3.put_object(Bucket=FORECAST_BUCKET, Key=FOLDER + "_manifest.json", Body=body)


def checked(s3: "S3Client", **plan: Any) -> dict[str, Any]:
    return dict(check_run(run_id=RUN_ID, plan={**PLAN, **plan}, bucket=FORECAST_BUCKET, s3=s3))


def test_a_complete_run_passes(s3: "S3Client", manifest: dict[str, Any]) -> None:
    write(s3, manifest)
    run = checked(s3, cutoff="2026-11-16")
    assert run["manifest"] == f"{FOLDER}_manifest.json"
    assert run["statistics"] == {"seconds": None, "data_quality": None, "compared_with": None, "inference": None}
    taken = run.keys() - {"manifest", "statistics"}
    assert {name: run[name] for name in taken} == {name: manifest[name] for name in taken}


def test_long_lists_of_the_report_do_not_enter_the_state(s3: "S3Client", manifest: dict[str, Any]) -> None:
    quality = {
        "warnings": [f"static: column {number} {'is text ' * 1_000}" for number in range(500)],
        "ignored_columns": [f"demand: c{number}" for number in range(10_000)],
        "repairs": {"gaps_filled": 3},
    }
    write(s3, {**manifest, "data_quality": quality})
    found = checked(s3)["statistics"]["data_quality"]
    assert len(json.dumps(found)) < 2_000
    assert (found["warnings"], len(found["first_warnings"]), found["repairs"]) == (500, 3, {"gaps_filled": 3})
    assert found["first_warnings"][0].startswith("static: column 0 is text is text")
    assert found["first_warnings"][0].endswith(" ...")


def test_a_missing_manifest_fails(s3: "S3Client", manifest: dict[str, Any]) -> None:  # noqa: ARG001 - its files exist
    with pytest.raises(IncompleteRun, match=r"without a manifest: s3://.*_manifest\.json is missing"):
        checked(s3)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b"{}", "has no field 'run_id'"),
    ],
)
def test_an_invalid_manifest_fails(s3: "S3Client", body: bytes, message: str) -> None:
    write(s3, body)
    with pytest.raises(IncompleteRun, match=message):
        checked(s3)


def test_a_manifest_of_wrong_types(s3: "S3Client", manifest: dict[str, Any]) -> None:
    write(s3, {**manifest, "files": [1]})
    with pytest.raises(IncompleteRun, match="is not a run's manifest"):
        checked(s3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"run_id": "other"}, "run_id is other"),
        ({"partition": "de"}, "partition is de, but all was planned"),
        ({"horizon": 8}, "horizon is 8, but 12 was planned"),
        ({"cutoff": "2026-11-09"}, "cutoff is 2026-11-09, but 2026-11-16 was planned"),
        ({"series": 6}, "60 rows for 6 series x 12 periods"),
        ({"rows": 0, "series": 0}, "0 rows for 0 series"),
        ({"rows": 72, "series": 6}, "the files have 60 rows, the manifest has 72"),
    ],
)
def test_numbers_that_do_not_add_up(
    s3: "S3Client", manifest: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    write(s3, {**manifest, **change})
    with pytest.raises(IncompleteRun, match=message) as error:
        checked(s3, cutoff="2026-11-16")
    assert "\n" not in str(error.value)


def test_a_missing_file(s3: "S3Client", manifest: dict[str, Any]) -> None:
    write(s3, manifest)
    s3.delete_object(Bucket=FORECAST_BUCKET, Key=f"{FOLDER}part-00001.parquet")
    with pytest.raises(IncompleteRun, match=r"missing: part-00001\.parquet"):
        checked(s3)


def test_unlisted_files_fail(s3: "S3Client", manifest: dict[str, Any]) -> None:
    for number in range(2, 7):
        put(s3, f"part-0000{number}.parquet", b"stray", rows=1)
    write(s3, manifest)
    with pytest.raises(
        IncompleteRun, match=r"not in the manifest: part-00002.parquet, .*part-00004.parquet and 2 more"
    ):
        checked(s3)


def test_a_file_of_a_different_size_fails(s3: "S3Client", manifest: dict[str, Any]) -> None:
    put(s3, "part-00001.parquet", b"cut", rows=24)
    write(s3, manifest)
    with pytest.raises(IncompleteRun, match=r"part-00001\.parquet has 3 bytes, the manifest has 6"):
        checked(s3)


def test_a_file_of_different_content_fails(s3: "S3Client", manifest: dict[str, Any]) -> None:
    put(s3, "part-00001.parquet", b"s3cond", rows=24)
    write(s3, manifest)
    with pytest.raises(IncompleteRun, match=r"part-00001\.parquet has a different SHA-256"):
        checked(s3)


def test_a_file_without_a_checksum_fails(s3: "S3Client", manifest: dict[str, Any]) -> None:
    put(s3, "part-00001.parquet", b"second", rows=24, checksum=False)
    write(s3, manifest)
    with pytest.raises(IncompleteRun, match=r"part-00001\.parquet has no SHA-256"):
        checked(s3)


def test_nan_becomes_none(s3: "S3Client", manifest: dict[str, Any]) -> None:
    write(s3, {**manifest, "metrics": {"forecast": {"wape": float("nan")}, "seasonal_naive": None}})
    run = checked(s3)
    assert run["metrics"]["forecast"]["wape"] is None
    json.dumps(run, allow_nan=False)


def test_a_manifest_without_a_model_passes(s3: "S3Client", manifest: dict[str, Any]) -> None:
    write(s3, {name: value for name, value in manifest.items() if name != "model"})
    assert checked(s3)["model"] is None


class Slow:
    """An S3 client whose head requests wait for each other up to the limit."""

    def __init__(self, s3: "S3Client") -> None:
        self._s3, self._together = s3, threading.Barrier(CONCURRENT_READS)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def head_object(self, **request: Any) -> Any:
        self._together.wait(timeout=120)
        return self._s3.head_object(**request)


def test_many_files_are_read_concurrently_and_reported_in_order(s3: "S3Client", manifest: dict[str, Any]) -> None:
    count = 2 * CONCURRENT_READS
    files = [put(s3, f"part-{number:05d}.parquet", b"12", rows=12) for number in range(count)]
    whole = {**manifest, "files": files, "series": count, "rows": 12 * count}
    write(s3, whole)
    plan = {**PLAN, "cutoff": None}
    assert check_run(run_id=RUN_ID, plan=plan, bucket=FORECAST_BUCKET, s3=Slow(s3))["series"] == count
    for number in (1, count - 1):
        put(s3, f"part-{number:05d}.parquet", b"123", rows=12)
    with pytest.raises(IncompleteRun, match=rf"part-00001\.parquet has 3 .*; part-{count - 1:05d}\.parquet has 3 "):
        checked(s3)


@pytest.fixture
def answered(s3: "S3Client", manifest: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that calls the handler with a state and a complete run."""
    write(s3, manifest)
    monkeypatch.setattr(module, "_client", lambda _service: s3)
    for name, value in (
        ("FORECAST_BUCKET", FORECAST_BUCKET),
        ("DEPLOYMENT", "d"),
        ("HOURLY_PRICES", '{"ml.m5.large": 1}'),
    ):
        monkeypatch.setenv(name, value)

    def answer(**state: Any) -> dict[str, Any]:
        data = {"execution": {"id": "arn"}, "plan": {**PLAN, "demand": {"bytes": 5}}, "job": {"name": RUN_ID}}
        return dict(handle({**data, **state}, CONTEXT))

    return answer


def test_a_run_without_a_fleet_has_the_facts_of_its_job(answered: Any, capsys: pytest.CaptureFixture[str]) -> None:
    description = {"TrainingJobName": RUN_ID, "TrainingTimeInSeconds": 60}
    run = answered(job={"name": RUN_ID, "description": description})
    assert (run["job"]["name"], run["job"]["seconds"], run["fleet"]) == (RUN_ID, 60, None)
    assert "FleetSeconds" not in capsys.readouterr().out


def test_a_run_with_a_fleet_has_the_facts_of_both(answered: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 2}
    description = {
        "ProcessingResources": {"ClusterConfig": cluster},
        "CreationTime": 0,
        "ProcessingStartTime": 60_000,
        "ProcessingEndTime": 1_860_000,
    }
    fleet_job = {"name": "f", "status": "Completed", "description": description}
    run = answered(fleet={"words": "two", "notes": []}, fleet_job=fleet_job)
    assert (run["fleet"]["seconds"], run["fleet"]["cost"], run["fleet"]["planned"]) == (1860, 1.0, "two")
    assert '"FleetSeconds"' in capsys.readouterr().out


def test_a_job_whose_cost_was_counted_when_its_fleet_failed_is_not_counted_again(
    answered: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    description = {"TrainingJobName": RUN_ID, "BillableTimeInSeconds": 600, "TrainingTimeInSeconds": 900}
    job = {"name": RUN_ID, "status": "Completed", "description": description}
    for state, counted in (({}, True), ({"closed": {"status": "failed", "counted": [RUN_ID]}}, False)):
        run = answered(job=job, **state)
        assert run["job"]["billable_seconds"] == 600
        assert ('"BillableSeconds"' in capsys.readouterr().out) is counted


def test_a_resumed_handovers_job_has_only_the_size_of_the_demand(answered: Any) -> None:
    run = answered(job={"name": RUN_ID, "status": "Completed"})
    assert {name for name, value in run["job"].items() if value is not None} == {"demand_bytes"}
    assert run["run_id"] == RUN_ID


def test_a_run_that_is_published_by_hand_was_measured_before(answered: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = answered(plan={"partition": "all", "publish": RUN_ID})
    assert not run.keys() & {"job", "fleet"}
    assert "CloudWatchMetrics" not in capsys.readouterr().out
