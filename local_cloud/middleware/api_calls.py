"""Reads from a request to the server its service, action and subject, as the services do."""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from local_cloud.middleware.rest_operations import read_operation

_CREDENTIAL = re.compile(r"Credential=(?P<access_key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_FUNCTION = re.compile(r"/2015-03-31/functions/(?P<name>.+)/invocations$")
# S3's operations whose permission has another name.
_S3_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
# Its operations whose permission has another name if the request names a version.
_OF_VERSIONS = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """One request.

    Attributes:
        access_key: The access key that signed it.
        region: The region it was signed for.
        service: Its signing name: `s3`, `dynamodb`, `states`.
        action: The action's name in policies, without the service: `GetObject`, `PutItem`.
        subject: The bucket and key, or the function, if the request line names one.
        parameters: All parameters of JSON, REST and query requests; the query parameters of S3's requests, and the
            `Objects` to delete.
        headers: The headers of S3's requests that begin with `x-amz-`.
    """

    access_key: str
    region: str
    service: str
    action: str
    subject: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def read_call(environment: Mapping[str, Any], body: bytes) -> ApiCall | None:
    """Read a request. Return None if it is unsigned (moto's own pages).

    Args:
        environment: The WSGI environment.
        body: The request's body; unused for uploads.
    """
    signed = _CREDENTIAL.search(environment.get("HTTP_AUTHORIZATION", ""))
    if signed is None:
        return None
    make = functools.partial(
        ApiCall, access_key=signed["access_key"], region=signed["region"], service=signed["service"]
    )
    path = unquote(environment.get("PATH_INFO", ""))
    if target := environment.get("HTTP_X_AMZ_TARGET"):
        return make(action=target.rpartition(".")[2], parameters=_json(body))
    if signed["service"] == "s3":
        query = _values(environment.get("QUERY_STRING", ""), keep_blank=True)
        subject = _s3_subject(environment.get("HTTP_HOST", ""), path)
        operation, given = read_operation("s3", {**environment, "PATH_INFO": f"/{subject}"}, body)
        objects = {"Objects": given["Delete"]["Objects"]} if operation == "DeleteObjects" else {}
        return make(
            action=_s3_action(operation, query),
            subject=subject,
            parameters={**query, **objects},
            headers=_amazon_headers(environment),
        )
    if invoked := _FUNCTION.search(path):
        return make(action="InvokeFunction", subject=invoked["name"])
    form = _values(body.decode(errors="replace"))
    if "Action" in form:
        return make(action=form["Action"], subject=path, parameters=form)
    operation, given = read_operation(signed["service"], environment, body)
    return make(action=operation, subject=path, parameters=given)


def _amazon_headers(environment: Mapping[str, Any]) -> dict[str, str]:
    names = {name: name.removeprefix("HTTP_").lower().replace("_", "-") for name in environment}
    return {name: environment[given] for given, name in names.items() if name.startswith("x-amz-")}


def _s3_subject(host: str, path: str) -> str:
    """Return bucket and key, or the bucket alone. The bucket is in the host or in the path."""
    name = host.partition(":")[0]
    bucket = name.removesuffix(".localhost") if name.endswith(".localhost") else ""
    subject = "/".join(filter(None, [bucket, path.lstrip("/")]))
    return subject if "/" in subject.rstrip("/") else subject.rstrip("/")


def _s3_action(operation: str, query: Mapping[str, str]) -> str:
    action = _S3_ACTIONS.get(operation, operation)
    return _OF_VERSIONS.get(action, action) if "versionId" in query else action


def _values(query: str, *, keep_blank: bool = False) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query, keep_blank).items()}


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
