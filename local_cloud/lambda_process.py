"""Runs one invocation of a Python Lambda function, as the service's Python runtime does.

Standard input: one line of JSON with `handler`, `code`, `event`, `result` (a file descriptor) and `context`; then
nothing until the server ends, and then this process ends too. It runs as a file, outside the package: a handler must be
able to import its own modules and what is installed, and nothing else.
"""

import importlib
import json
import os
import sys
import threading
import time
import traceback
from types import SimpleNamespace
from typing import Any


def main() -> None:
    """Invokes the handler and writes what it returns, or the error, to the result's file descriptor."""
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        outcome = {"payload": json.dumps(_invoke(request)), "failed": False}
    except _InvocationError as failure:
        outcome = {"payload": json.dumps(failure.payload, ensure_ascii=False), "failed": True}
    sys.stdout.flush()
    sys.stderr.flush()
    with os.fdopen(request["result"], "w") as result:
        json.dump(outcome, result)
    os._exit(0)  # as the runtime: threads of the handler do not keep an invocation alive


class _InvocationError(Exception):
    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        self.payload = {"errorMessage": message, "errorType": kind, "stackTrace": trace or []}
        super().__init__(message)


def _invoke(request: dict[str, Any]) -> Any:  # noqa: ANN401 - a handler returns any JSON
    sys.path.insert(0, request["code"])
    name, _, function = request["handler"].rpartition(".")
    try:
        module = importlib.import_module(name.replace("/", "."))
    except ImportError as error:
        raise _InvocationError("Runtime.ImportModuleError", f"Unable to import module '{name}': {error}") from error
    except SyntaxError as error:
        raise _InvocationError("Runtime.UserCodeSyntaxError", f"Syntax error in module '{name}': {error}") from error
    handler = getattr(module, function, None)
    if handler is None:
        raise _InvocationError("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{name}'")
    deadline = time.monotonic() + request["context"].pop("seconds")
    context = SimpleNamespace(
        **request["context"], get_remaining_time_in_millis=lambda: max(0, int((deadline - time.monotonic()) * 1000))
    )
    try:
        returned = handler(request["event"], context)
    except Exception as error:
        traceback.print_exc()
        frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is this function
        raise _InvocationError(type(error).__name__, str(error), traceback.format_list(frames)) from error
    try:
        json.dumps(returned)
    except (TypeError, ValueError) as error:
        raise _InvocationError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    return returned


def _end_with_input() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
