"""Readers of the forecasts by the pointer and by Athena's table. They must always see a complete run."""

import hashlib
import io
import json
import threading
from typing import Any

import polars as pl
from botocore.exceptions import ClientError

from contract.partitions import WHOLE
from contract.s3.keys import MANIFEST
from drills.environment import POINTER, DrillEnvironment

KEY = ["article_id", "merchant_id", "ds"]


def faults_of_run(environment: DrillEnvironment, folder: str) -> list[str]:
    """Return the defects of a run's files; an empty list for a complete run.

    Args:
        environment: The application.
        folder: S3 URI of the run's prefix.
    """
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    s3 = environment.cloud.client("s3")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    objects = {
        item["Key"].removeprefix(prefix): s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found
    }
    try:
        manifest = json.loads(objects.pop(MANIFEST))
    except (KeyError, ValueError) as error:
        return [f"{folder}: the manifest is missing or invalid: {error!r}"]
    listed = {file["name"]: file["sha256"] for file in manifest["files"]}
    stored = {name: hashlib.sha256(content).hexdigest() for name, content in objects.items()}
    if listed != stored:
        return [f"{folder}: the files differ from the manifest"]
    rows = pl.concat(pl.read_parquet(io.BytesIO(content)) for content in objects.values())
    expected = manifest["series"] * manifest["horizon"]
    if not rows.height == rows.select(KEY).n_unique() == expected:
        return [f"{folder}: {rows.height} rows instead of {expected} unique rows"]
    return []


def folder_by_table(environment: DrillEnvironment) -> str | None:
    """Return the S3 location of Athena's table of current forecasts.

    Args:
        environment: The application.

    Returns:
        None if the table does not exist, or if a fault affects the call.
    """
    glue, database = environment.cloud.client("glue"), environment.outputs["ForecastDatabase"]
    try:
        found = glue.get_partition(DatabaseName=database, TableName="forecasts", PartitionValues=[WHOLE])
    except ClientError:
        return None
    return str(found["Partition"]["StorageDescriptor"]["Location"])


class Readers:
    """Poll the pointer and Athena's table in a thread, and check every run that they name.

    Attributes:
        violations: Defects of the runs.
    """

    def __init__(self, environment: DrillEnvironment) -> None:
        self._environment = environment
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._known: set[str] = set()
        self.violations: list[str] = []

    def __enter__(self) -> "Readers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _poll(self) -> None:
        while not self._ended.wait(0.2):
            for folder in (self._by_pointer(), folder_by_table(self._environment)):
                if folder is not None and folder not in self._known:
                    self._known.add(folder)
                    self.violations += faults_of_run(self._environment, folder)

    def _by_pointer(self) -> str | None:
        s3 = self._environment.cloud.client("s3")
        try:
            pointer: Any = json.load(s3.get_object(Bucket=self._environment.bucket, Key=POINTER)["Body"])
        except ClientError:  # the pointer does not exist yet, or a fault affects this call
            return None
        return str(pointer["forecasts"])
