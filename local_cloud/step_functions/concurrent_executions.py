"""Executions that are started, run and stopped at the same moment as others: what moto leaves to luck."""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped, ProgramTimedOut
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.responses import StepFunctionResponse

from local_cloud.core.patching import replace

_POLL_SECONDS = 0.01


def install() -> None:
    """Puts the differences into moto's interpreter."""
    replace(StepFunctionResponse, "start_execution", _one_at_a_time)
    # Moto makes the key when it is first asked for; items of a map that ask together get different ones, and a retry
    # does not find what it has counted.
    replace(EvalComponent, "heap_key", lambda _: property(lambda self: str(id(self))))
    replace(ExecutionWorker, "stop", _once_it_runs)
    replace(Environment, "set_error", _unless_it_was_ended)


def _one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    """Of two executions with one name one is there first; one without a name gets a name of its own."""
    lock = threading.Lock()

    def start_execution(self: Any) -> object:  # noqa: ANN401 - takes another `_get_param`
        if name := self._get_param("name"):
            self.stepfunction_backend._validate_name(name)
        else:
            get_parameter = self._get_param
            name = str(uuid.uuid4())
            self._get_param = lambda key, *rest, **named: name if key == "name" else get_parameter(key, *rest, **named)
        with lock:
            return original(self)

    return start_execution


def _once_it_runs(original: Callable[..., None]) -> Callable[..., None]:
    """An execution that has only been started cannot be stopped yet: moto fails, or forgets that it was asked to."""

    def stop(self: ExecutionWorker, *arguments: object, **named: object) -> None:
        while self.env is None or self.env._program_state is None:
            time.sleep(_POLL_SECONDS)
        original(self, *arguments, **named)

    return stop


def _unless_it_was_ended(original: Callable[..., None]) -> Callable[..., None]:
    """An execution that was stopped, or timed out, stays so: what its last state makes of it counts no more."""

    def set_error(self: Environment, error: ExecutionFailedEventDetails) -> None:
        if not isinstance(self._program_state, (ProgramStopped, ProgramTimedOut)):
            original(self, error=error)

    return set_error
