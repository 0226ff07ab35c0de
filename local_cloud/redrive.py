"""RedriveExecution: a failed execution goes on at the state that failed, with the same input, in the same history.

A Map or Parallel state starts anew as a whole; Step Functions would redrive only its failed branches.
"""

import json
import threading
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionRedrivenEventDetails, ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.responses import StepFunctionResponse

_REDRIVABLE = {ExecutionStatus.FAILED, ExecutionStatus.ABORTED, ExecutionStatus.TIMED_OUT}


class _RedriveWorker(ExecutionWorker):
    """Runs an execution from a state in the middle, continuing the history of the worker before."""

    def continue_from(self, previous: ExecutionWorker, *, redrive_count: int) -> None:
        program = self._get_evaluation_entrypoint()
        history = previous.env.event_manager.get_event_history()
        entered = next(
            event["stateEnteredEventDetails"]
            for event in reversed(history)
            if event.get("stateEnteredEventDetails", {}).get("name") in program.states.states
        )
        program.start_at.start_at_name = entered["name"]
        env = self._get_evaluation_environment()
        env.event_manager = previous.env.event_manager
        env.event_history_context.source_event_id = history[-1]["id"]
        env.event_history_context.last_published_event_id = history[-1]["id"]
        env.variable_store.__dict__.update(previous.env.variable_store.__dict__)
        env.states.context_object.context_object_data["Execution"]["RedriveCount"] = redrive_count
        env.states.reset(input_value=json.loads(entered["input"]))
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.ExecutionRedriven,
            event_details=EventDetails(
                executionRedrivenEventDetails=ExecutionRedrivenEventDetails(redriveCount=redrive_count)
            ),
        )
        self.env = env

        def run() -> None:
            program.eval(env)
            self._execution_communication.terminated()

        threading.Thread(target=run, daemon=True).start()


def install() -> None:
    """Adds the call, `$$.Execution.RedriveCount` and what DescribeExecution says about redrives."""
    _count_from_zero()
    StepFunctionResponse.redrive_execution = _redrive_execution
    describe = StepFunctionResponse.describe_execution

    def describe_execution(self: StepFunctionResponse) -> ActionResult:
        response = describe(self)
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        result: Any = response.result
        result["redriveCount"] = getattr(execution, "redrive_count", 0)
        result["redriveStatus"] = "REDRIVABLE" if execution.exec_status in _REDRIVABLE else "NOT_REDRIVABLE"
        if execution.stop_date is not None:
            result["stopDate"] = execution.stop_date
        return response

    StepFunctionResponse.describe_execution = describe_execution


def _count_from_zero() -> None:
    get_environment = ExecutionWorker._get_evaluation_environment

    def _get_evaluation_environment(self: ExecutionWorker) -> Environment:
        env = get_environment(self)
        env.states.context_object.context_object_data["Execution"]["RedriveCount"] = 0
        return env

    ExecutionWorker._get_evaluation_environment = _get_evaluation_environment


def _redrive_execution(self: StepFunctionResponse) -> ActionResult:
    execution: Execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    if execution.exec_status not in _REDRIVABLE:
        raise ServiceException(
            "ExecutionNotRedrivable", f"Execution is {execution.status}: only a failed execution can be redriven."
        )
    execution.redrive_count = getattr(execution, "redrive_count", 0) + 1
    execution.exec_status = ExecutionStatus.RUNNING
    execution.stop_date = execution.error = execution.cause = None
    previous = execution.exec_worker
    worker = _RedriveWorker(
        evaluation_details=previous._evaluation_details,
        exec_comm=previous._execution_communication,
        cloud_watch_logging_session=previous._cloud_watch_logging_session,
        activity_store=previous._activity_store,
    )
    execution.exec_worker = worker
    worker.continue_from(previous, redrive_count=execution.redrive_count)
    return ActionResult({"redriveDate": datetime.now(UTC)})
