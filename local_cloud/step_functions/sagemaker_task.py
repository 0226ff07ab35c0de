"""`sagemaker:createTrainingJob.sync` and `createProcessingJob.sync` in moto's workflow interpreter.

As Step Functions has it: the job's parameters are checked before the call, the state waits for the job's end, a
completed job's description is the output, a failed job's is the cause of `States.TaskFailed`, a stopped job passes as a
success (its status says so), and an execution or state that ends before its job stops the job.
"""

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

from local_cloud.core.request_validation import operation_model
from local_cloud.step_functions.sync_task import SyncTask, with_times_as_numbers

_KINDS = {"createTrainingJob": "Training", "createProcessingJob": "Processing"}


class SageMakerTask(SyncTask):
    """A task state that creates a SageMaker job, with or without `.sync`."""

    prefix = "SageMaker"
    service = "AmazonSageMaker"
    modelled = frozenset({"ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound", "ConflictException"})
    other = "AmazonSageMakerException"

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
        self.check(parameters, operation_model("sagemaker", f"Create{self._kind}Job"))

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
            output: dict[str, Any] = with_times_as_numbers(description)
            if status == "Failed":
                raise self.failed(env, output)
            return output

        return resolve
