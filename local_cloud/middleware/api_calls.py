"""Reads from a request to the server its service, action and subject, as the services do."""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

_CREDENTIAL = re.compile(r"Credential=(?P<access_key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_FUNCTION = re.compile(r"/2015-03-31/functions/(?P<name>.+)/invocations$")
# S3's action names for the requests of this cloud's workloads, by method: for objects and for buckets.
_OBJECT_ACTIONS = {
    "GET": "GetObject",
    "HEAD": "GetObject",
    "PUT": "PutObject",
    "POST": "PutObject",
    "DELETE": "DeleteObject",
}
_BUCKET_ACTIONS = {"GET": "ListBucket", "HEAD": "ListBucket"}


@dataclass(frozen=True, kw_only=True)
class ApiCall:
    """One request.

    Attributes:
        access_key: The access key that signed it.
        region: The region it was signed for.
        service: Its signing name: `s3`, `dynamodb`, `states`.
        action: The action's name in policies, without the service: `GetObject`, `PutItem`.
        subject: The bucket and key, or the function, if the request line names one.
        parameters: All parameters of JSON and query requests; the query parameters of S3's requests.
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
        return make(
            action=_s3_action(environment["REQUEST_METHOD"], query, is_object="/" in subject),
            subject=subject,
            parameters=query,
            headers=_amazon_headers(environment),
        )
    if invoked := _FUNCTION.search(path):
        return make(action="InvokeFunction", subject=invoked["name"])
    form = _values(body.decode(errors="replace"))
    return make(action=form.get("Action", environment["REQUEST_METHOD"]), subject=path, parameters=form)


def _amazon_headers(environment: Mapping[str, Any]) -> dict[str, str]:
    names = {name: name.removeprefix("HTTP_").lower().replace("_", "-") for name in environment}
    return {name: environment[given] for given, name in names.items() if name.startswith("x-amz-")}


def _s3_subject(host: str, path: str) -> str:
    """Return bucket and key, or the bucket alone. The bucket is in the host or in the path."""
    name = host.partition(":")[0]
    bucket = name.removesuffix(".localhost") if name.endswith(".localhost") else ""
    subject = "/".join(filter(None, [bucket, path.lstrip("/")]))
    return subject if "/" in subject.rstrip("/") else subject.rstrip("/")


def _s3_action(method: str, query: Mapping[str, str], *, is_object: bool) -> str:
    if method == "DELETE" and "uploadId" in query:
        return "AbortMultipartUpload"
    if method == "GET" and "location" in query:
        return "GetBucketLocation"
    return (_OBJECT_ACTIONS if is_object else _BUCKET_ACTIONS).get(method, method)


def _values(query: str, *, keep_blank: bool = False) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query, keep_blank).items()}


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
