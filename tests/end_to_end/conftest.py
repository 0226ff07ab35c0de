"""Run the job in a separate process, from the command line and in the folders of a container."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import polars as pl
import pytest
from moto.server import ThreadedMotoServer

from tests.demand import RUN, shop, write

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REPOSITORY = Path(__file__).parents[2]
BUCKET = "forecasts"


@dataclass(frozen=True)
class Ended:
    """Exit code and output of a process."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Job:
    """A process of the job that may still run."""

    process: subprocess.Popen[str]
    log: Path

    def wait_for_log(self, text: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def end(self) -> Ended:
        out, _ = self.process.communicate(timeout=300)
        return Ended(self.process.returncode, out, self.log.read_text())

    def stopped_in_the_fit(self, stop: signal.Signals) -> Ended:
        """Send a signal during training. The process must end promptly."""
        self.wait_for_log("check: ")
        end = time.monotonic() + 120
        while not any(rounds.stat().st_size for rounds in self.log.parent.rglob("rounds-*")):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)
        begun = time.monotonic()
        self.process.send_signal(stop)
        ended = self.end()
        assert time.monotonic() - begun < 2
        assert ended.code == 128 + stop
        return ended


def start(
    folder: Path,
    *arguments: object,
    one_core: bool = False,
    environment: Mapping[str, object] | None = None,
    program: str = "job_code",
) -> Job:
    """Start `python -m` with a program and a clean environment. Temporary files go below the folder."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    log = folder / "stderr"
    variables = {"PATH": os.environ["PATH"], "TMPDIR": str(temporary)}
    variables |= {name: str(value) for name, value in (environment or {}).items()}
    core = min(os.sched_getaffinity(0)) if one_core and hasattr(os, "sched_setaffinity") else None
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", program, *map(str, arguments)],
            cwd=REPOSITORY,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}),
        )
    return Job(process, log)


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Demand with a long training."""
    folder = write(tmp_path_factory.mktemp("large"), {"demand.parquet": shop(800, 160)})
    return folder / "demand.parquet"


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass(frozen=True)
class Container:
    """The folders, variables and bucket of one training job."""

    folder: Path
    endpoint: str
    job_name: str

    def lay_out(
        self,
        demand: Mapping[str, pl.DataFrame | bytes],
        *,
        static: Mapping[str, pl.DataFrame | bytes] | None = None,
        **hyperparameters: str,
    ) -> None:
        data = self._root / "input" / "data"
        write(data / "demand", demand)
        if static is not None:
            write(data / "static", static)
        config = self._root / "input" / "config"
        config.mkdir(parents=True)
        settings = {"n_estimators": "10", "horizon": "4", **hyperparameters}
        (config / "hyperparameters.json").write_text(json.dumps(settings))

    def start(self, **environment: str) -> Job:
        variables: dict[str, object] = {
            "SAGEMAKER_BASE_DIR": self._root,
            "OUTPUT_URI": f"s3://{BUCKET}",
            "MODE": "train",
            "PARTITION": "all",
            "TRAINING_JOB_NAME": self.job_name,
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        return start(self.folder, "train", environment=variables | environment)

    @property
    def failure(self) -> str | None:
        path = self._root / "output" / "failure"
        return path.read_text(encoding="utf-8") if path.exists() else None

    @property
    def stored(self) -> dict[str, bytes]:
        """The files that the job stored, by prefix and name, like `forecasts/_manifest.json`."""
        found = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        keys = [entry["Key"] for entry in found if f"/partition=all/run_id={self.job_name}/" in entry["Key"]]
        return {
            f"{key.split('/')[0]}/{key.rsplit('/', 1)[1]}": self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            for key in keys
        }

    @property
    def s3(self) -> "S3Client":
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @property
    def _root(self) -> Path:
        return self.folder / "ml"


@pytest.fixture(scope="session")
def bucket(endpoint: str) -> str:
    Container(Path(), endpoint, RUN).s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    return BUCKET


@pytest.fixture
def container(tmp_path: Path, endpoint: str, bucket: str) -> Container:  # noqa: ARG001 (the bucket must exist)
    return Container(tmp_path, endpoint, f"onejob-test-{tmp_path.name.replace('_', '-')[:40]}")
