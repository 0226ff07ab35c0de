"""Faults of the services that a test may ask for: calls that are throttled, fail, are slow, or whose answer is lost.

A fault waits as a JSON file in a folder until calls that fit have used it up.
"""

import json
import re
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from local_cloud.core.server_settings import ACCESS_KEY
from local_cloud.middleware.api_calls import ApiCall, read_call
from local_cloud.middleware.wsgi import Wsgi, read_body, refuse

ApiFaultKind = Literal[
    "throttled", "error", "answer_lost", "slow", "conflict", "swallowed", "damaged", "timed_out", "crashed"
]
"""`throttled` and `error`: the call is refused; `answer_lost`: it is done and answered with an error; `slow`: it takes
`SLOW_SECONDS`; `conflict`: a conditional write finds its condition not met; of S3's uploads `swallowed`: it is answered
well and not done; `damaged`: half of the content is stored; of functions `timed_out` and `crashed`: after all their
work."""

SLOW_SECONDS = 1.5
_FUNCTION_ERRORS = {
    "timed_out": ("Sandbox.Timedout", "RequestId: drill Error: Task timed out after 120.00 seconds"),
    "crashed": ("Runtime.ExitError", "RequestId: drill Error: Runtime exited with error: signal: killed"),
}
_THROTTLED = {"s3": (503, "SlowDown"), "dynamodb": (400, "ProvisionedThroughputExceededException")}
_CONFLICT = {"s3": (412, "PreconditionFailed"), "dynamodb": (400, "ConditionalCheckFailedException")}
_WRITES = {"swallowed", "damaged"}


@dataclass(frozen=True)
class ApiFault:
    """What shall go wrong.

    Attributes:
        service: The calls' signing name.
        action: Their action.
        kind: How they go wrong.
        subject: Regular expression that is found in what they are about; any when empty.
        count: How many calls it takes to use the fault up.
    """

    service: str
    action: str
    kind: ApiFaultKind
    subject: str = ""
    count: int = 1


@dataclass(frozen=True)
class ApiFaults:
    """The faults waiting in `folder`."""

    folder: Path

    def add(self, fault: ApiFault) -> None:
        """Makes the next calls that fit go wrong."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for number in range(fault.count):
            name = f"{time.time_ns():020d}-{number:03d}-{uuid.uuid4().hex}"
            unfinished = self.folder / f"{name}.new"
            unfinished.write_text(json.dumps(asdict(fault)))
            unfinished.rename(self.folder / f"{name}.json")

    def clear(self) -> None:
        """Takes back what has not happened."""
        for path in self.folder.glob("*.json") if self.folder.exists() else ():
            path.unlink(missing_ok=True)

    def take(self, call: ApiCall) -> ApiFault | None:
        """Returns and removes the oldest fault that fits; None where there is none, or the call comes from outside."""
        if call.access_key == ACCESS_KEY:
            return None
        for path in sorted(self.folder.glob("*.json")) if self.folder.exists() else ():
            try:
                fault = ApiFault(**json.loads(path.read_text()))
                fits = (fault.service, fault.action) == (call.service, call.action)
                if fits and re.search(fault.subject, call.subject):
                    path.unlink()
                    return fault
            except FileNotFoundError:  # another call has taken it
                continue
        return None


def with_faults(application: Wsgi, faults: ApiFaults) -> Wsgi:
    """The application, with what shall go wrong going wrong."""

    def call(environment: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not faults.folder.exists():
            return application(environment, start_response)
        made = read_call(environment, read_body(environment))
        fault = faults.take(made) if made else None
        if made is None or fault is None:
            return application(environment, start_response)
        if fault.kind == "slow":
            time.sleep(SLOW_SECONDS)
            return application(environment, start_response)
        if fault.kind in _WRITES:
            return _badly_stored(application, environment, start_response, fault)
        if fault.kind in _FUNCTION_ERRORS:
            list(application(environment, lambda *_: None))
            return _failed_function(fault.kind, start_response)
        if fault.kind == "answer_lost":
            list(application(environment, lambda *_: None))
        status, code = 500, "InternalError"
        if fault.kind == "throttled":
            status, code = _THROTTLED.get(made.service, (429, "TooManyRequestsException"))
            if made.service == "sagemaker":
                status, code = 400, "ThrottlingException"
        elif fault.kind == "conflict":
            status, code = _CONFLICT[made.service]
        return refuse(made.service, status, code, start_response)

    return call


def _badly_stored(
    application: Wsgi, environment: dict[str, Any], start_response: Callable[..., Any], fault: ApiFault
) -> list[bytes]:
    """The upload is answered as if it had been done; then what it stored is taken away, or half of it."""
    from moto.s3.models import s3_backends  # the server has made it; a client of the folder needs no moto

    answer = list(application(environment, start_response))  # held back until the harm is done
    made = read_call(environment, b"")
    assert made is not None
    bucket, _, key = made.subject.partition("/")
    for account in s3_backends.values():
        backend = account["aws"]
        if bucket in backend.buckets and (stored := backend.buckets[bucket].keys.get(key)) is not None:
            if fault.kind == "swallowed":
                backend.buckets[bucket].keys.pop(key)
            else:
                stored.value = stored.value[: len(stored.value) // 2]
    return answer


def _failed_function(kind: str, start_response: Callable[..., Any]) -> list[bytes]:
    error, message = _FUNCTION_ERRORS[kind]
    body = json.dumps({"errorType": error, "errorMessage": message}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("200 OK", [*headers, ("X-Amz-Function-Error", "Unhandled")])
    return [body]
