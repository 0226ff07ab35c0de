"""Run the job's entries as processes: on files, in a training container, and on two instances of a fleet."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from moto.server import ThreadedMotoServer

from contract import job_start
from contract.partitions import WHOLE
from contract.s3.handover_keys import HandoverKeys
from contract.s3.keys import MODELS, RunKeys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RUN_ID = "golden"
BUCKET = "golden"
REGION: Final = "eu-central-1"
HOSTS = ("algo-1", "algo-2")
KEYS = RunKeys(partition=WHOLE, run_id=RUN_ID)
HANDOVER = HandoverKeys(partition=WHOLE, run_id=RUN_ID)
FAST = {"horizon": "8", "n_estimators": "40"}
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "golden",
    "AWS_SECRET_ACCESS_KEY": "golden",  # nosec B105 # it protects nothing
    "AWS_DEFAULT_REGION": REGION,
}


class EntryFailedError(Exception):
    """An entry of the job failed with a nonzero exit code."""


def train(inputs: Mapping[str, Path], settings: Mapping[str, str], output: Path) -> Path:
    """Train and forecast from files.

    Returns:
        The folder of the forecasts.
    """
    return _on_files("train", inputs, settings, output)


def infer(inputs: Mapping[str, Path], trained: Path, output: Path) -> Path:
    """Forecast with the model of an earlier run.

    Args:
        inputs: Folders of the inputs.
        trained: Output folder of `train`.
        output: New folder for the output.

    Returns:
        The folder of the forecasts.
    """
    return _on_files("infer", inputs, {}, output, "--model", str(trained / KEYS.models))


def fleet(inputs: Mapping[str, Path], settings: Mapping[str, str], output: Path, cloud: "Cloud") -> Path:
    """Train in one container, upload a handover, and forecast on two concurrent instances.

    Returns:
        A folder with the forecasts downloaded from S3.
    """
    cloud.clear()
    _training_container(inputs, settings, output / "training", cloud)
    chunks = cloud.names(HANDOVER.chunks)
    instances = []
    for number, host in enumerate(HOSTS):
        root = output / host
        cloud.download(HANDOVER.shared, root / "processing/input" / job_start.SHARED)
        cloud.download(MODELS, root / "processing/input" / job_start.MODEL)
        for name in chunks[number :: len(HOSTS)]:
            cloud.fetch(name, root / "processing/input" / job_start.CHUNKS)
        _write_json(root / "config/resourceconfig.json", {"current_host": host, "hosts": HOSTS})
        _write_json(root / "config/processingjobconfig.json", {"ProcessingJobName": f"{RUN_ID}-fleet"})
        variables = {"SAGEMAKER_BASE_DIR": str(root), job_start.RUN_ID: RUN_ID, **cloud.variables}
        instances.append(_start(["fleet"], variables))
    for instance in instances:
        _finish(instance)
    forecasts = output / "forecasts"
    cloud.download(KEYS.forecasts, forecasts)
    return forecasts


def _on_files(entry: str, inputs: Mapping[str, Path], settings: Mapping[str, str], output: Path, *options: str) -> Path:
    arguments = [entry, "--output", str(output), "--run-id", RUN_ID, *options]
    for name, folder in inputs.items():
        arguments += [f"--{name}", str(folder)]
    for name, value in ({**FAST, **settings} if settings or entry == "train" else {}).items():
        arguments += ["--set", f"{name}={value}"]
    _finish(_start(arguments, {}))
    return output / KEYS.forecasts


def _training_container(inputs: Mapping[str, Path], settings: Mapping[str, str], root: Path, cloud: "Cloud") -> None:
    channels = root / "input/data"
    channels.mkdir(parents=True)
    for name, folder in inputs.items():
        (channels / name).symlink_to(folder.resolve(), target_is_directory=True)
    _write_json(root / "input/config/hyperparameters.json", {**FAST, **settings})
    variables = {
        "SAGEMAKER_BASE_DIR": str(root),
        job_start.TRAINING_JOB_NAME: RUN_ID,
        job_start.MODE: "train",
        job_start.PARTITION: WHOLE,
        job_start.MIN_CHUNKS: "6",
        **cloud.variables,
    }
    _finish(_start(["train"], variables))


def _start(arguments: list[str], variables: Mapping[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # nosec B603 # this program and its own arguments
        [sys.executable, "-m", "job_code", *arguments],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _finish(process: "subprocess.Popen[str]") -> None:
    printed, _ = process.communicate()
    if process.returncode:
        raise EntryFailedError(f"{process.args!r}: exit code {process.returncode}\n{printed}")


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


@dataclass(frozen=True)
class Cloud:
    """An S3 bucket in a moto server of this process.

    Attributes:
        endpoint: URL of the server.
    """

    endpoint: str

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables of a container that writes to the bucket."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.endpoint, job_start.OUTPUT_URI: f"s3://{BUCKET}"}

    def clear(self) -> None:
        """Delete every object."""
        for name in self.names(""):
            self._s3.delete_object(Bucket=BUCKET, Key=name)

    def names(self, prefix: str) -> list[str]:
        """List the keys below a prefix, sorted."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))

    def download(self, prefix: str, folder: Path) -> None:
        """Download every object below a prefix into one flat folder."""
        for name in self.names(prefix):
            self.fetch(name, folder)

    def fetch(self, name: str, folder: Path) -> None:
        """Download one object."""
        folder.mkdir(parents=True, exist_ok=True)
        self._s3.download_file(BUCKET, name, str(folder / Path(name).name))

    @property
    def _s3(self) -> "S3Client":
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )


@contextmanager
def running_cloud() -> Iterator[Cloud]:
    """Serve an empty bucket until the block ends."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto's server logs every request
    server.start()
    try:
        host, port = server.get_host_and_port()
        cloud = Cloud(f"http://{host}:{port}")
        cloud._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield cloud
    finally:
        server.stop()
