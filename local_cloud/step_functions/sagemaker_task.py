"""`sagemaker:createTrainingJob.sync` and `createProcessingJob.sync` in moto's workflow interpreter.

The task follows Step Functions. It checks the job's parameters before the call, and the state waits for the job's end.
The description of a completed job is the output. The description of a failed job is the cause of `States.TaskFailed`.
A stopped job counts as a success, and its status shows that it was stopped. If the execution or the state ends first,
it stops the job.
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
    named_codes = frozenset({"ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound", "ConflictException"})
    other_error = "AmazonSageMakerException"
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

    def normalize(self, parameters: dict[str, Any]) -> None:
        """Check the parameters. Their names are already those of the API call."""
        self.check(parameters, request_shape("sagemaker", f"Create{self._kind}Job"))

    def start(self, client: "SageMakerClient", parameters: dict[str, Any]) -> dict[str, Any]:
        """Create the job and return the response."""
        return self._call(client, "create", parameters)

    def reference(self, parameters: dict[str, Any], started: dict[str, Any]) -> dict[str, str]:  # noqa: ARG002
        """Return the job's name."""
        return {f"{self._kind}JobName": parameters[f"{self._kind}JobName"]}

    def describe(self, client: "SageMakerClient", reference: dict[str, str]) -> dict[str, Any]:
        """Return the job's description."""
        description: dict[str, Any] = with_times_as_numbers(self._call(client, "describe", reference))
        return description

    def status(self, description: dict[str, Any]) -> str:
        """Return the job's status."""
        return str(description[f"{self._kind}JobStatus"])

    def stop(self, client: "SageMakerClient", reference: dict[str, str]) -> None:
        """Stop the job."""
        self._call(client, "stop", reference)

    def _call(self, client: "SageMakerClient", verb: str, parameters: dict[str, Any]) -> dict[str, Any]:
        response: dict[str, Any] = getattr(client, f"{verb}_{self._kind.lower()}_job")(**parameters)
        response.pop("ResponseMetadata", None)
        return response
