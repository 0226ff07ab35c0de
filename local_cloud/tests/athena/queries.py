"""A table in the Glue catalog over Parquet files in S3, and a runner of queries."""

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from local_cloud import LocalCloud

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef

DATABASE = "shop"
_INPUT_FORMAT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
TYPES = {"article": "bigint", "ds": "timestamp", "mean": "float", "name": "string"}


@dataclass(frozen=True, kw_only=True)
class Queries:
    """Queries in one workgroup.

    Attributes:
        cloud: The cloud.
        bucket: The bucket of the tables' files.
        workgroup: The workgroup.
    """

    cloud: LocalCloud
    bucket: str
    workgroup: str

    def table(
        self,
        name: str,
        files: Mapping[str, pl.DataFrame],
        *,
        types: Mapping[str, str] = TYPES,
        form: str = _INPUT_FORMAT,
    ) -> None:
        """Create a table with one partition for each file. The key is `day`."""
        glue, objects = self.cloud.client("glue"), self.cloud.client("s3")
        columns: Any = [{"Name": column, "Type": kind} for column, kind in types.items()]
        folder = f"s3://{self.bucket}/{name}"
        glue.create_table(
            DatabaseName=DATABASE,
            TableInput={
                "Name": name,
                "StorageDescriptor": {"Columns": columns, "Location": folder, "InputFormat": form},
                "PartitionKeys": [{"Name": "day", "Type": "string"}],
            },
        )
        for day, rows in files.items():
            written = io.BytesIO()
            rows.write_parquet(written)
            objects.put_object(Bucket=self.bucket, Key=f"{name}/day={day}/part-0.parquet", Body=written.getvalue())
            glue.create_partition(
                DatabaseName=DATABASE,
                TableName=name,
                PartitionInput={"Values": [day], "StorageDescriptor": {"Location": f"{folder}/day={day}"}},
            )

    def start(self, query: str, **options: Any) -> str:
        """Start a query in the database and return its id."""
        request: Any = {"WorkGroup": self.workgroup, "QueryExecutionContext": {"Database": DATABASE}, **options}
        return str(self.cloud.client("athena").start_query_execution(QueryString=query, **request)["QueryExecutionId"])

    def run(self, query: str, **options: Any) -> "QueryExecutionTypeDef":
        """Run a query to its end and return its description."""
        return self.wait(self.start(query, **options))

    def wait(self, started: str) -> "QueryExecutionTypeDef":
        """Return the description of a query when it has ended."""
        athena = self.cloud.client("athena")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            described = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
            if described["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return described
            time.sleep(0.05)
        raise TimeoutError(f"the query {started} did not end within 30 s")

    def rows(self, query: str) -> list[list[str | None]]:
        """Run a query and return its rows, first the names of the columns."""
        done = self.run(query)
        assert done["Status"]["State"] == "SUCCEEDED", done["Status"]
        pages = self.cloud.client("athena").get_paginator("get_query_results")
        found = pages.paginate(QueryExecutionId=done["QueryExecutionId"])
        rows = [row for page in found for row in page["ResultSet"]["Rows"]]
        return [[value.get("VarCharValue") for value in row["Data"]] for row in rows]
