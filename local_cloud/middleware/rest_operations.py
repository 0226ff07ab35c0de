"""Finds the operation that a REST request asks for, and its parameters, in the service's model."""

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound


def read_operation(service: str, environment: Mapping[str, Any], body: bytes) -> tuple[str, dict[str, Any]]:
    """Return the operation and its parameters; the method alone if the service has no such operation.

    Args:
        service: The signing name of the service, which is also the name of its model.
        environment: The WSGI environment.
        body: The request's body. Without one, a request to S3 has no parameters.
    """
    path = quote(environment.get("PATH_INFO", "/"))
    # The host is not that of S3's requests with the bucket in it: `PATH_INFO` has the bucket.
    request = Request({**environment, "RAW_URI": path, "HTTP_HOST": "localhost", "wsgi.input": io.BytesIO(body)})
    try:
        operation, labels = get_service_router(service).match(request)
    except (NotFound, NotImplementedError, UnknownServiceError):
        return request.method, {}
    if service == "s3" and not body:
        return operation.name, {}
    parse = PROTOCOL_PARSERS[operation.service_model.protocol](operation).parse
    return operation.name, parse(
        {
            "method": request.method,
            "values": request.args,
            "headers": request.headers,
            "body": body,
            "url_path": path,
            "url_params": labels,
        }
    )
