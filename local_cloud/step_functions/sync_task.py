"""Task states that start an operation in a service and, with `.sync`, wait for its end.

If the execution or the state ends first, the task stops the operation.
"""

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

# Poll short operations often and long ones rarely.
_FIRST_POLL_SECONDS, _MAX_POLL_SECONDS = 0.05, 0.5

Client = TypeVar("Client", bound=BaseClient)


class SyncTask(state_task_service_callback.StateTaskServiceCallback, Generic[Client]):
    """A task state of one service. It starts an operation (a job or an execution), and describes or stops it.

    Attributes:
        boto_name: The service's name in boto3.
        prefix: Prefix of the service's error names.
        service: The service's name in causes.
        named_codes: Error codes that have their own error name.
        other_error: Name of all other errors.
        unfinished: Statuses of a running operation.
        successful: Statuses with which the state succeeds; all others fail it.
    """

    boto_name: ClassVar[str]
    prefix: ClassVar[str]
    service: ClassVar[str]
    named_codes: ClassVar[frozenset[str]]
    other_error: ClassVar[str]
    unfinished: ClassVar[frozenset[str]]
    successful: ClassVar[frozenset[str]]

    def __init__(self) -> None:
        # This task never waits for a token. But without this pattern the interpreter lacks an endpoint that it needs.
        patterns: Any = {ResourceCondition.Sync, ResourceCondition.Sync2, ResourceCondition.WaitForTaskToken}
        super().__init__(supported_integration_patterns=patterns)

    @abc.abstractmethod
    def normalize(self, parameters: dict[str, Any]) -> None:
        """Convert the state's parameters to those of the API call, in place, and reject invalid ones."""

    @abc.abstractmethod
    def start(self, client: Client, parameters: dict[str, Any]) -> dict[str, Any]:
        """Call the API and return the state's output without `.sync`."""

    @abc.abstractmethod
    def reference(self, parameters: dict[str, Any], started: dict[str, Any]) -> dict[str, str]:
        """Return the parameters that identify the operation in the calls that describe and stop it."""

    @abc.abstractmethod
    def describe(self, client: Client, reference: dict[str, str]) -> dict[str, Any]:
        """Return the operation's current description: the state's output with `.sync`."""

    @abc.abstractmethod
    def status(self, description: dict[str, Any]) -> str:
        """Return the status in a description."""

    @abc.abstractmethod
    def stop(self, client: Client, reference: dict[str, str]) -> None:
        """Ask the service to stop the operation."""

    def check(self, parameters: dict[str, Any], request: StructureShape) -> None:
        """Reject parameters with wrong names or types. The service itself checks the rest."""
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
        self.normalize(parameters)

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
        """Return a function that returns the output when the operation has ended, and None before.

        It stops the operation when the execution or the state has ended.
        """
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
        # Task tokens are not used here. The interpreter's endpoint for them works only for the first attempt, so a
        # retried state would time out immediately.
        seconds = _FIRST_POLL_SECONDS
        while env.is_running():
            if (output := resolve()) is not None:
                return output
            time.sleep(seconds)
            seconds = min(2 * seconds, _MAX_POLL_SECONDS)
        return resolve()  # the execution was stopped or the state timed out: stop the operation, too

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        if isinstance(ex, _BadParametersError):
            return self._failure(env, StatesErrorName(typ=StatesErrorNameType.StatesRuntime), "States.Runtime", str(ex))
        if isinstance(ex, ClientError):
            code = ex.response["Error"]["Code"]
            name = f"{code.removesuffix('Exception')}Exception" if code in self.named_codes else self.other_error
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
    """The state's parameters are not a valid request."""


def with_times_as_numbers(value: object) -> Any:  # noqa: ANN401 - any JSON
    """Return a description as Step Functions writes it: times in milliseconds since 1970."""
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {name: with_times_as_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [with_times_as_numbers(member) for member in value]
    return value
