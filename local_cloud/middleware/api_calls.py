"""What a request to the server asks for: service, action and subject, read from it as the services do."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_FUNCTION = re.compile(r"/2015-03-31/functions/(?P<name>.+)/invocations$")
# What S3 calls the requests that this cloud's workloads make, by method; of an object, and of a bucket.
_OF_OBJECT = {
    "GET": "GetObject",
    "HEAD": "GetObject",
    "PUT": "PutObject",
    "POST": "PutObject",
    "DELETE": "DeleteObject",
}
_OF_BUCKET = {"GET": "ListBucket", "HEAD": "ListBucket"}


@dataclass(frozen=True)
class ApiCall:
    """One request.

    Attributes:
        access_key: Who signed it.
        region: Region it was signed for.
        service: Its signing name: `s3`, `dynamodb`, `states`.
        action: As policies name it, without the service: `GetObject`, `PutItem`.
        subject: What it is about, as far as the request's line tells: bucket and key, function.
        parameters: Of JSON and query requests, all; of S3's, the query.
    """

    access_key: str
    region: str
    service: str
    action: str
    subject: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


def read_call(environment: Mapping[str, Any], body: bytes) -> ApiCall | None:
    """Reads a request; None where nobody signed it (moto's own pages).

    Args:
        environment: WSGI's.
        body: Of the request; that of an upload is not looked at.
    """
    signed = _CREDENTIAL.search(environment.get("HTTP_AUTHORIZATION", ""))
    if signed is None:
        return None
    who = {"access_key": signed["key"], "region": signed["region"], "service": signed["service"]}
    path, query = unquote(environment.get("PATH_INFO", "")), parse_qs(environment.get("QUERY_STRING", ""), True)
    if target := environment.get("HTTP_X_AMZ_TARGET"):
        return ApiCall(**who, action=target.rpartition(".")[2], parameters=_json(body))
    if signed["service"] == "s3":
        host = environment.get("HTTP_HOST", "").partition(":")[0]
        bucket = host.removesuffix(".localhost") if host.endswith(".localhost") else ""
        subject = "/".join(filter(None, [bucket, path.lstrip("/")]))
        names = {name: values[0] for name, values in query.items()}
        method = environment["REQUEST_METHOD"]
        if method == "DELETE" and "uploadId" in names:
            return ApiCall(**who, action="AbortMultipartUpload", subject=subject, parameters=names)
        if method == "GET" and "location" in names:
            return ApiCall(**who, action="GetBucketLocation", subject=subject.rstrip("/"), parameters=names)
        of_object = "/" in subject.rstrip("/")
        action = (_OF_OBJECT if of_object else _OF_BUCKET).get(method, method)
        return ApiCall(
            **who, action=action, subject=subject.rstrip("/") if not of_object else subject, parameters=names
        )
    if invoked := _FUNCTION.search(path):
        return ApiCall(**who, action="InvokeFunction", subject=invoked["name"], parameters={})
    form = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
    return ApiCall(**who, action=form.get("Action", environment["REQUEST_METHOD"]), subject=path, parameters=form)


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
