"""Makes executions safe that start, run or stop at the same time as others, where moto has race conditions."""

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

from local_cloud.core.patching import patch_attribute

_POLL_SECONDS = 0.01


def install() -> None:
    """Apply the changes to moto's interpreter."""
    patch_attribute(StepFunctionResponse, "start_execution", _one_at_a_time)
    # Moto creates the key at its first use. Concurrent items of a Map get different keys, so a retry would lose its
    # count.
    patch_attribute(EvalComponent, "heap_key", lambda _: property(lambda self: str(id(self))))
    patch_attribute(ExecutionWorker, "stop", _delayed_until_running)
    patch_attribute(Environment, "set_error", _keeping_the_final_status)


def _one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    """Let only one of several concurrent executions with the same name start.

    An execution without a name gets a unique name.
    """
    lock = threading.Lock()

    def start_execution(self: Any) -> object:  # noqa: ANN401 - the function replaces `_get_param`
        if name := self._get_param("name"):
            self.stepfunction_backend._validate_name(name)
        else:
            get_parameter = self._get_param
            name = str(uuid.uuid4())
            self._get_param = lambda key, *rest, **named: name if key == "name" else get_parameter(key, *rest, **named)
        with lock:
            return original(self)

    return start_execution


def _delayed_until_running(original: Callable[..., None]) -> Callable[..., None]:
    """Delay the stop of an execution until it runs. Before that, moto fails or loses the request."""

    def stop(self: ExecutionWorker, *arguments: object, **named: object) -> None:
        while self.env is None or self.env._program_state is None:
            time.sleep(_POLL_SECONDS)
        original(self, *arguments, **named)

    return stop


def _keeping_the_final_status(original: Callable[..., None]) -> Callable[..., None]:
    """Keep the status of a stopped or timed-out execution. An error of its last state must not change it."""

    def set_error(self: Environment, error: ExecutionFailedEventDetails) -> None:
        if not isinstance(self._program_state, (ProgramStopped, ProgramTimedOut)):
            original(self, error=error)

    return set_error
