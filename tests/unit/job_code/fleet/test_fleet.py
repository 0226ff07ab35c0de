"""A run whose forecasts are made by a fleet: to the byte those of the single job, whatever happens to the machines."""

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
from job_code.runtime.process_pool import WorkerDiedError, Workers
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
    """What the single job makes of it."""
    folder = tmp_path_factory.mktemp("single")
    return run_job(folder, INPUTS["demand"], static=INPUTS["static"], covariates=INPUTS["covariates"], **SETTINGS)


@contextmanager
def bucket() -> Iterator[S3Prefix]:
    """An S3 of its own, with the bucket."""
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-central-1")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield S3Prefix(s3, BUCKET, "")


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory: pytest.TempPathFactory, single: Finished) -> dict[str, bytes]:
    """What a run has handed over, by name."""
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
        run(request, S3Output(store), workers=Workers(1), progress=progress, folder=scratch, sizes=ONE)
        assert not list((scratch / "chunks").glob("0*"))
        return {name: store.read(name) for name in store.names("")}


@dataclass
class Fleet:
    """The machines, one after the other in this process; the first, which waits for all others, last."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    jobs: int = 0

    @property
    def store(self) -> S3Prefix:
        return S3Prefix.from_uri(URI)

    @property
    def prefix(self) -> str:
        return f"handover/partition=all/run_id={RUN}/"

    @property
    def chunks(self) -> list[str]:
        return self.store.names(f"{self.prefix}chunks/")

    def run(self, instances: int, *, lost: tuple[int, ...] = ()) -> tuple[int, str]:
        """One processing job; the numbers of machines that never came to do anything are `lost`."""
        self.jobs += 1
        codes = [self._machine(number, instances) for number in reversed(range(1, instances + 1)) if number not in lost]
        message = self.root(1) / "output" / "message"
        return max(codes), message.read_text() if message.exists() else ""

    def root(self, number: int) -> Path:
        return self.folder / f"job-{self.jobs}" / f"algo-{number}"

    def _machine(self, number: int, instances: int) -> int:
        root = self.root(number)
        hosts = [f"algo-{each}" for each in range(1, instances + 1)]
        write_json(root / "config/resourceconfig.json", {"current_host": f"algo-{number}", "hosts": hosts})
        write_json(root / "config/processingjobconfig.json", {"ProcessingJobName": f"job-{self.jobs}"})
        self._download(self.chunks[number - 1 :: instances], root / "processing/input/chunks")
        self._download(self.store.names(f"{self.prefix}shared/"), root / "processing/input/common")
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
    """A run that has been handed over."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr("job_code.entrypoints.processing_container.stop_promptly", lambda _: None)
    monkeypatch.setattr("job_code.runtime.process_pool.available_cores", lambda: 1)
    monkeypatch.setattr("job_code.fleet.gather_results.SECONDS_BETWEEN_LOOKS", 0.0)
    with bucket() as store:
        for name, content in handed_over.items():
            store.client.put_object(Bucket=BUCKET, Key=name, Body=content)
        yield Fleet(tmp_path / "fleet", monkeypatch)


def test_what_is_handed_over_is_several_objects_of_about_one_size(fleet: Fleet) -> None:
    sizes = [len(fleet.store.read(name)) for name in fleet.chunks]
    assert CHUNKS <= len(sizes) <= 2 * CHUNKS
    document = json.loads(fleet.store.read(f"{fleet.prefix}shared/handover.json"))
    assert document["series"] == DEMAND["unique_id"].n_unique()
    assert document["bytes"] == sum(sizes)
    assert not fleet.store.names("forecasts/")
    assert {Path(name).name for name in fleet.store.names("models/")} >= {"model.json", "training.json"}


@pytest.mark.parametrize("instances", [1, 2, 3, 7])
def test_the_forecasts_are_those_of_the_single_job(fleet: Fleet, single: Finished, instances: int) -> None:
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
    (total,) = set(charts(single.report)) - drawn  # beside the published run, which the single job did not have
    assert "published before" not in total


def test_a_machine_that_receives_nothing_succeeds(fleet: Fleet, single: Finished) -> None:
    instances = len(fleet.chunks) + 2
    assert fleet.run(instances) == (0, "")
    assert fleet.rows.equals(single.forecasts.sort("unique_id", "ds"))


def test_finished_objects_outlive_a_lost_machine(
    fleet: Fleet, single: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: float) -> None:
        raise SystemExit(137)  # as SageMaker ends all machines, should one be lost

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


def spoilt(fleet: Fleet, name: str, change: Callable[[Path], None]) -> None:
    """Changes the files of an chunk; its checksum is made to fit."""
    folder, packed = fleet.folder / "spoilt", fleet.folder / "spoilt.tar"
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


def test_a_poisoned_object_is_named_with_the_series_to_blame_and_mended_alone(fleet: Fleet, single: Finished) -> None:
    name = fleet.chunks[4]
    sound, document = fleet.store.read(name), fleet.store.read(f"{fleet.prefix}shared/handover.json")
    blamed = []

    def poison(folder: Path) -> None:
        lengths = np.load(folder / "lengths.npy")
        values = np.load(folder / "values.npy")
        values[lengths[0]] = np.nan  # the first value of the second series
        np.save(folder / "values.npy", values)
        blamed.append(pl.read_ipc(folder / "keys.arrow")["unique_id"][1])

    spoilt(fleet, name, poison)
    code, message = fleet.run(3)
    assert code == 1
    assert message.startswith(f"[ChunksFailed] 1 of {len(fleet.chunks)} chunks could not be forecast: chunk-00004 (")
    assert "part-00004.parquet: " in message
    assert message.endswith(f"to blame: {blamed[0]}")
    assert len(fleet.forecasts) == len(fleet.chunks) - 1
    assert not [name for name in fleet.store.names("forecasts/") if "manifest" in name]
    modified = written(fleet)
    for key, content in ((name, sound), (f"{fleet.prefix}shared/handover.json", document)):
        fleet.store.client.put_object(Bucket=BUCKET, Key=key, Body=content)
    assert fleet.run(1) == (0, "")
    assert fleet.rows.equals(single.forecasts.sort("unique_id", "ds"))
    assert {key: time for key, time in written(fleet).items() if key in modified} == modified


def test_a_damaged_object_is_told_from_a_sound_one(fleet: Fleet) -> None:
    fleet.store.client.put_object(Bucket=BUCKET, Key=fleet.chunks[0], Body=b"not what it was")
    code, message = fleet.run(2)
    assert code == 1
    assert "chunk-00000 (" in message
    assert "it is damaged" in message


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("model.json", "[ModelUnusable] model: it is not the one that the demand was prepared for; start the run anew"),
        (
            "regular.txt",
            "[ModelUnusable] model: regular.txt is not the file that model.json speaks of; train a new model",
        ),
    ],
)
def test_another_model_is_refused_before_anything_is_forecast(fleet: Fleet, file: str, said: str) -> None:
    (key,) = (name for name in fleet.store.names("models/") if name.endswith(file))
    fleet.store.client.put_object(Bucket=BUCKET, Key=key, Body=fleet.store.read(key) + b"\n")
    code, message = fleet.run(1)
    assert (code, message) == (1, said)
    assert not fleet.forecasts


def test_many_failures_are_counted_and_the_first_told(fleet: Fleet) -> None:
    for name in fleet.chunks:
        fleet.store.client.put_object(Bucket=BUCKET, Key=name, Body=b"not what it was")
    code, message = fleet.run(1)
    assert code == 1
    assert message.count("it is damaged") == 3
    every = f"{fleet.prefix}failed/job-1/summary.json"
    assert message.endswith(f"; and {len(fleet.chunks) - 3} more, in {URI}/{every}")
    told = json.loads(fleet.store.read(every))
    assert told["missing"] == told["chunks"] == len(told["reasons"]) == len(fleet.chunks)
    assert told["reasons"][-1].startswith(Path(fleet.chunks[-1]).stem)


def test_long_reasons_leave_room_for_where_all_of_them_are(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a long story " * 100)

    monkeypatch.setattr("job_code.fleet.chunk_worker.unpack", fail)
    code, message = fleet.run(1)
    assert code == 1
    assert message.endswith("/failed/job-1/summary.json")
    assert message.count("a long story") > 20


@pytest.mark.parametrize("step", ["fleet.chunk_worker.unpack", "forecasting.forecaster.Forecaster.forecast"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "[OutOfDisk] the disk is full; raise volume_gb"),
        (MemoryError("Unable to allocate 2 GiB"), "[OutOfMemory] MemoryError: Unable to allocate 2 GiB"),
    ],
)
def test_what_the_machine_lacks_is_no_fault_of_an_object(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception, said: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(f"job_code.{step}", fail)
    code, message = fleet.run(1)
    assert code == 1
    assert message.startswith(said)
    assert not fleet.store.names(f"{fleet.prefix}failures/")


def test_a_message_is_cut_to_a_kilobyte_between_two_characters(tmp_path: Path) -> None:
    ProcessingPaths(root=tmp_path, job_name="job", host="algo-1", hosts=("algo-1",)).write_message(
        ErrorCode.JOB_ERROR, "aöö" * 400
    )
    message = (tmp_path / "output" / "message").read_text()
    assert 995 < len(message.encode()) <= 1000
    assert message.startswith("[JobError] " + "aöö" * 197)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../escaped", tarfile.REGTYPE),
        ("/escaped", tarfile.REGTYPE),
        ("link", tarfile.SYMTYPE),
        ("..", tarfile.REGTYPE),
    ],
)
def test_an_archive_holds_no_path_that_leads_elsewhere(tmp_path: Path, name: str, kind: bytes) -> None:
    evil, into = tmp_path / "evil.tar", tmp_path / "into"
    into.mkdir()
    with tarfile.open(evil, "w") as archive:
        info = tarfile.TarInfo(name)
        info.size, info.type, info.linkname = 1 if kind == tarfile.REGTYPE else 0, kind, "elsewhere"
        archive.addfile(info, io.BytesIO(b"x"))
    with pytest.raises(HandoverUnusableError, match="which is no file of a chunk"):
        unpack(evil, into, checksum(evil))
    with pytest.raises(HandoverUnusableError, match="it is damaged"):
        unpack(evil, into, "0" * 64)
    assert not (tmp_path / "escaped").exists()
    assert not list(into.iterdir())


def test_an_object_that_is_not_there_ends_the_waiting(fleet: Fleet) -> None:
    fleet.store.client.delete_object(Bucket=BUCKET, Key=fleet.chunks[3])
    code, message = fleet.run(2)
    assert code == 1
    total = len(fleet.chunks) + 1
    assert message == f"[ChunksFailed] 1 of {total} chunks could not be forecast: chunk-00003: no machine was given it"


class Deadly(Workers):
    """Workers that one chunk kills, as it would where memory runs out."""

    def as_completed(self, function: Any, tasks: Any) -> Iterator[Any]:
        for place, task in enumerate(tasks):
            if task.chunk.number == 5:
                raise WorkerDiedError("a worker process was killed")
            yield place, function(task)


def test_an_object_that_kills_its_process_is_named_and_the_others_are_forecast(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("job_code.runtime.process_pool.Workers", Deadly)
    code, message = fleet.run(2)
    assert code == 1
    assert message.startswith(f"[OutOfMemory] 1 of {len(fleet.chunks)} chunks could not be forecast: chunk-00005 (")
    assert message.endswith("a worker process was killed")
    assert len(fleet.forecasts) == len(fleet.chunks) - 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema_version": 99}, "handover.json: its schema is 99, this program's 2"),
        ({"last_period": None}, "handover.json cannot be read: last_period: Input should be a valid integer; start a"),
        ({"chunks": [{"number": 0}]}, "handover.json cannot be read: chunks.0.series: Field required (and 2 more)"),
        ({"covariates": {"tables": []}}, "handover.json cannot be read: covariates.horizon: Field required"),
    ],
)
def test_a_document_of_another_program_is_refused(
    handed_over: dict[str, bytes], tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    (text,) = (content for name, content in handed_over.items() if name.endswith("/handover.json"))
    file = tmp_path / "handover.json"
    write_json(file, {**json.loads(text), **changes})
    with pytest.raises(HandoverUnusableError, match=f"^{re.escape(said)}"):
        Handover.read(file, tmp_path)
    file.unlink()
    with pytest.raises(HandoverUnusableError, match=r"^handover.json cannot be read: No such file"):
        Handover.read(file, tmp_path)
