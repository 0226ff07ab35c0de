"""Helpers for the WSGI layers around the server: read a request's body, and answer with a service's error."""

import io
import json
import uuid
from wsgiref.types import StartResponse, WSGIEnvironment

# Method and query of the requests that delete several objects.
_DELETIONS = (("POST", "delete"), ("POST", "delete="))
_QUERY_FORMAT = "<ErrorResponse>{}<RequestId>drill</RequestId></ErrorResponse>"
# What is around an error in the answers of the services that answer in XML.
_FORMATS = {
    "cloudformation": _QUERY_FORMAT,
    "ec2": "<Response><Errors>{}</Errors><RequestID>drill</RequestID></Response>",
    "iam": _QUERY_FORMAT,
    "s3": "{}",
    "sns": _QUERY_FORMAT,
    "sts": _QUERY_FORMAT,
}


def read_body(environment: WSGIEnvironment) -> bytes:
    """Read the body of a request and leave it readable for the next layer.

    S3's bodies stay unread, except the list of the objects to delete.
    """
    of_s3 = "/s3/aws4_request" in environment.get("HTTP_AUTHORIZATION", "")
    if of_s3 and (environment["REQUEST_METHOD"], environment.get("QUERY_STRING", "")) not in _DELETIONS:
        return b""
    length = int(environment.get("CONTENT_LENGTH") or 0)
    body: bytes = environment["wsgi.input"].read(length)
    environment["wsgi.input"] = io.BytesIO(body)
    return body


def refuse(
    service: str, *, status: int, code: str, start_response: StartResponse, message: str = "fault injected by a drill"
) -> list[bytes]:
    """Answer a request with an error, in the format of its service."""
    if service in _FORMATS:
        body = _FORMATS[service].format(f"<Error><Code>{code}</Code><Message>{message}</Message></Error>")
        content_type = "text/xml"
    else:
        body = json.dumps({"__type": code, "message": message, "Message": message})
        content_type = "application/x-amz-json-1.0"
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("x-amzn-ErrorType", code),
        ("x-amzn-RequestId", str(uuid.uuid4())),
    ]
    start_response(f"{status} {code}", headers)
    return [body.encode()]
