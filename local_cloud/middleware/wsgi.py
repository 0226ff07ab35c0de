"""What the WSGI layers around the server share: read a request's body, and answer with a service's error."""

import io
import json
from wsgiref.types import StartResponse, WSGIEnvironment


def read_body(environment: WSGIEnvironment) -> bytes:
    """Reads the body of a request that is no upload, and leaves it readable for the next layer."""
    if "/s3/aws4_request" in environment.get("HTTP_AUTHORIZATION", ""):
        return b""
    length = int(environment.get("CONTENT_LENGTH") or 0)
    body: bytes = environment["wsgi.input"].read(length)
    environment["wsgi.input"] = io.BytesIO(body)
    return body


def refuse(
    service: str, *, status: int, code: str, start_response: StartResponse, message: str = "asked for by a drill"
) -> list[bytes]:
    """Answers a request with an error, in the format of its service."""
    if service in ("s3", "sns", "sts"):
        body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        if service != "s3":
            body = f"<ErrorResponse>{body}<RequestId>drill</RequestId></ErrorResponse>"
        kind = "text/xml"
    else:
        body, kind = json.dumps({"__type": code, "message": message, "Message": message}), "application/x-amz-json-1.0"
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("x-amzn-ErrorType", code)]
    start_response(f"{status} {code}", headers)
    return [body.encode()]
