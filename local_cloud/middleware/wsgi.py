"""Helpers for the WSGI layers around the server: read a request's body, and answer with a service's error."""

import io
import json
import uuid
from wsgiref.types import StartResponse, WSGIEnvironment


def read_body(environment: WSGIEnvironment) -> bytes:
    """Read the body of a request and leave it readable for the next layer. S3's bodies stay unread."""
    if "/s3/aws4_request" in environment.get("HTTP_AUTHORIZATION", ""):
        return b""
    length = int(environment.get("CONTENT_LENGTH") or 0)
    body: bytes = environment["wsgi.input"].read(length)
    environment["wsgi.input"] = io.BytesIO(body)
    return body


def refuse(
    service: str, *, status: int, code: str, start_response: StartResponse, message: str = "fault injected by a drill"
) -> list[bytes]:
    """Answer a request with an error, in the format of its service."""
    if service in ("s3", "sns", "sts"):
        body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        if service != "s3":
            body = f"<ErrorResponse>{body}<RequestId>drill</RequestId></ErrorResponse>"
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
