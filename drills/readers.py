"""Readers, as an analyst's program and Athena are: what they see must be a whole run, at every moment."""

import hashlib
import io
import json
import threading
from typing import Any

import polars as pl
from botocore.exceptions import ClientError

from contract.partitions import WHOLE
from contract.s3.keys import MANIFEST
from drills.stage import POINTER, Stage

KEY = ["article_id", "merchant_id", "ds"]


def faults_of_run(stage: Stage, folder: str) -> list[str]:
    """What is not whole in a run's folder; nothing where it is.

    Args:
        stage: The application.
        folder: S3 URI of the folder.
    """
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    s3 = stage.cloud.client("s3")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    objects = {
        item["Key"].removeprefix(prefix): s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found
    }
    try:
        manifest = json.loads(objects.pop(MANIFEST))
    except (KeyError, ValueError) as error:
        return [f"{folder} has no manifest: {error!r}"]
    listed = {file["name"]: file["sha256"] for file in manifest["files"]}
    stored = {name: hashlib.sha256(content).hexdigest() for name, content in objects.items()}
    if listed != stored:
        return [f"{folder}: the files are not those of the manifest"]
    rows = pl.concat(pl.read_parquet(io.BytesIO(content)) for content in objects.values())
    expected = manifest["series"] * manifest["horizon"]
    if not rows.height == rows.select(KEY).n_unique() == expected:
        return [f"{folder}: {rows.height} rows, {expected} expected, each once"]
    return []


def folder_by_table(stage: Stage) -> str | None:
    """Where Athena's table of current forecasts reads; None where there is none, or the call was hit by a fault.

    Args:
        stage: The application.
    """
    glue, database = stage.cloud.client("glue"), stage.outputs["ForecastDatabase"]
    try:
        found = glue.get_partition(DatabaseName=database, TableName="forecasts", PartitionValues=[WHOLE])
    except ClientError:
        return None
    return str(found["Partition"]["StorageDescriptor"]["Location"])


class Readers:
    """Look at the pointer and at Athena's table again and again, and at whatever run these lead to."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._known: set[str] = set()
        self.saw: list[str] = []

    def __enter__(self) -> "Readers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.2):
            for folder in (self._by_pointer(), folder_by_table(self._stage)):
                if folder is not None and folder not in self._known:
                    self._known.add(folder)
                    self.saw += faults_of_run(self._stage, folder)

    def _by_pointer(self) -> str | None:
        s3 = self._stage.cloud.client("s3")
        try:
            pointer: Any = json.load(s3.get_object(Bucket=self._stage.bucket, Key=POINTER)["Body"])
        except ClientError:  # there is none yet, or this call was hit by a fault
            return None
        return str(pointer["forecasts"])
