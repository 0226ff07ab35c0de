"""Task states that start something in a service and, with `.sync`, wait for its end and stop it with themselves."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from botocore.model import OperationModel
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from local_cloud.core.request_validation import find_errors

# What ends soon is noticed soon, what runs long is not asked often.
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.05, 0.5


class SyncTask(state_task_service_callback.StateTaskServiceCallback):
    """A task state of one service.

    Subclasses make the call, and a resolver that returns the output once there is one, raises what `failed` makes, and,
    where the environment does not run any more, stops what was started.

    Attributes:
        prefix: Of the service's errors.
        service: As causes name it.
        modelled: Codes that are names of errors of their own.
        other: Name of all other errors.
    """

    prefix: ClassVar[str]
    service: ClassVar[str]
    modelled: ClassVar[frozenset[str]]
    other: ClassVar[str]

    def __init__(self) -> None:
        # Waiting for a token is not meant; without it the interpreter makes no endpoint, and it wants one.
        patterns: Any = {ResourceCondition.Sync, ResourceCondition.Sync2, ResourceCondition.WaitForTaskToken}
        super().__init__(supported_integration_patterns=patterns)

    def check(self, parameters: dict[str, Any], operation: OperationModel) -> None:
        """Refuses parameters that make no request: by names and types, the rest is the service's to check."""
        errors = [error for error in find_errors(parameters, operation.input_shape) if error.startswith("The ")]
        if errors:
            raise _BadParametersError(
                f"The Parameters '{to_json_str(parameters)}' could not be used to start the Task: [{'; '.join(errors)}]"
            )

    def failed(self, env: Environment, description: dict[str, Any]) -> FailureEventException:
        """What is raised when what was started has failed."""
        name = StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed)
        return FailureEventException(self._failure(env, name, "States.TaskFailed", to_json_str(description)))

    def _eval_sync(
        self,
        env: Environment,
        sync_resolver: Any,  # noqa: ANN401
        timeout_seconds: int | None,  # noqa: ARG002
        callback_endpoint: Any,  # noqa: ANN401, ARG002
        heartbeat_endpoint: Any,  # noqa: ANN401, ARG002
    ) -> Any:  # noqa: ANN401
        # Nothing here answers with a task token; and the interpreter's endpoint for one is spent after the first
        # attempt, so that a retried state would time out at once.
        resolve: Callable[[], Any] = sync_resolver
        seconds = _FIRST_POLL_SECONDS
        while env.is_running():
            if (output := resolve()) is not None:
                return output
            time.sleep(seconds)
            seconds = min(2 * seconds, _LONGEST_POLL_SECONDS)
        return resolve()  # the execution was stopped, or the state timed out: what was started is stopped, too

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        if isinstance(ex, _BadParametersError):
            return self._failure(env, StatesErrorName(typ=StatesErrorNameType.StatesRuntime), "States.Runtime", str(ex))
        if isinstance(ex, ClientError):
            code = ex.response["Error"]["Code"]
            name = f"{code.removesuffix('Exception')}Exception" if code in self.modelled else self.other
            metadata = ex.response["ResponseMetadata"]
            cause = (
                f"{ex.response['Error']['Message']} (Service: {self.service}; "
                f"Status Code: {metadata['HTTPStatusCode']}; Error Code: {code}; "
                f"Request ID: {metadata.get('RequestId')}; Proxy: null)"
            )
            error = f"{self.prefix}.{name}"
            return self._failure(env, CustomErrorName(error), error, cause)
        return super()._from_error(env=env, ex=ex)

    def _failure(self, env: Any, error_name: Any, error: str, cause: str) -> FailureEvent:  # noqa: ANN401
        details: Any = {
            "taskFailedEventDetails": {
                "error": error,
                "cause": cause,
                "resource": self._get_sfn_resource(),
                "resourceType": self._get_sfn_resource_type(),
            }
        }
        return FailureEvent(
            env=env, error_name=error_name, event_type=HistoryEventType.TaskFailed, event_details=details
        )


class _BadParametersError(Exception):
    """The state's parameters do not make a request."""


def with_times_as_numbers(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A description as Step Functions writes it: times in milliseconds."""
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {name: with_times_as_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [with_times_as_numbers(member) for member in value]
    return value
