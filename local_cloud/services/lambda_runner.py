"""Runs Lambda functions from their deployed code in warm processes, instead of moto's Docker containers."""

import base64
import hashlib
import io
import json
import logging
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.awslambda.models import LambdaFunction

from local_cloud.core.log_streams import LogStream
from local_cloud.core.patching import patch_attribute
from local_cloud.core.processes import ProcessRegistry
from local_cloud.core.server_settings import ServerSettings
from local_cloud.services import lambda_concurrency
from local_cloud.services.lambda_concurrency import Concurrency
from local_cloud.services.warm_processes import WarmProcesses

_LOG = logging.getLogger(__name__)
_MAX_LOG_RESULT_BYTES = 4096
_EVENT_RETRIES = 2


@dataclass(frozen=True)
class Invocation:
    """The result of one invocation: its payload, whether that is an error, and the printed output."""

    payload: str
    failed: bool
    log: str


class LambdaRunner:
    """Runs functions. One instance serves all of them."""

    def __init__(self, settings: ServerSettings, processes: ProcessRegistry, concurrency: Concurrency) -> None:
        self._settings = settings
        self._processes = WarmProcesses(processes, settings.layout.lambdas / "logs")
        self._lock = threading.Lock()
        self._concurrency = concurrency

    def invoke(self, function: LambdaFunction, event: object, *, wait: bool = False) -> Invocation:
        """Run one invocation until it ends or times out.

        Args:
            function: The function.
            event: Its event.
            wait: Whether to wait if too many invocations run.

        Raises:
            TooManyRequestsError: Too many invocations run, and `wait` is False.
        """
        with self._concurrency.counted(function, wait=wait):
            return self._invoke(function, event)

    def _invoke(self, function: LambdaFunction, event: object) -> Invocation:
        request_id = str(uuid.uuid4())
        runtime = str(function.run_time)
        if not runtime.startswith("python"):
            message = f"{function.function_name}: the local cloud runs only Python functions, not {runtime}"
            return _failure("LocalCloud.UnsupportedRuntime", message)
        stream_name = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{request_id.replace('-', '')}"
        group = _log_group(function)
        invocation = self._run(function, event, request_id=request_id, group=group, stream=stream_name)
        logs = boto3.client("logs", **self._settings.connection(function.region, role=str(function.role)))
        LogStream(logs, group=group, stream=stream_name).put(invocation.log.splitlines())
        return invocation

    def invoke_until_done(self, function: LambdaFunction, event: object) -> None:
        """Run the invocation of an event, and retry it twice if it fails. Lambda itself waits longer in between."""
        for _ in range(1 + _EVENT_RETRIES):
            if not self.invoke(function, event, wait=True).failed:
                return

    def _run(
        self,
        function: LambdaFunction,
        event: object,
        *,
        request_id: str,
        group: str,
        stream: str,
    ) -> Invocation:
        code = self._unpack(function.code_bytes)
        seconds = int(function.timeout or 3)
        request = {
            "handler": function.handler,
            "code": str(code),
            "event": event,
            "context": {
                "seconds": seconds,
                "aws_request_id": request_id,
                "function_name": function.function_name,
                "function_version": "$LATEST",
                "invoked_function_arn": function.function_arn,
                "memory_limit_in_mb": str(function.memory_size),
                "log_group_name": group,
                "log_stream_name": stream,
            },
        }
        deployed = [function.function_arn, function.handler, str(code), function.environment_vars]
        answer = self._processes.run(
            json.dumps(deployed),
            request,
            code=code,
            environment=self._environment(function, code=code, group=group, stream=stream),
            seconds=seconds,
        )
        if answer.timed_out:
            message = f"RequestId: {request_id} Error: Task timed out after {seconds}.00 seconds"
            return _failure("Sandbox.Timedout", message, answer.log)
        if answer.outcome is None:
            message = f"RequestId: {request_id} Error: Runtime exited with error: exit status {answer.exit_code}"
            return _failure("Runtime.ExitError", message, answer.log)
        return Invocation(**answer.outcome, log=answer.log)

    def _environment(self, function: LambdaFunction, *, code: Path, group: str, stream: str) -> dict[str, str]:
        return {
            **self._settings.workload_environment(role=str(function.role)),
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": group,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "LAMBDA_TASK_ROOT": str(code),
            "_HANDLER": function.handler,
            "TZ": ":UTC",
            **function.environment_vars,
        }

    def _unpack(self, code: bytes) -> Path:
        folder = self._settings.layout.lambdas / hashlib.sha256(code).hexdigest()[:16]
        with self._lock:
            if not folder.exists():
                unfinished = folder.with_suffix(".new")
                with zipfile.ZipFile(io.BytesIO(code)) as archive:
                    archive.extractall(unfinished)
                unfinished.rename(folder)
        return folder


def install(settings: ServerSettings, processes: ProcessRegistry) -> None:
    """Replace the invocation in moto's Lambda by the runner."""
    concurrency = Concurrency(settings.layout.quotas)
    runner = LambdaRunner(settings, processes, concurrency)

    def invoke(
        self: LambdaFunction, body: str, request_headers: Mapping[str, str], response_headers: dict[str, str]
    ) -> bytes:
        event = json.loads(body) if body else {}
        invocation_type = request_headers.get("x-amz-invocation-type", "RequestResponse")
        if invocation_type == "DryRun":
            return b""
        if invocation_type == "Event":
            threading.Thread(target=runner.invoke_until_done, args=(self, event), daemon=True).start()
            return b""
        invocation = runner.invoke(self, event)
        if invocation.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        tail = invocation.log.encode()[-_MAX_LOG_RESULT_BYTES:]
        response_headers["x-amz-log-result"] = base64.b64encode(tail).decode()
        return invocation.payload.encode()

    patch_attribute(LambdaFunction, "invoke", lambda _: invoke)
    patch_attribute(LambdaFunction, "create_from_cloudformation_json", _keeping_the_log_group)
    patch_attribute(LambdaFunction, "get_configuration", _showing_the_log_group)
    lambda_concurrency.install(concurrency)


def _log_group(function: LambdaFunction) -> str:
    return str(getattr(function, "own_log_group", f"/aws/lambda/{function.function_name}"))


def _keeping_the_log_group(original: Callable[..., Any]) -> object:
    """Keep LoggingConfig, which moto ignores."""

    def create_from_cloudformation_json(
        _model: object, /, name: str, definition: dict[str, Any], *place: object, **kwargs: object
    ) -> object:
        function = original(name, definition, *place, **kwargs)
        if group := definition["Properties"].get("LoggingConfig", {}).get("LogGroup"):
            function.own_log_group = group
        return function

    return classmethod(create_from_cloudformation_json)


def _showing_the_log_group(original: Callable[..., Any]) -> Callable[..., Any]:
    def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
        return {**original(self, on_create), "LoggingConfig": {"LogFormat": "Text", "LogGroup": _log_group(self)}}

    return get_configuration


def _failure(error_type: str, message: str, log: str = "") -> Invocation:
    return Invocation(json.dumps({"errorType": error_type, "errorMessage": message}), True, log)
