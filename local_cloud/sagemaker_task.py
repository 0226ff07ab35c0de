"""`sagemaker:createTrainingJob.sync` and `createProcessingJob.sync` in moto's workflow interpreter.

As Step Functions has it: the job's parameters are checked before the call, the state waits for the job's end, a
completed job's description is the output, a failed job's is the cause of `States.TaskFailed`, a stopped job passes as a
success (its status says so), and an execution or state that ends before its job stops the job.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from local_cloud.request_validation import find_errors, operation_model

_KINDS = {"createTrainingJob": "Training", "createProcessingJob": "Processing"}
# Errors the service model names become `SageMaker.<Name>Exception`; all others are one and the same.
_MODELLED = {"ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound", "ConflictException"}


class SageMakerTask(state_task_service_callback.StateTaskServiceCallback):
    """A task state that creates a SageMaker job, with or without `.sync`."""

    def __init__(self) -> None:
        # Waiting for a token is not SageMaker's; without it the interpreter makes no endpoint, and it wants one.
        patterns: Any = {ResourceCondition.Sync, ResourceCondition.WaitForTaskToken}
        super().__init__(supported_integration_patterns=patterns)

    @property
    def _kind(self) -> str:
        kind: str = _KINDS[self.resource.api_action]
        return kind

    def _get_supported_parameters(self) -> set[str] | None:
        if self.resource.api_action not in _KINDS:
            return None
        return set(operation_model("sagemaker", f"Create{self._kind}Job").input_shape.members)

    def _normalise_parameters(
        self,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,  # noqa: ARG002
        service_action_name: str | None = None,  # noqa: ARG002
    ) -> None:
        errors = [
            error
            for error in find_errors(parameters, operation_model("sagemaker", f"Create{self._kind}Job").input_shape)
            if error.startswith("The ")  # names and types; lengths and patterns are the service's to check
        ]
        if errors:
            raise _BadParametersError(
                f"The Parameters '{to_json_str(parameters)}' could not be used to start the Task: [{'; '.join(errors)}]"
            )

    def _eval_service_task(
        self,
        env: Environment,
        resource_runtime_part: Any,  # noqa: ANN401
        normalised_parameters: dict[str, Any],
        state_credentials: Any,  # noqa: ANN401
    ) -> None:
        client = boto_client_for(resource_runtime_part.region, "sagemaker", state_credentials)
        action = getattr(client, f"create_{self._kind.lower()}_job")
        response = action(**normalised_parameters)
        response.pop("ResponseMetadata", None)
        env.stack.append(response)

    def _build_sync_resolver(
        self,
        env: Environment,
        resource_runtime_part: Any,  # noqa: ANN401
        normalised_parameters: dict[str, Any],
        state_credentials: Any,  # noqa: ANN401
    ) -> Callable[[], Any]:
        env.stack.pop()
        client = boto_client_for(resource_runtime_part.region, "sagemaker", state_credentials)
        kind = self._kind
        named = {f"{kind}JobName": normalised_parameters[f"{kind}JobName"]}

        def resolve() -> dict[str, Any] | None:
            if not env.is_running():
                getattr(client, f"stop_{kind.lower()}_job")(**named)
                return None
            description = getattr(client, f"describe_{kind.lower()}_job")(**named)
            description.pop("ResponseMetadata", None)
            status = description[f"{kind}JobStatus"]
            if status in ("InProgress", "Stopping"):
                return None
            output: dict[str, Any] = _with_times_as_numbers(description)
            if status == "Failed":
                raise FailureEventException(
                    self._failure(
                        env,
                        StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed),
                        "States.TaskFailed",
                        to_json_str(output),
                    )
                )
            return output

        return resolve

    def _eval_sync(
        self,
        env: Environment,
        sync_resolver: Any,  # noqa: ANN401
        timeout_seconds: int | None,
        callback_endpoint: Any,  # noqa: ANN401, ARG002
        heartbeat_endpoint: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        # No job answers with a task token; and the interpreter's endpoint for one is spent after the first attempt, so
        # that a retried state would time out at once.
        outcome = super()._eval_sync(env, sync_resolver, timeout_seconds, None, heartbeat_endpoint)
        if not env.is_running():
            sync_resolver()  # the execution was stopped, or the state timed out: the job is stopped too
        return outcome

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        if isinstance(ex, _BadParametersError):
            return self._failure(env, StatesErrorName(typ=StatesErrorNameType.StatesRuntime), "States.Runtime", str(ex))
        if isinstance(ex, ClientError):
            code = ex.response["Error"]["Code"]
            modelled = f"{code.removesuffix('Exception')}Exception" if code in _MODELLED else "AmazonSageMakerException"
            metadata = ex.response["ResponseMetadata"]
            cause = (
                f"{ex.response['Error']['Message']} (Service: AmazonSageMaker; "
                f"Status Code: {metadata['HTTPStatusCode']}; Error Code: {code}; "
                f"Request ID: {metadata.get('RequestId')}; Proxy: null)"
            )
            name = f"SageMaker.{modelled}"
            return self._failure(env, CustomErrorName(name), name, cause)
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


def _with_times_as_numbers(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {name: _with_times_as_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_times_as_numbers(member) for member in value]
    return value
