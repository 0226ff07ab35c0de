"""Runs invocations of a Python Lambda function one after the other, as the service's Python runtime does.

Standard input has one line of JSON for each invocation: `handler`, `code`, `event`, `context`, and `log` (a file for
the printed output). The process writes each outcome as a line of JSON to the file descriptor in its first argument. It
ends when standard input ends. It runs as a file, outside the package. So a handler can import only its own modules and
the installed packages.
"""

import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from types import SimpleNamespace
from typing import Any


def main() -> None:
    """Invoke handlers, and write their results or errors."""
    invocations: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_receive, args=(invocations,), daemon=True).start()
    with os.fdopen(int(sys.argv[1]), "w") as results:
        while True:
            request = invocations.get()
            log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)
            try:
                outcome = {"payload": json.dumps(_invoke(request)), "failed": False}
            except _InvocationError as failure:
                outcome = {"payload": json.dumps(failure.payload, ensure_ascii=False), "failed": True}
            sys.stdout.flush()
            sys.stderr.flush()
            results.write(json.dumps(outcome) + "\n")
            results.flush()


class _InvocationError(Exception):
    def __init__(self, error_type: str, message: str, trace: list[str] | None = None) -> None:
        self.payload = {"errorMessage": message, "errorType": error_type, "stackTrace": trace or []}
        super().__init__(message)


def _invoke(request: dict[str, Any]) -> Any:  # noqa: ANN401 - a handler returns any JSON
    if request["code"] not in sys.path:
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
        frames = traceback.extract_tb(error.__traceback__)[1:]  # the first frame is this function
        raise _InvocationError(type(error).__name__, str(error), traceback.format_list(frames)) from error
    try:
        json.dumps(returned)
    except (TypeError, ValueError) as error:
        raise _InvocationError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    return returned


def _receive(invocations: "queue.Queue[dict[str, Any]]") -> None:
    for line in sys.stdin.buffer:
        invocations.put(json.loads(line))
    os._exit(1)  # a handler's threads must not keep the process alive


if __name__ == "__main__":
    main()
