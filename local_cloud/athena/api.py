"""Athena: executes SELECT queries over Parquet files, which moto only records.

A query runs as its caller, who needs the permissions for the tables, for their files and for the result. Its dialect is
translated for DuckDB. As in Athena, a text that cannot be read is refused at once, and all other errors end the query.
Unlike Athena, `sum` of `real` is a `double`, and no `.csv.metadata` file is written.
"""

import json
import threading
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto.athena.models import WorkGroup
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError

from local_cloud.athena.execution import ENCRYPTION, ENDED, QueryExecution
from local_cloud.athena.sql import read_query
from local_cloud.athena.tables import QueryError
from local_cloud.core.patching import patch_attribute
from local_cloud.core.role_access_keys import role_of
from local_cloud.core.server_settings import Connection, ServerSettings

_MAX_ROWS_OF_PAGE = 1000


def install(settings: ServerSettings) -> None:
    """Replace the calls of moto's Athena that start, stop and read queries."""

    def start_query_execution(self: AthenaResponse) -> str:
        request = json.loads(self.body)
        workgroup = _workgroup(self, request.get("WorkGroup", "primary"))
        if request.get("ExecutionParameters"):
            raise _refusal("The local cloud does not support ExecutionParameters.")
        connection = settings.connection(self.region, role=role_of(self.access_key))
        try:
            query = read_query(request["QueryString"])
        except QueryError as error:
            raise _refusal(str(error)) from error
        execution = QueryExecution(
            text=request["QueryString"],
            query=query,
            context=request.get("QueryExecutionContext", {}),
            workgroup=workgroup,
            output=_output(workgroup, request.get("ResultConfiguration", {}), connection),
            connection=connection,
        )
        _executions(self)[execution.id] = execution
        threading.Thread(target=execution.run, daemon=True).start()
        return json.dumps({"QueryExecutionId": execution.id})

    patch_attribute(AthenaResponse, "start_query_execution", lambda _: start_query_execution)
    patch_attribute(AthenaResponse, "get_query_execution", lambda _: _get_query_execution)
    patch_attribute(AthenaResponse, "get_query_results", lambda _: _get_query_results)
    patch_attribute(AthenaResponse, "stop_query_execution", lambda _: _stop_query_execution)


def _get_query_execution(self: AthenaResponse) -> str:
    return json.dumps({"QueryExecution": _execution(self).describe()})


def _get_query_results(self: AthenaResponse) -> str:
    execution, request = _execution(self), json.loads(self.body)
    if execution.status not in ENDED:
        raise _refusal(f"Query has not yet finished. Current state: {execution.status}")
    if execution.status != "SUCCEEDED" or execution.result is None:
        raise _refusal(f"Query did not finish successfully. Final query state: {execution.status}")
    size = request.get("MaxResults", _MAX_ROWS_OF_PAGE)
    return json.dumps(execution.result.page(int(request.get("NextToken", 0)), size))


def _stop_query_execution(self: AthenaResponse) -> str:
    _execution(self).move("CANCELLED", "Query cancelled by user")
    return "{}"


def _execution(response: AthenaResponse) -> QueryExecution:
    name = json.loads(response.body)["QueryExecutionId"]
    found = _executions(response).get(name)
    if found is None:
        raise _refusal(f"QueryExecution {name} was not found")
    return found


def _executions(response: AthenaResponse) -> dict[str, QueryExecution]:
    """Return moto's executions, which it lists. It never stores one of its own here."""
    own: Any = response.athena_backend.executions
    executions: dict[str, QueryExecution] = own
    return executions


def _workgroup(response: AthenaResponse, name: str) -> WorkGroup:
    found = response.athena_backend.work_groups.get(name)
    if found is None:
        raise _refusal(f"WorkGroup {name} is not found.")
    if found.state != "ENABLED":
        raise _refusal(f"WorkGroup {name} is disabled.")
    return found


def _output(workgroup: WorkGroup, requested: dict[str, Any], connection: Connection) -> dict[str, Any]:
    """Return the result configuration: the workgroup's if it is enforced, otherwise first the request's."""
    own = workgroup.configuration.get("ResultConfiguration", {})
    output: dict[str, Any] = own if workgroup.configuration["EnforceWorkGroupConfiguration"] else {**own, **requested}
    location = output.get("OutputLocation")
    if not location:
        raise _refusal(
            "No output location provided. An output location is required either through the Workgroup result"
            " configuration setting or as an API input."
        )
    option = output.get("EncryptionConfiguration", {}).get("EncryptionOption", "SSE_S3")
    if option not in ENCRYPTION:
        raise _refusal(f"The local cloud does not support the encryption option {option}.")
    bucket = location.removeprefix("s3://").partition("/")[0]
    try:
        boto3.client("s3", **connection).get_bucket_location(Bucket=bucket)
    except ClientError as error:
        raise _refusal(f"Unable to verify/create output bucket {bucket}") from error
    return output


def _refusal(message: str) -> JsonRESTError:
    return JsonRESTError("InvalidRequestException", message)
