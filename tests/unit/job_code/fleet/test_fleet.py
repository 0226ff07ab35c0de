"""A fleet makes the same forecasts as a single job, bit for bit, even if instances or chunks fail."""

import errno
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import polars as pl
import pytest
from moto import mock_aws

from contract.error_codes import ErrorCode
from job_code.entrypoints.processing_container import run_processing_container
from job_code.entrypoints.processing_paths import ProcessingPaths
from job_code.entrypoints.run import run
from job_code.errors import HandoverUnusableError
from job_code.fleet.chunk_archives import checksum, unpack
from job_code.fleet.handover_document import Handover
from job_code.run_request import RunRequest
from job_code.runtime.output_store import S3Output
from job_code.runtime.process_pool import ProcessPool, WorkerDiedError
from job_code.runtime.progress import Progress
from job_code.runtime.s3_prefix import S3Prefix
from tests.demand import ONE, RUN, Finished, configured, run_job, series, shop, write

BUCKET = "forecasts"
URI = f"s3://{BUCKET}"
CHUNKS = 14
DEMAND = pl.concat(
    [
        shop(40, 90, noise=0.3),
        series({"sparse": [0.0, 0.0, 4.0] * 30, "dead": [5.0] + [0.0] * 70, "new": [3.0], "größe": [2.0] * 50}),
    ]
)
STATIC = pl.DataFrame({"unique_id": DEMAND["unique_id"].unique().sort()}).with_columns(
    brand=pl.col("unique_id").str.slice(-1)
)
PRICES = DEMAND.select("unique_id", "ds", price=1 + pl.col("y").rank("ordinal") % 3 / 10)
INPUTS: dict[str, dict[str, pl.DataFrame | bytes]] = {
    "demand": {"d.parquet": DEMAND},
    "static": {"s.parquet": STATIC},
    "covariates": {"c.parquet": PRICES},
}
SETTINGS: dict[str, Any] = {"n_estimators": 10, "country_holidays": "DE"}


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The same run in a single job."""
    folder = tmp_path_factory.mktemp("single")
    return run_job(folder, INPUTS["demand"], static=INPUTS["static"], covariates=INPUTS["covariates"], **SETTINGS)


@contextmanager
def bucket() -> Iterator[S3Prefix]:
    """A new mock of S3 with the bucket."""
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-central-1")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield S3Prefix(s3, BUCKET, "")


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory: pytest.TempPathFactory, single: Finished) -> dict[str, bytes]:
    """The files of a handover, by name."""
    folder = tmp_path_factory.mktemp("handed-over")
    inputs = {name: write(folder / name, files) for name, files in INPUTS.items()}
    request = RunRequest(
        run_id=RUN,
        partition="all",
        inputs=inputs,
        config=configured(**SETTINGS),
        published=single.forecast_folder,
        min_chunks=CHUNKS,
    )
    scratch = folder / "scratch"
    scratch.mkdir()
    with bucket() as store:
        progress = Progress(io.StringIO())
        run(request, S3Output(store), workers=ProcessPool(1), progress=progress, folder=scratch, sizes=ONE)
        assert not list((scratch / "chunks").glob("0*"))
        return {name: store.read(name) for name in store.names("")}


@dataclass
class Fleet:
    """The instances, one after the other in this process. The first waits for all others, so it runs last."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    jobs: int = 0

    @property
    def store(self) -> S3Prefix:
        return S3Prefix.from_uri(URI, region="eu-central-1")

    @property
    def prefix(self) -> str:
        return f"handover/partition=all/run_id={RUN}/"

    @property
    def chunks(self) -> list[str]:
        return self.store.names(f"{self.prefix}chunks/")

    def run(self, instances: int, *, lost: tuple[int, ...] = ()) -> tuple[int, str]:
        """Run one processing job. `lost` has the numbers of the instances that do not run."""
        self.jobs += 1
        codes = [
            self._instance(number, instances) for number in reversed(range(1, instances + 1)) if number not in lost
        ]
        message = self.root(1) / "output" / "message"
        return max(codes), message.read_text() if message.exists() else ""

    def root(self, number: int) -> Path:
        return self.folder / f"job-{self.jobs}" / f"algo-{number}"

    def _instance(self, number: int, instances: int) -> int:
        root = self.root(number)
        hosts = [f"algo-{each}" for each in range(1, instances + 1)]
        write_json(root / "config/resourceconfig.json", {"current_host": f"algo-{number}", "hosts": hosts})
        write_json(root / "config/processingjobconfig.json", {"ProcessingJobName": f"job-{self.jobs}"})
        self._download(self.chunks[number - 1 :: instances], root / "processing/input/chunks")
        self._download(self.store.names(f"{self.prefix}shared/"), root / "processing/input/shared")
        self._download(self.store.names("models/"), root / "processing/input/model")
        self.monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(root))
        self.monkeypatch.setenv("OUTPUT_URI", URI)
        return run_processing_container()

    def _download(self, names: list[str], folder: Path) -> None:
        folder.mkdir(parents=True)
        for name in names:
            (folder / Path(name).name).write_bytes(self.store.read(name))

    @property
    def forecasts(self) -> dict[str, bytes]:
        names = self.store.names("forecasts/")
        return {Path(name).name: self.store.read(name) for name in names if name.endswith(".parquet")}

    @property
    def manifest(self) -> dict[str, Any]:
        return dict(json.loads(self.store.read(f"forecasts/partition=all/run_id={RUN}/_manifest.json")))

    @property
    def rows(self) -> pl.DataFrame:
        parts = [pl.read_parquet(content) for content in self.forecasts.values()]
        return pl.concat(parts).sort("unique_id", "ds")


def charts(report: str) -> list[str]:
    return re.findall("<svg.*?</svg>", report, flags=re.DOTALL)


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


@pytest.fixture
def fleet(handed_over: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    """A fleet with the handover of a run."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr("job_code.entrypoints.processing_container.stop_promptly", lambda _: None)
    monkeypatch.setattr("job_code.runtime.process_pool.available_cores", lambda: 1)
    monkeypatch.setattr("job_code.fleet.gather_results.SECONDS_BETWEEN_CHECKS", 0.0)
    with bucket() as store:
        for name, content in handed_over.items():
            store.client.put_object(Bucket=BUCKET, Key=name, Body=content)
        yield Fleet(tmp_path / "fleet", monkeypatch)


def test_a_handover_has_several_chunks(fleet: Fleet) -> None:
    sizes = [len(fleet.store.read(name)) for name in fleet.chunks]
    assert CHUNKS <= len(sizes) <= 2 * CHUNKS
    document = json.loads(fleet.store.read(f"{fleet.prefix}shared/handover.json"))
    assert document["series"] == DEMAND["unique_id"].n_unique()
    assert document["bytes"] == sum(sizes)
    assert not fleet.store.names("forecasts/")
    assert {Path(name).name for name in fleet.store.names("models/")} >= {"model.json", "training.json"}


@pytest.mark.parametrize("instances", [1, 2, 3, 7])
def test_a_fleet_and_a_single_job_make_the_same_forecasts(fleet: Fleet, single: Finished, instances: int) -> None:
    code, message = fleet.run(instances)
    assert (code, message) == (0, "")
    assert fleet.rows.equals(single.forecasts.sort("unique_id", "ds"))
    ours, theirs = fleet.manifest, single.manifest
    other = {name for name in theirs if ours[name] != theirs[name]}
    assert other <= {"created_at", "seconds", "files", "inference", "compared_with", "model"}
    assert ours["inference"]["instances"] == ours["inference"]["cores"] == instances
    assert ours["inference"]["series_per_second_per_core"] > 0
    assert ours["compared_with"]["run_id"] == RUN
    assert {"fit", "hand over", "predict", "gather"} <= set(ours["seconds"])
    assert [file["name"] for file in ours["files"]] == sorted(fleet.forecasts)
    names = {Path(name).name for name in fleet.store.names("reports/")}
    assert names == {"report.html", "data_quality.json"}
    drawn = set(
        charts(
            fleet.store.read(
                next(name for name in fleet.store.names("reports/") if name.endswith("report.html"))
            ).decode()
        )
    )
    (total,) = set(charts(single.report)) - drawn  # the single job has no published run to compare with
    assert "published run" not in total


def test_an_instance_without_chunks_succeeds(fleet: Fleet, single: Finished) -> None:
    instances = len(fleet.chunks) + 2
    assert fleet.run(instances) == (0, "")
    assert fleet.rows.equals(single.forecasts.sort("unique_id", "ds"))


def test_completed_chunks_survive_a_lost_instance(
    fleet: Fleet, single: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: float) -> None:
        raise SystemExit(137)  # SageMaker ends all instances if one is lost

    with monkeypatch.context() as patched:
        patched.setattr("job_code.fleet.gather_results.await_instances.__kwdefaults__", {"sleep": gone})
        with pytest.raises(SystemExit):
            fleet.run(3, lost=(2,))
    before = fleet.forecasts
    assert 0 < len(before) < len(fleet.chunks)
    modified = written(fleet)
    assert fleet.run(2) == (0, "")
    assert fleet.rows.equals(single.forecasts.sort("unique_id", "ds"))
    assert {name: time for name, time in written(fleet).items() if name in modified} == modified


def written(fleet: Fleet) -> dict[str, Any]:
    listed = fleet.store.client.list_objects_v2(Bucket=BUCKET, Prefix="forecasts/")["Contents"]
    return {entry["Key"]: entry["LastModified"] for entry in listed if entry["Key"].endswith(".parquet")}


def spoil(fleet: Fleet, name: str, change: Callable[[Path], None]) -> None:
    """Change the files of a chunk, and adapt its checksum."""
    folder, packed = fleet.folder / "spoiled", fleet.folder / "spoiled.tar"
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(fleet.store.read(name))) as archive:
        archive.extractall(folder)
    change(folder)
    with tarfile.open(packed, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.add(file, file.name)
    fleet.store.upload(packed, name)
    key = f"{fleet.prefix}shared/handover.json"
    document = json.loads(fleet.store.read(key))
    (chunk,) = (each for each in document["chunks"] if f"chunk-{each['number']:05d}.tar" == Path(name).name)
    chunk["sha256"] = checksum(packed)
    path = fleet.folder / "handover.json"
    path.write_text(json.dumps(document))
    fleet.store.upload(path, key)


def test_a_bad_chunk_is_reported_with_its_series_and_only_that_chunk_is_rerun(fleet: Fleet, single: Finished) -> None:
    name = fleet.chunks[4]
    sound, document = fleet.store.read(name), fleet.store.read(f"{fleet.prefix}shared/handover.json")
    failing = []

    def poison(folder: Path) -> None:
        lengths = np.load(folder / "lengths.npy")
        values = np.load(folder / "values.npy")
        values[lengths[0]] = np.nan  # the first value of the second series
        np.save(folder / "values.npy", values)
        failing.append(pl.read_ipc(folder / "keys.arrow")["unique_id"][1])

    spoil(fleet, name, poison)
    code, message = fleet.run(3)
    assert code == 1
    assert message.startswith(f"[ChunksFailed] 1 of {len(fleet.chunks)} chunks could not be forecast: chunk-00004 (")
    assert "part-00004.parquet: " in message
    assert message.endswith(f"failing series: {failing[0]}")
    assert len(fleet.forecasts) == len(fleet.chunks) - 1
    assert not [name for name in fleet.store.names("forecasts/") if "manifest" in name]
    modified = written(fleet)
    for key, content in ((name, sound), (f"{fleet.prefix}shared/handover.json", document)):
        fleet.store.client.put_object(Bucket=BUCKET, Key=key, Body=content)
    assert fleet.run(1) == (0, "")
    assert fleet.rows.equals(single.forecasts.sort("unique_id", "ds"))
    assert {key: time for key, time in written(fleet).items() if key in modified} == modified


def test_a_damaged_chunk_is_detected(fleet: Fleet) -> None:
    fleet.store.client.put_object(Bucket=BUCKET, Key=fleet.chunks[0], Body=b"not what it was")
    code, message = fleet.run(2)
    assert code == 1
    assert "chunk-00000 (" in message
    assert "is damaged" in message


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "model.json",
            "[ModelUnusable] model: it does not have the checksum in the handover; start a new run",
        ),
        (
            "dense.txt",
            "[ModelUnusable] model: dense.txt does not match its checksum in model.json; train a new model",
        ),
    ],
)
def test_another_model_is_rejected_before_any_forecast(fleet: Fleet, file: str, expected: str) -> None:
    (key,) = (name for name in fleet.store.names("models/") if name.endswith(file))
    fleet.store.client.put_object(Bucket=BUCKET, Key=key, Body=fleet.store.read(key) + b"\n")
    code, message = fleet.run(1)
    assert (code, message) == (1, expected)
    assert not fleet.forecasts


def test_many_failures_are_counted_and_the_first_are_named(fleet: Fleet) -> None:
    for name in fleet.chunks:
        fleet.store.client.put_object(Bucket=BUCKET, Key=name, Body=b"not what it was")
    code, message = fleet.run(1)
    assert code == 1
    assert message.count("is damaged") == 3
    key = f"{fleet.prefix}failures/job-1/summary.json"
    assert message.endswith(f"; {len(fleet.chunks) - 3} more are listed in {URI}/{key}")
    summary = json.loads(fleet.store.read(key))
    assert summary["missing"] == summary["chunks"] == len(summary["reasons"]) == len(fleet.chunks)
    assert summary["reasons"][-1].startswith(Path(fleet.chunks[-1]).stem)


def test_long_reasons_leave_space_for_the_uri_of_the_summary(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a long story " * 100)

    monkeypatch.setattr("job_code.fleet.chunk_worker.unpack", fail)
    code, message = fleet.run(1)
    assert code == 1
    assert message.endswith("/failures/job-1/summary.json")
    assert message.count("a long story") > 20


@pytest.mark.parametrize("step", ["fleet.chunk_worker.unpack", "forecasting.forecaster.Forecaster.forecast"])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "[OutOfDisk] the disk is full; raise volume_gb"),
        (MemoryError("Unable to allocate 2 GiB"), "[OutOfMemory] MemoryError: Unable to allocate 2 GiB"),
    ],
)
def test_a_shortage_of_the_instance_is_not_reported_per_chunk(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception, expected: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(f"job_code.{step}", fail)
    code, message = fleet.run(1)
    assert code == 1
    assert message.startswith(expected)
    assert not fleet.store.names(f"{fleet.prefix}failures/")


def test_a_message_is_cut_to_one_kilobyte_at_a_character_boundary(tmp_path: Path) -> None:
    ProcessingPaths(root=tmp_path, job_name="job", host="algo-1", hosts=("algo-1",)).write_message(
        ErrorCode.JOB_ERROR, "aöö" * 400
    )
    message = (tmp_path / "output" / "message").read_text()
    assert 995 < len(message.encode()) <= 1000
    assert message.startswith("[JobError] " + "aöö" * 197)


@pytest.mark.parametrize(
    ("name", "member_type"),
    [
        ("../escaped", tarfile.REGTYPE),
        ("/escaped", tarfile.REGTYPE),
        ("link", tarfile.SYMTYPE),
        ("..", tarfile.REGTYPE),
    ],
)
def test_an_archive_with_an_unsafe_path_is_rejected(tmp_path: Path, name: str, member_type: bytes) -> None:
    evil, into = tmp_path / "evil.tar", tmp_path / "into"
    into.mkdir()
    with tarfile.open(evil, "w") as archive:
        info = tarfile.TarInfo(name)
        size = 1 if member_type == tarfile.REGTYPE else 0
        info.size, info.type, info.linkname = size, member_type, "elsewhere"
        archive.addfile(info, io.BytesIO(b"x"))
    with pytest.raises(HandoverUnusableError, match="which is not a file of a chunk"):
        unpack(evil, into, checksum(evil))
    with pytest.raises(HandoverUnusableError, match="is damaged"):
        unpack(evil, into, "0" * 64)
    assert not (tmp_path / "escaped").exists()
    assert not list(into.iterdir())


def test_a_missing_chunk_is_reported(fleet: Fleet) -> None:
    fleet.store.client.delete_object(Bucket=BUCKET, Key=fleet.chunks[3])
    code, message = fleet.run(2)
    assert code == 1
    total = len(fleet.chunks) + 1
    reason = "chunk-00003: no instance received this chunk"
    assert message == f"[ChunksFailed] 1 of {total} chunks could not be forecast: {reason}"


class Deadly(ProcessPool):
    """A pool whose workers die while they forecast one of the chunks, as if memory ran out."""

    def as_completed(self, function: Any, tasks: Any) -> Iterator[Any]:
        for place, task in enumerate(tasks):
            if task.chunk.number == 5:
                raise WorkerDiedError("a worker process was killed")
            yield place, function(task)


def test_a_chunk_that_kills_its_process_is_named_and_the_others_are_forecast(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("job_code.runtime.process_pool.ProcessPool", Deadly)
    code, message = fleet.run(2)
    assert code == 1
    assert message.startswith(f"[OutOfMemory] 1 of {len(fleet.chunks)} chunks could not be forecast: chunk-00005 (")
    assert message.endswith("a worker process was killed")
    assert len(fleet.forecasts) == len(fleet.chunks) - 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"schema_version": 99}, "handover.json has schema 99, this program reads schema 3; start a new run"),
        ({"last_period": None}, "handover.json cannot be read: last_period: Input should be a valid integer; start a"),
        ({"chunks": [{"number": 0}]}, "handover.json cannot be read: chunks.0.series: Field required (and 2 more)"),
        ({"covariates": {"tables": []}}, "handover.json cannot be read: covariates.horizon: Field required"),
    ],
)
def test_an_invalid_handover_document_is_rejected(
    handed_over: dict[str, bytes], tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    (text,) = (content for name, content in handed_over.items() if name.endswith("/handover.json"))
    file = tmp_path / "handover.json"
    write_json(file, {**json.loads(text), **changes})
    with pytest.raises(HandoverUnusableError, match=f"^{re.escape(expected)}"):
        Handover.read(file, tmp_path)
    file.unlink()
    with pytest.raises(HandoverUnusableError, match=r"^handover.json cannot be read: No such file"):
        Handover.read(file, tmp_path)
