import hashlib
import io
import json
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.demand import run_job, series, shop
from tests.end_to_end.conftest import BUCKET, Container, Ended

SOUND = shop(5, 60)
Files = Mapping[str, pl.DataFrame | bytes]


def parquet(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def test_a_training_job_keeps_the_contract(container: Container, tmp_path: Path) -> None:
    container.lay_out({"a.parquet": SOUND}, quantiles="0.1,0.9")
    ended = container.start().end()
    assert ended.code == 0, ended.err
    assert container.failure is None
    stored = container.stored
    assert set(stored) == {
        "forecasts/part-00000.parquet",
        "forecasts/_manifest.json",
        "models/dense.txt",
        "models/intermittent.txt",
        "models/model.json",
        "models/training.json",
        "reports/report.html",
        "reports/data_quality.json",
    }
    manifest = json.loads(stored["forecasts/_manifest.json"])
    assert manifest["run_id"] == container.job_name
    assert manifest["report"] == f"reports/partition=all/run_id={container.job_name}/report.html"
    (file,) = manifest["files"]
    part = stored["forecasts/part-00000.parquet"]
    assert file == {
        "name": "part-00000.parquet",
        "rows": 20,
        "bytes": len(part),
        "sha256": hashlib.sha256(part).hexdigest(),
    }
    key = f"forecasts/partition=all/run_id={container.job_name}/part-00000.parquet"
    head = container.s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"]
    times = {
        entry["Key"].rsplit("/", 1)[1]: entry["LastModified"]
        for entry in container.s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        if container.job_name in entry["Key"]
    }
    assert max(times.values()) == times["_manifest.json"]
    assert part == run_job(tmp_path / "local", SOUND, quantiles="0.1,0.9").parts["part-00000.parquet"]
    assert list((tmp_path / "tmp").iterdir()) == []


BAD_INPUT: dict[str, tuple[Files, dict[str, Any], str]] = {
    "no files": ({}, {}, "demand: no table in"),
    "empty file": ({"a.parquet": b""}, {}, "demand: 1 file with no content, e.g. a.parquet. Upload it again"),
    "truncated": (
        {"a.parquet": parquet(SOUND)[:-100]},
        {},
        "demand: 1 file that cannot be read as Parquet, e.g. a.parquet",
    ),
    "column": ({"a.parquet": SOUND.drop("y")}, {}, "demand: 1 file without the column y, e.g. a.parquet (it has"),
    "text": (
        {"a.csv": SOUND.with_columns(pl.lit("some").alias("y"))},
        {},
        "demand: 300 rows with something other than a number in y, e.g. 'some' in line 2 of a.csv",
    ),
    "infinite": (
        {"a.parquet": SOUND.with_columns(y=pl.col("y") / 0)},
        {},
        "demand: 300 rows with an infinite value",
    ),
    "duplicates": (
        {"a.parquet": SOUND, "b.parquet": SOUND[:2]},
        {},
        "demand: 1 series with duplicate weeks, e.g. A000 20",
    ),
    "anchor": (
        {"a.parquet": pl.concat([SOUND, series({"Z": [1.0]}).with_columns(pl.col("ds") + timedelta(days=2))])},
        {},
        "demand: 1 row dated off the calendar W-MON, e.g. Z 2026-11-18",
    ),
    "cutoff": ({"a.parquet": SOUND}, {"cutoff": "2000-01-03"}, "cutoff: 2000-01-03 is before all demand. Use 20"),
    "horizon": (
        {"a.parquet": SOUND},
        {"horizon": "0"},
        "configuration: horizon: must be greater than or equal to 1",
    ),
    "unknown key": ({"a.parquet": SOUND}, {"horizn": "3"}, "configuration: horizn: unknown key, did you mean horizon?"),
    "line breaks": (
        {"a.parquet": pl.concat([SOUND, SOUND]).with_columns(pl.lit("a\nb\r\u2028c").alias("unique_id"))},
        {},
        "demand: 1 series with duplicate weeks, e.g. a b c 20",
    ),
}


@pytest.fixture(scope="module")
def rejected(
    tmp_path_factory: pytest.TempPathFactory, endpoint: str, bucket: str
) -> dict[str, tuple[Container, Ended]]:  # two at a time, which saves half a minute
    assert bucket == BUCKET

    def reject(name: str) -> tuple[Container, Ended]:
        files, hyperparameters, _ = BAD_INPUT[name]
        container = Container(tmp_path_factory.mktemp("bad"), endpoint, f"onejob-bad-{name.replace(' ', '-')}")
        container.lay_out(files, **hyperparameters)
        return container, container.start().end()

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(BAD_INPUT, pool.map(reject, BAD_INPUT), strict=True))


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_has_a_one_line_failure_and_a_full_report(
    rejected: dict[str, tuple[Container, Ended]], name: str
) -> None:
    container, ended = rejected[name]
    message = BAD_INPUT[name][2]
    assert ended.code == 2, ended.err
    assert container.failure is not None
    assert container.failure.startswith(f"[InputError] {message}")
    assert len(container.failure.splitlines()) == 1
    assert len(container.failure) <= 1024
    assert ". " in container.failure or "horiz" in container.failure
    assert "Traceback" not in ended.err
    stored = container.stored
    assert set(stored) == {"reports/data_quality.json"}
    report = json.loads(stored["reports/data_quality.json"])
    assert report["status"] == "input error"
    assert container.failure == f"[InputError] {'; '.join(report['problems'])}"


def test_a_long_list_of_problems_is_cut_in_the_failure_and_complete_in_the_report(container: Container) -> None:
    mistakes: dict[str, Any] = {f"unknown_{at}": "x" for at in range(9)}
    container.lay_out({"a.parquet": SOUND}, **mistakes)
    assert container.start().end().code == 2
    assert container.failure is not None
    assert len(container.failure) == 1024
    assert container.failure.endswith("data-quality report, has all of it)")
    assert len(json.loads(container.stored["reports/data_quality.json"])["problems"]) == 9


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"OUTPUT_URI": ""}, "[Internal] RuntimeError: the environment variable OUTPUT_URI is not set"),
        ({"MODE": "guess"}, "[Internal] RuntimeError: the environment variable MODE is 'guess', not train or infer"),
        ({"OUTPUT_URI": "s3://elsewhere"}, "[AwsError] NoSuchBucket: "),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"},
            "[Unreachable] EndpointConnectionError: ",
        ),
    ],
)
def test_an_error_of_the_platform_is_not_an_input_error(
    container: Container, environment: dict[str, str], message: str
) -> None:
    container.lay_out({"a.parquet": SOUND})
    assert container.start(**environment).end().code == 1
    assert container.failure is not None
    assert container.failure.startswith(message)
    assert len(container.failure.splitlines()) == 1
    assert not container.stored


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_job_ends_promptly_and_looks_unfinished(
    container: Container, large: Path, stop: signal.Signals
) -> None:
    container.lay_out({"a.parquet": large.read_bytes()}, n_estimators="10000")
    job = container.start()
    job.stopped_in_the_fit(stop)
    assert container.failure == f"[Stopped] stopped by {stop.name}"
    assert not container.stored
    assert list((container.folder / "tmp").iterdir()) == []
