"""The WSGI layer that makes a call fail as a requested fault describes."""

import functools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.s3.models import FakeBucket, s3_backends

from local_cloud.middleware.api_calls import ApiCall, read_call
from local_cloud.middleware.api_faults import ApiFaultKind, ApiFaults
from local_cloud.middleware.wsgi import read_body, refuse

_SLOW_SECONDS = 1.5
_TIMED_OUT = ("Sandbox.Timedout", "RequestId: drill Error: Task timed out after 120.00 seconds")
_CRASHED = ("Runtime.ExitError", "RequestId: drill Error: Runtime exited with error: signal: killed")
_THROTTLED = {
    "s3": (503, "SlowDown"),
    "dynamodb": (400, "ProvisionedThroughputExceededException"),
    "sagemaker": (400, "ThrottlingException"),
}
_CONFLICT = {"s3": (412, "PreconditionFailed"), "dynamodb": (400, "ConditionalCheckFailedException")}


def with_faults(application: WSGIApplication, faults: ApiFaults) -> WSGIApplication:
    """Wrap the application so that the calls that match a requested fault fail and use it up."""

    def call(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not faults.folder.exists():
            return application(environment, start_response)
        api_call = read_call(environment, read_body(environment))
        fault = faults.take(api_call) if api_call else None
        if api_call is None or fault is None:
            return application(environment, start_response)
        request = _Request(
            application=application, environment=environment, start_response=start_response, call=api_call
        )
        return _ANSWERS[fault.kind](request)

    return call


@dataclass(frozen=True, kw_only=True)
class _Request:
    """A call that matches a fault, with the application that would answer it."""

    application: WSGIApplication
    environment: WSGIEnvironment
    start_response: StartResponse
    call: ApiCall

    def answer(self) -> Iterable[bytes]:
        """Answer as the application does."""
        return self.application(self.environment, self.start_response)

    def execute_without_answer(self) -> None:
        """Execute the call and discard the application's response."""
        list(self.application(self.environment, lambda *_: lambda _chunk: None))

    def refuse(self, status: int, code: str) -> Iterable[bytes]:
        """Answer with an error, in the format of the call's service."""
        return refuse(self.call.service, status=status, code=code, start_response=self.start_response)


def _slow(request: _Request) -> Iterable[bytes]:
    time.sleep(_SLOW_SECONDS)
    return request.answer()


def _throttled(request: _Request) -> Iterable[bytes]:
    return request.refuse(*_THROTTLED.get(request.call.service, (429, "TooManyRequestsException")))


def _conflict(request: _Request) -> Iterable[bytes]:
    return request.refuse(*_CONFLICT[request.call.service])


def _error(request: _Request) -> Iterable[bytes]:
    return request.refuse(500, "InternalError")


def _answer_lost(request: _Request) -> Iterable[bytes]:
    request.execute_without_answer()
    return _error(request)


def _failed_function(error: str, message: str, request: _Request) -> Iterable[bytes]:
    """Answer as Lambda does for a function that fails after all its work."""
    request.execute_without_answer()
    body = json.dumps({"errorType": error, "errorMessage": message}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    request.start_response("200 OK", [*headers, ("X-Amz-Function-Error", "Unhandled")])
    return [body]


def _swallowed(request: _Request) -> Iterable[bytes]:
    answer = list(request.answer())  # complete before the object is removed
    for bucket, key in _stored(request.call):
        bucket.keys.pop(key)
    return answer


def _damaged(request: _Request) -> Iterable[bytes]:
    answer = list(request.answer())  # complete before half of the object is removed
    for bucket, key in _stored(request.call):
        stored = bucket.keys[key]
        stored.value = stored.value[: len(stored.value) // 2]
    return answer


def _stored(call: ApiCall) -> Iterator[tuple[FakeBucket, str]]:
    """Yield the bucket and the key of the object that a call has uploaded."""
    name, _, key = call.subject.partition("/")
    for account in s3_backends.values():
        bucket = account["aws"].buckets.get(name)
        if bucket is not None and key in bucket.keys:
            yield bucket, key


_ANSWERS: dict[ApiFaultKind, Callable[[_Request], Iterable[bytes]]] = {
    "throttled": _throttled,
    "error": _error,
    "answer_lost": _answer_lost,
    "slow": _slow,
    "conflict": _conflict,
    "swallowed": _swallowed,
    "damaged": _damaged,
    "timed_out": functools.partial(_failed_function, *_TIMED_OUT),
    "crashed": functools.partial(_failed_function, *_CRASHED),
}
