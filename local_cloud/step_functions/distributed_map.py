"""Map states in distributed mode. Every item is its own execution. One failed item fails the state, or none does.

Moto's interpreter ignores failed children and gives them the identity of their parent. It calls one child within the
other, so some hundred items exceed Python's recursion limit. It reports success after it was stopped, and does not
accept a whole number as a percentage.
"""

import json
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, MapRunStatus
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.item_reader_decl import ItemReader
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.map_run_record import (
    MapRunRecord,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import Job
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError
from moto.stepfunctions.parser.asl.eval.states import ItemData, MapData

from local_cloud.core.patching import patch_attribute
from local_cloud.step_functions.role_permissions import RolePermissions, permissions_of_map_run

_LOG = logging.getLogger(__name__)
_Worker = distributed_item_processor_worker.DistributedItemProcessorWorker
# Supported percentages of failed items. With any other, the result would depend on the order of the failures.
NONE_MAY_FAIL, ALL_MAY_FAIL = 0, 100


class _FailedItem:
    """Placeholder for the missing output of a failed item."""


def install(permissions: RolePermissions) -> None:
    """Apply the changes to moto's interpreter.

    Args:
        permissions: Checks the role of the state machine.
    """

    def run(component: DistributedIterationComponent, env: Environment) -> None:
        _run(component, env, permissions)

    patch_attribute(_Worker, "eval", lambda _: _work)
    patch_attribute(DistributedIterationComponent, "_eval_body", lambda _: run)
    patch_attribute(ItemReader, "_eval_body", _naming_reader_errors)
    patch_attribute(ASLParser, "tolerated_failure_percentage_decl", _reading_whole_numbers)


def _work(worker: _Worker) -> None:
    """Run item after item. After a failure, or when the state has ended, skip the remaining items."""
    while (job := worker._job_pool.next_job()) is not None:
        if worker._env.is_running():
            frame = worker._env.open_inner_frame()
            try:
                _run_item(worker, frame, job)
            except Exception as error:  # an error of the ItemSelector is an error of the Map state itself
                job.job_output = error
            worker._env.delete_frame(frame)
        worker._job_pool.close_job(job)


def _run_item(worker: _Worker, frame: Environment, job: Job) -> None:
    record = worker._map_run_record
    counters = (record.item_counter, record.execution_counter)
    context: Any = frame.states.context_object.context_object_data
    context["Map"] = MapData(Item=ItemData(Index=job.job_index, Value=job.job_input))
    frame.states.reset(job.job_input)
    worker._eval_input(env_frame=frame)
    # From here on the context is the child's, and must not show anything of the parent.
    del context["Map"]
    context["Execution"] = _child_of(context["Execution"], record, frame.states.get_input())
    for counter in counters:
        counter.total.count()
        counter.running.count()
    job.job_program.eval(frame)
    ended = frame.program_state()
    outcome = "aborted"
    if isinstance(ended, ProgramEnded) and worker._env.is_running():
        outcome, job.job_output = "succeeded", frame.states.get_input()
    elif isinstance(ended, ProgramError):
        outcome = "failed"
        _LOG.warning("%s failed: %s", context["Execution"]["Id"], ended.error)
    for counter in counters:
        counter.running.offset(-1)
        getattr(counter, outcome).count()
    if outcome == "failed" and record.tolerated_failure_percentage == ALL_MAY_FAIL:
        job.job_output = _FailedItem()
    elif outcome == "failed":
        job.job_output = _failure(
            frame,
            StatesErrorNameType.StatesExceedToleratedFailureThreshold,
            "The specified tolerated failure threshold was exceeded",
        )


def _child_of(parent: dict[str, Any], record: MapRunRecord, value: object) -> dict[str, Any]:
    name = str(uuid.uuid4())
    return {
        **parent,
        "Id": f"{record.map_state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}",
        "Name": name,
        "Input": value,
        "StartTime": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        # In Step Functions each item has its own count. Here a redrive of the parent reruns all items.
        "RedriveCount": parent["RedriveCount"],
    }


def _run(component: DistributedIterationComponent, env: Environment, permissions: RolePermissions) -> None:
    """Run all items, each in its own history."""
    evaluated = env.stack.pop()
    record, history = evaluated.map_run_record, env.event_manager
    known = record.tolerated_failure_percentage in (NONE_MAY_FAIL, ALL_MAY_FAIL)
    if record.tolerated_failure_count or not known:
        raise NotImplementedError("the local cloud supports only 0 or 100 percent of tolerated failures")

    def record_event(event: HistoryEventType, **details: object) -> None:
        event_details: Any = details or None
        history.add_event(context=env.event_history_context, event_type=event, event_details=event_details)

    record_event(HistoryEventType.MapRunStarted, mapRunStartedEventDetails={"mapRunArn": record.map_run_arn})
    env.event_manager = EventManager()
    try:
        _check_role(env, record, permissions)
        if evaluated.item_reader:
            evaluated.item_reader.eval(env=env)
        else:
            env.stack.append(evaluated.input_items)
        component._map_run(env=env, eval_input=evaluated)
        env.stack.append([output for output in env.stack.pop() if not isinstance(output, _FailedItem)])
    except Exception as error:
        pair = error.extract_error_cause_pair() if isinstance(error, FailureEventException) else None
        details = {name: text for name, text in zip(("error", "cause"), pair or (), strict=False) if text}
        env.event_manager = history
        record_event(HistoryEventType.MapRunFailed, mapRunFailedEventDetails=details)
        record.set_stop(status=MapRunStatus.FAILED)
        raise
    if env.is_running():
        env.event_manager = history
        record_event(HistoryEventType.MapRunSucceeded)
        record.set_stop(status=MapRunStatus.SUCCEEDED)
    else:  # the state has ended: the items' history stays in place and drops the success that moto reports later
        record_event(HistoryEventType.MapRunAborted)
        record.set_stop(status=MapRunStatus.ABORTED)


def _check_role(env: Environment, record: MapRunRecord, permissions: RolePermissions) -> None:
    """Fail the state if the role may not run the items. The guide does not name the error of a Map Run."""
    context: Any = env.states.context_object.context_object_data
    details, item = env.aws_execution_details, _child_of(context["Execution"], record, None)["Id"]
    redriven = getattr(details, "redriven_state", None) == context["State"]["Name"]
    needed = permissions_of_map_run(context["Execution"]["Id"], item, redriven=redriven)
    if lacking := permissions.missing(details.role_arn, needed):
        cause = (
            f"User: {details.role_arn} is not authorized to perform: {lacking.action} on resource: {lacking.resource}"
        )
        raise _failure(env, StatesErrorNameType.StatesPermissions, cause)


def _naming_reader_errors(original: Callable[..., None]) -> Callable[..., None]:
    def _eval_body(self: ItemReader, env: Environment) -> None:
        try:
            original(self, env)
        except (ClientError, json.JSONDecodeError) as error:
            raise _failure(env, StatesErrorNameType.StatesItemReaderFailed, str(error)) from error

    return _eval_body


def _reading_whole_numbers(original: Callable[..., Any]) -> Callable[..., Any]:
    def tolerated_failure_percentage_decl(self: ASLParser) -> object:
        value = self._input.LT(3)  # after the name and the colon
        if value.type == self.INT:
            value.type = self.NUMBER
        return original(self)

    return tolerated_failure_percentage_decl


def _failure(env: Environment, error: StatesErrorNameType, cause: str) -> FailureEventException:
    details: Any = {"mapRunFailedEventDetails": {"error": error.to_name(), "cause": cause}}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=error),
            event_type=HistoryEventType.MapRunFailed,
            event_details=details,
        )
    )
