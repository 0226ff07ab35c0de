"""RedriveExecution: a failed execution continues at the failed state, with the same input and in the same history.

A Map or Parallel state restarts as a whole. Step Functions would redrive only its failed branches.
"""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.responses import StepFunctionResponse

from local_cloud.core.patching import patch_attribute

_REDRIVABLE = {ExecutionStatus.FAILED, ExecutionStatus.ABORTED, ExecutionStatus.TIMED_OUT}


class _NotRedrivableError(AWSError):
    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


def install() -> None:
    """Add the call, `$$.Execution.RedriveCount`, and the redrive fields of DescribeExecution."""
    patch_attribute(ExecutionWorker, "_get_evaluation_environment", _counting_from_zero)
    patch_attribute(StepFunctionResponse, "describe_execution", _with_redrive_fields)
    call: Any = _redrive_execution
    StepFunctionResponse.redrive_execution = call  # type: ignore[attr-defined]


def _counting_from_zero(original: Callable[..., Any]) -> Callable[..., Any]:
    def _get_evaluation_environment(self: ExecutionWorker) -> Any:  # noqa: ANN401
        env = original(self)
        execution = env.states.context_object.context_object_data["Execution"]
        execution["RedriveCount"] = 0
        # The time must be text, or the first state that has it in its output fails.
        execution["StartTime"] = execution["StartTime"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return env

    return _get_evaluation_environment


def _with_redrive_fields(original: Callable[..., Any]) -> Callable[..., Any]:
    def describe_execution(self: Any) -> Any:  # noqa: ANN401
        response = original(self)
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        redrivable = execution.exec_status in _REDRIVABLE
        response.result["redriveCount"] = getattr(execution, "redrive_count", 0)
        response.result["redriveStatus"] = "REDRIVABLE" if redrivable else "NOT_REDRIVABLE"
        if execution.stop_date is not None:
            response.result["stopDate"] = execution.stop_date
        if "output" in response.result:
            response.result["output"] = json.dumps(execution.output)  # moto omits the quotes of a string
        return response

    return describe_execution


def _redrive_execution(self: Any) -> ActionResult:  # noqa: ANN401
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    if execution.exec_status not in _REDRIVABLE:
        message = f"Execution is {execution.status}: only a failed, aborted or timed-out execution can be redriven."
        raise _NotRedrivableError(message)
    execution.redrive_count = getattr(execution, "redrive_count", 0) + 1
    execution.exec_status = ExecutionStatus.RUNNING
    execution.stop_date = execution.error = execution.cause = None
    previous = execution.exec_worker
    execution.exec_worker = ExecutionWorker(
        evaluation_details=previous._evaluation_details,
        exec_comm=previous._execution_communication,
        cloud_watch_logging_session=previous._cloud_watch_logging_session,
        activity_store=previous._activity_store,
    )
    _continue(execution.exec_worker, previous, redrive_count=execution.redrive_count)
    return ActionResult({"redriveDate": datetime.now(UTC)})


def _continue(worker: Any, previous: Any, *, redrive_count: int) -> None:  # noqa: ANN401
    """Run `worker` from the state in which the previous worker ended, in the same history."""
    program = worker._get_evaluation_entrypoint()
    history = previous.env.event_manager.get_event_history()
    entered = next(
        event["stateEnteredEventDetails"]
        for event in reversed(history)
        if event.get("stateEnteredEventDetails", {}).get("name") in program.states.states
    )
    program.start_at.start_at_name = entered["name"]
    env = worker.env = worker._get_evaluation_environment()
    env.event_manager = previous.env.event_manager
    env.event_history_context.source_event_id = history[-1]["id"]
    env.event_history_context.last_published_event_id = history[-1]["id"]
    env.states.context_object.context_object_data["Execution"]["RedriveCount"] = redrive_count
    env.aws_execution_details.redriven_state = entered["name"]  # the environments of all branches share the details
    env.states.reset(input_value=json.loads(entered["input"]))
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.ExecutionRedriven,
        event_details={"executionRedrivenEventDetails": {"redriveCount": redrive_count}},
    )

    def run() -> None:
        program.eval(env)
        worker._execution_communication.terminated()

    threading.Thread(target=run, daemon=True).start()
