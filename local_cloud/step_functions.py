"""What moto's workflow interpreter lacks, or does otherwise than Step Functions, for definitions in JSONPath."""

import re
import sys
import time
import types
import uuid
from collections.abc import Callable
from typing import Any

import moto.stepfunctions.models as moto_models
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from local_cloud import redrive
from local_cloud.sagemaker_task import SageMakerTask

_INDEFINITE_PATH = re.compile(r"\*|\?|\.\.|\[[^\]'\"]*[:,]")
_NEVER_CAUGHT_BY_ALL = {"States.Runtime", "States.DataLimitExceeded"}


def install(*, time_scale: float) -> None:
    """Applies the extensions.

    Args:
        time_scale: What Wait states and Retry intervals are multiplied by.
    """
    # State machines made by CloudFormation land where they are executed.
    moto_models.stepfunctions_backends = stepfunctions_parser_backends
    _give_state_machines_an_arn_attribute()
    _register_sagemaker()
    _unpack_single_values()
    _name_the_error_of_a_choice_without_match()
    _let_all_pass_what_it_cannot_catch()
    _name_executions()
    _scale_time(time_scale)
    redrive.install()


def _give_state_machines_an_arn_attribute() -> None:
    get_attribute, has_attribute = StateMachine.get_cfn_attribute, StateMachine.has_cfn_attr

    def get(self: StateMachine, name: str) -> Any:  # noqa: ANN401
        return self.arn if name == "Arn" else get_attribute(self, name)

    def has(_class: type[StateMachine], name: str) -> bool:
        return name == "Arn" or bool(has_attribute(name))

    StateMachine.get_cfn_attribute = get
    StateMachine.has_cfn_attr = classmethod(has)


def _register_sagemaker() -> None:
    service_for = state_task_factory.state_task_service_for

    def state_task_service_for(service_name: str) -> Any:  # noqa: ANN401
        return SageMakerTask() if service_name == "sagemaker" else service_for(service_name)

    state_task_factory.state_task_service_for = state_task_service_for


def _unpack_single_values() -> None:
    """A path that can only find one value yields that value: `$.a[1].n`, not a list of one."""
    extract = json_path.extract_json

    def extract_json(path: str, data: Any) -> Any:  # noqa: ANN401 - any JSON
        if _INDEFINITE_PATH.search(path):
            return extract(path, data)
        matches = json_path.parse(path).find(data)
        if not matches:
            raise json_path.NoSuchJsonPathError(json_path=path, data=data)
        return matches[0].value

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.") and getattr(module, "extract_json", None) is extract:
            module.extract_json = extract_json  # type: ignore[attr-defined]


def _name_the_error_of_a_choice_without_match() -> None:
    evaluate = StateChoice._eval_state

    def _eval_state(self: StateChoice, env: Environment) -> None:
        try:
            evaluate(self, env)
        except RuntimeError as error:
            if self.default_state is not None or not str(error.args[0]).startswith("No branching option"):
                raise
            raise FailureEventException(_no_choice_matched(env, self.name)) from error

    StateChoice._eval_state = _eval_state


def _no_choice_matched(env: Environment, state: str) -> FailureEvent:
    return FailureEvent(
        env=env,
        error_name=StatesErrorName(typ=StatesErrorNameType.StatesNoChoiceMatched),
        event_type=HistoryEventType.ExecutionFailed,
        event_details=EventDetails(
            executionFailedEventDetails=ExecutionFailedEventDetails(
                error="States.NoChoiceMatched",
                cause=f"An error occurred while executing the state '{state}'. "
                "Failed to transition out of the state. The state does not point to a next state.",
            )
        ),
    )


def _let_all_pass_what_it_cannot_catch() -> None:
    evaluate = ErrorEqualsDecl._eval_body

    def _eval_body(self: ErrorEqualsDecl, env: Environment) -> None:
        error_name = env.stack[-1]
        evaluate(self, env)
        if error_name.error_name in _NEVER_CAUGHT_BY_ALL and error_name not in self.error_names:
            env.stack[-1] = False

    ErrorEqualsDecl._eval_body = _eval_body


def _name_executions() -> None:
    """An execution started without a name gets one of its own."""
    start: Callable[[StepFunctionResponse], Any] = StepFunctionResponse.start_execution

    def start_execution(self: StepFunctionResponse) -> Any:  # noqa: ANN401
        get_parameter = self._get_param
        self._get_param = lambda name, *args, **kwargs: (
            get_parameter(name, *args, **kwargs) or (str(uuid.uuid4()) if name == "name" else None)
        )
        return start(self)

    StepFunctionResponse.start_execution = start_execution


def _scale_time(scale: float) -> None:
    retrier_decl.time = types.SimpleNamespace(sleep=lambda seconds: time.sleep(seconds * scale))
    wait = WaitFunction._wait_interval

    def _wait_interval(self: WaitFunction, env: Environment, wait_seconds: float) -> None:
        wait(self, env, wait_seconds * scale)

    WaitFunction._wait_interval = _wait_interval
