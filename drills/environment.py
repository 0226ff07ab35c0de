"""The application in its own local cloud, with the operations that a drill needs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.rehearsal.application import Application
from contract.partitions import WHOLE
from contract.s3.keys import pointer_key
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF, Run
from lambdas.shared.registry_table import RunTable
from local_cloud import LocalCloud

POINTER = pointer_key(WHOLE)
TIME_SCALE = 0.002
MAX_EXECUTION = 180.0


class DrillEnvironment(Application):
    """The deployed application and the operations of a drill."""

    @property
    def registry(self) -> RunTable:
        """The run registry."""
        return RunTable(self.cloud.client("dynamodb"), self.outputs["RunsTable"])

    def runs(self) -> list[Run]:
        """Return all runs of the registry."""
        return [self.registry.get(WHOLE, UNRESOLVED_CUTOFF), *self.registry.recent(WHOLE, 100)]

    def reset(self) -> None:
        """Remove the demand, the forecasts, and the contents of the registry and the catalog."""
        self.cloud.forget_faults()
        s3 = self.cloud.client("s3")
        for bucket in (self.demand[0], self.bucket):
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    s3.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
        dynamodb, table = self.cloud.client("dynamodb"), self.outputs["RunsTable"]
        for item in dynamodb.scan(TableName=table)["Items"]:
            dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("partition", "cutoff")})
        glue, database = self.cloud.client("glue"), self.outputs["ForecastDatabase"]
        for each in glue.get_tables(DatabaseName=database)["TableList"]:
            glue.delete_table(DatabaseName=database, Name=each["Name"])

    def upload(self, demand: bytes) -> None:
        """Upload the demand of a run."""
        self.put_demand("demand.parquet", demand)

    def describe(self, execution: str) -> dict[str, Any]:
        """Return Step Functions' description of an execution."""
        return dict(self.cloud.client("stepfunctions").describe_execution(executionArn=execution))

    def states(self, execution: str) -> set[str]:
        """Return the states that an execution has entered."""
        history = self.cloud.client("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)
        entered = (event.get("stateEnteredEventDetails") for event in history["events"])
        return {details["name"] for details in entered if details}

    def wait(self, executions: list[str]) -> None:
        """Wait until executions have ended.

        Raises:
            TimeoutError: An execution still runs after `MAX_EXECUTION` seconds.
        """
        self.until(
            lambda: all(self.describe(each)["status"] != "RUNNING" for each in executions),
            MAX_EXECUTION,
            "executions are still running",
        )

    def until(self, condition: Callable[[], bool], seconds: float, failure: str) -> None:
        """Wait until a condition is true.

        Args:
            condition: Function to poll.
            seconds: Longest wait.
            failure: Error message of the timeout.

        Raises:
            TimeoutError: The condition is still false after `seconds`.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds:.0f} seconds: {failure}")
            time.sleep(0.1)


@contextmanager
def drill_environment(assembly: Path, folder: Path) -> Iterator[DrillEnvironment]:
    """Deploy a cloud assembly into a new local cloud, and stop the cloud afterwards."""
    with LocalCloud(folder, time_scale=TIME_SCALE, stop_grace_seconds=5) as cloud:
        yield DrillEnvironment.deployed(cloud, assembly)
