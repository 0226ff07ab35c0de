"""Task states that start something in a service and, with `.sync`, wait for its end and stop it with themselves."""

import abc
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar, cast

from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.model import StructureShape
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import StateCredentials
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
    ResourceRuntimePart,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from local_cloud.core.request_validation import find_errors

# What ends soon is noticed soon, what runs long is not asked often.
_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.05, 0.5

Client = TypeVar("Client", bound=BaseClient)


class SyncTask(state_task_service_callback.StateTaskServiceCallback, Generic[Client]):
    """A task state of one service: it starts something, and describes or stops what it has started.

    Attributes:
        boto_name: The service, as boto3 names it.
        prefix: Of the service's errors.
        service: As causes name it.
        modelled: Codes that are names of errors of their own.
        other: Name of all other errors.
        unfinished: Statuses of what still runs.
        successful: Statuses that let the state succeed; all others fail it.
    """

    boto_name: ClassVar[str]
    prefix: ClassVar[str]
    service: ClassVar[str]
    modelled: ClassVar[frozenset[str]]
    other: ClassVar[str]
    unfinished: ClassVar[frozenset[str]]
    successful: ClassVar[frozenset[str]]

    def __init__(self) -> None:
        # Waiting for a token is not meant; without it the interpreter makes no endpoint, and it wants one.
        patterns: Any = {ResourceCondition.Sync, ResourceCondition.Sync2, ResourceCondition.WaitForTaskToken}
        super().__init__(supported_integration_patterns=patterns)

    @abc.abstractmethod
    def normalise(self, parameters: dict[str, Any]) -> None:
        """Turns the state's parameters into those of the call, in place, and refuses what makes no request."""

    @abc.abstractmethod
    def start(self, client: Client, parameters: dict[str, Any]) -> dict[str, Any]:
        """Makes the call; returns the state's output without `.sync`."""

    @abc.abstractmethod
    def reference(self, parameters: dict[str, Any], started: dict[str, Any]) -> dict[str, str]:
        """Returns the parameters that name what was started, in the calls that describe and stop it."""

    @abc.abstractmethod
    def describe(self, client: Client, reference: dict[str, str]) -> dict[str, Any]:
        """Returns the state's output with `.sync`, as far as it is known."""

    @abc.abstractmethod
    def status(self, description: dict[str, Any]) -> str:
        """Returns the status in a description."""

    @abc.abstractmethod
    def stop(self, client: Client, reference: dict[str, str]) -> None:
        """Asks the service to stop what was started."""

    def check(self, parameters: dict[str, Any], request: StructureShape) -> None:
        """Refuses parameters that make no request: by names and types, the rest is the service's to check."""
        errors = [error for error in find_errors(parameters, request) if error.startswith("The ")]
        if errors:
            raise _BadParametersError(
                f"The Parameters '{to_json_str(parameters)}' could not be used to start the Task: [{'; '.join(errors)}]"
            )

    def _normalise_parameters(
        self,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,  # noqa: ARG002
        service_action_name: str | None = None,  # noqa: ARG002
    ) -> None:
        self.normalise(parameters)

    def _eval_service_task(
        self,
        env: Environment,
        resource_runtime_part: ResourceRuntimePart,
        normalised_parameters: dict[str, Any],
        state_credentials: StateCredentials,
    ) -> None:
        client = cast("Client", boto_client_for(resource_runtime_part.region, self.boto_name, state_credentials))
        env.stack.append(self.start(client, normalised_parameters))

    def _build_sync_resolver(
        self,
        env: Environment,
        resource_runtime_part: ResourceRuntimePart,
        normalised_parameters: dict[str, Any],
        state_credentials: StateCredentials,
    ) -> Callable[[], dict[str, Any] | None]:
        """Makes what returns the output once there is one, and stops what was started with its execution or state."""
        reference = self.reference(normalised_parameters, env.stack.pop())
        client = cast("Client", boto_client_for(resource_runtime_part.region, self.boto_name, state_credentials))

        def resolve() -> dict[str, Any] | None:
            if not env.is_running():
                self.stop(client, reference)
                return None
            description = self.describe(client, reference)
            status = self.status(description)
            if status in self.unfinished:
                return None
            if status not in self.successful:
                name = StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed)
                failure = self._failure(env, name, "States.TaskFailed", to_json_str(description))
                raise FailureEventException(failure)
            return description

        return resolve

    def _eval_sync(
        self,
        env: Environment,
        sync_resolver: Callable[[], Any] | None,
        timeout_seconds: int | None,  # noqa: ARG002
        callback_endpoint: object,  # noqa: ARG002
        heartbeat_endpoint: object,  # noqa: ARG002
    ) -> dict[str, Any] | None:
        assert sync_resolver is not None
        resolve: Callable[[], dict[str, Any] | None] = sync_resolver
        # Nothing here answers with a task token; and the interpreter's endpoint for one is spent after the first
        # attempt, so that a retried state would time out at once.
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

    def _failure(self, env: Environment, error_name: ErrorName, error: str, cause: str) -> FailureEvent:
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


def with_times_as_numbers(value: object) -> Any:  # noqa: ANN401 - any JSON
    """A description as Step Functions writes it: times in milliseconds."""
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {name: with_times_as_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [with_times_as_numbers(member) for member in value]
    return value
