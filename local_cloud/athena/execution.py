"""One execution of a query, from the request to its end."""

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto.athena.models import WorkGroup
from sqlglot import exp

from local_cloud.athena.engine import execute
from local_cloud.athena.results import Result
from local_cloud.athena.tables import QueryError
from local_cloud.core.server_settings import Connection

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")
# S3's name of each option of Athena that the local cloud supports.
ENCRYPTION = {"SSE_S3": "AES256", "SSE_KMS": "aws:kms"}


@dataclass(kw_only=True)
class QueryExecution:
    """One execution of a query. A thread runs it; the API calls read it.

    Attributes:
        text: The query.
        query: The query, read.
        context: The request's `QueryExecutionContext`.
        workgroup: The workgroup. Moto lists executions by its name.
        output: The `ResultConfiguration` that applies.
        connection: Makes clients with the caller's permissions.
        status: The state.
        reason: Why the query failed or was canceled.
        result: The result; None until the query has succeeded.
    """

    text: str
    query: exp.Query
    context: dict[str, str]
    workgroup: WorkGroup
    output: dict[str, Any]
    connection: Connection
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "QUEUED"
    reason: str = ""
    result: Result | None = None
    submitted: float = field(default_factory=time.time)
    completed: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def location(self) -> str:
        """The address of the result's file."""
        return f"{self.output['OutputLocation'].rstrip('/')}/{self.id}.csv"

    def run(self) -> None:
        """Execute the query and write its result."""
        self.move("RUNNING")
        try:
            database = self.context.get("Database", "default")
            result = execute(self.query, database=database, connection=self.connection)
            self.result = result
            cutoff = self.workgroup.configuration.get("BytesScannedCutoffPerQuery")
            if cutoff is not None and result.bytes_scanned > cutoff:
                self.move("CANCELLED", "Bytes scanned limit was exceeded")
            elif self.status != "CANCELLED":
                self._write(result)
                self.move("SUCCEEDED")
        except QueryError as error:
            self.move("FAILED", str(error))
        except Exception as error:
            self.move("FAILED", f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}")
            raise

    def move(self, status: str, reason: str = "") -> None:
        """Go on to a state, if the query has not ended yet."""
        with self._lock:
            if self.status not in ENDED:
                self.status, self.reason = status, reason
                self.completed = time.time() if status in ENDED else 0.0

    def describe(self) -> dict[str, Any]:
        """Return the answer to `GetQueryExecution`."""
        status: dict[str, Any] = {"State": self.status, "SubmissionDateTime": self.submitted}
        if self.status in ENDED:
            status["CompletionDateTime"] = self.completed
        if self.reason:
            status["StateChangeReason"] = self.reason
        milliseconds = int(((self.completed or time.time()) - self.submitted) * 1000)
        return {
            "QueryExecutionId": self.id,
            "Query": self.text,
            "StatementType": "DML",
            "SubstatementType": "SELECT",
            "ResultConfiguration": {**self.output, "OutputLocation": self.location},
            "QueryExecutionContext": self.context,
            "Status": status,
            "Statistics": {
                "EngineExecutionTimeInMillis": milliseconds,
                "TotalExecutionTimeInMillis": milliseconds,
                "DataScannedInBytes": self.result.bytes_scanned if self.result else 0,
            },
            "WorkGroup": self.workgroup.name,
        }

    def _write(self, result: Result) -> None:
        bucket, _, key = self.location.removeprefix("s3://").partition("/")
        encryption = self.output.get("EncryptionConfiguration", {})
        options = {}
        if encryption:
            options["ServerSideEncryption"] = ENCRYPTION[encryption["EncryptionOption"]]
        if "KmsKey" in encryption:
            options["SSEKMSKeyId"] = encryption["KmsKey"]
        objects: Any = boto3.client("s3", **self.connection)  # the types know each option by its name only
        try:
            objects.put_object(Bucket=bucket, Key=key, Body=result.csv().encode(), **options)
        except ClientError as error:
            raise QueryError(f"Access denied when writing output to url: {self.location} . {error}") from error
