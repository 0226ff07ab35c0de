"""Gives the errors that states catch and retry the names that Step Functions uses.

Moto does not name the error of a Choice state without a match. It has one name for all errors of the Lambda service,
and lets `States.ALL` catch every error.
"""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import StateTaskLambda
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local_cloud.core.patching import patch_attribute

_SERVER_FAULT = 500
_NEVER_CAUGHT_BY_ALL = {"States.Runtime", "States.DataLimitExceeded"}


def install() -> None:
    """Apply the changes to moto's interpreter."""
    patch_attribute(StateTaskLambda, "_from_error", _naming_lambda_errors)
    patch_attribute(StateChoice, "_eval_state", _naming_no_match)
    patch_attribute(ErrorEqualsDecl, "_eval_body", _all_but_runtime)


def _naming_lambda_errors(original: Callable[..., Any]) -> Callable[..., Any]:
    """Name the errors of the Lambda service itself, as opposed to errors of the function."""

    def _from_error(self: StateTaskLambda, env: Environment, ex: Exception) -> Any:  # noqa: ANN401 - final fields
        event: Any = original(self, env, ex)
        if isinstance(ex, ClientError):
            name = "Lambda.AWSLambdaException"
            if ex.response["Error"]["Code"] == "TooManyRequestsException":
                name = "Lambda.TooManyRequestsException"
            elif ex.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_FAULT:
                name = "Lambda.ServiceException"
            event.error_name = CustomErrorName(name)
            event.event_details["lambdaFunctionFailedEventDetails"]["error"] = name
        return event

    return _from_error


def _naming_no_match(original: Callable[..., None]) -> Callable[..., None]:
    def _eval_state(self: StateChoice, env: Environment) -> None:
        try:
            original(self, env)
        except RuntimeError as error:
            if self.default_state is not None or not str(error.args[0]).startswith("No branching option"):
                raise
            details: Any = {
                "executionFailedEventDetails": {
                    "error": "States.NoChoiceMatched",
                    "cause": f"An error occurred while executing the state '{self.name}'. Failed to transition out of "
                    "the state. The state does not point to a next state.",
                }
            }
            event = FailureEvent(
                env=env,
                error_name=StatesErrorName(typ=StatesErrorNameType.StatesNoChoiceMatched),
                event_type=HistoryEventType.ExecutionFailed,
                event_details=details,
            )
            raise FailureEventException(event) from error

    return _eval_state


def _all_but_runtime(original: Callable[..., None]) -> Callable[..., None]:
    """Exclude from States.ALL the errors that Step Functions excludes."""

    def _eval_body(self: ErrorEqualsDecl, env: Environment) -> None:
        error_name = env.stack[-1]
        original(self, env)
        if error_name.error_name in _NEVER_CAUGHT_BY_ALL and error_name not in self.error_names:
            env.stack[-1] = False

    return _eval_body
