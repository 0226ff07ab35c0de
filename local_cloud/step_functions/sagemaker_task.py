"""`sagemaker:createTrainingJob.sync` and `createProcessingJob.sync` in moto's workflow interpreter.

As Step Functions has it: the job's parameters are checked before the call, the state waits for the job's end, a
completed job's description is the output, a failed job's is the cause of `States.TaskFailed`, a stopped job passes as a
success (its status says so), and an execution or state that ends before its job stops the job.
"""

from typing import TYPE_CHECKING, Any

from local_cloud.core.request_validation import request_shape
from local_cloud.step_functions.sync_task import SyncTask, with_times_as_numbers

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_KINDS = {"createTrainingJob": "Training", "createProcessingJob": "Processing"}


class SageMakerTask(SyncTask["SageMakerClient"]):
    """A task state that creates a SageMaker job, with or without `.sync`."""

    boto_name = "sagemaker"
    prefix = "SageMaker"
    service = "AmazonSageMaker"
    modelled = frozenset({"ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound", "ConflictException"})
    other = "AmazonSageMakerException"
    unfinished = frozenset({"InProgress", "Stopping"})
    successful = frozenset({"Completed", "Stopped"})

    @property
    def _kind(self) -> str:
        kind: str = _KINDS[self.resource.api_action]
        return kind

    def _get_supported_parameters(self) -> set[str] | None:
        if self.resource.api_action not in _KINDS:
            return None
        return set(request_shape("sagemaker", f"Create{self._kind}Job").members)

    def normalise(self, parameters: dict[str, Any]) -> None:
        """Refuses what makes no request; the names are those of the call."""
        self.check(parameters, request_shape("sagemaker", f"Create{self._kind}Job"))

    def start(self, client: "SageMakerClient", parameters: dict[str, Any]) -> dict[str, Any]:
        """Creates the job."""
        return self._call(client, "create", parameters)

    def reference(self, parameters: dict[str, Any], started: dict[str, Any]) -> dict[str, str]:  # noqa: ARG002
        """Returns the job's name."""
        return {f"{self._kind}JobName": parameters[f"{self._kind}JobName"]}

    def describe(self, client: "SageMakerClient", reference: dict[str, str]) -> dict[str, Any]:
        """Returns the job's description."""
        description: dict[str, Any] = with_times_as_numbers(self._call(client, "describe", reference))
        return description

    def status(self, description: dict[str, Any]) -> str:
        """Returns the job's status."""
        return str(description[f"{self._kind}JobStatus"])

    def stop(self, client: "SageMakerClient", reference: dict[str, str]) -> None:
        """Stops the job."""
        self._call(client, "stop", reference)

    def _call(self, client: "SageMakerClient", verb: str, parameters: dict[str, Any]) -> dict[str, Any]:
        response: dict[str, Any] = getattr(client, f"{verb}_{self._kind.lower()}_job")(**parameters)
        response.pop("ResponseMetadata", None)
        return response
