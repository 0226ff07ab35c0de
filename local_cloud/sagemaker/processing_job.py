"""Processing jobs: the request, the `/opt/ml` layout, the outputs and the response of DescribeProcessingJob."""

from datetime import UTC, datetime
from typing import Any

from local_cloud.sagemaker.instances import Instance, Outcome
from local_cloud.sagemaker.job import MAX_FAILURE_CHARACTERS, Job, JobPlace, read_message
from local_cloud.sagemaker.s3_transfer import JobInput, S3Location, upload_folder

_ROOT = "/opt/ml/processing"


class ProcessingJob(Job):
    """One processing job."""

    kind = "Processing"

    def __init__(self, request: dict[str, Any], *, place: JobPlace) -> None:
        self._exit_message = ""
        super().__init__(
            request,
            place=place,
            image_uri=request["AppSpecification"]["ImageUri"],
            cluster=request["ProcessingResources"]["ClusterConfig"],
        )

    @staticmethod
    def find_unsupported(request: dict[str, Any]) -> str | None:
        """Return the first setting in a request that the local cloud does not support; None if it supports all."""
        for entry in request.get("ProcessingInputs", []):
            source = entry.get("S3Input")
            if source is None:
                return "a processing input without S3Input"
            if source.get("S3InputMode", "File") != "File" or source.get("S3CompressionType", "None") != "None":
                return "an S3Input's S3InputMode Pipe or S3CompressionType"
            if not source.get("LocalPath", "").startswith(_ROOT):
                return f"an S3Input whose LocalPath is not below {_ROOT}"
        for output in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
            if not output.get("S3Output", {}).get("LocalPath", "").startswith(_ROOT):
                return f"a processing output without S3Output, or whose LocalPath is not below {_ROOT}"
        return None

    def command(self) -> list[str]:
        """Return the image's entry point and command, or those in the request."""
        application = self.request["AppSpecification"]
        entrypoint = application.get("ContainerEntrypoint")
        arguments = application.get("ContainerArguments", [] if entrypoint else self.image.command)
        return [*(entrypoint or self.image.entrypoint), *arguments]

    def lay_out(self, instances: list[Instance]) -> None:
        """Write the configuration files and download the inputs."""
        hosts = sorted(instance.host for instance in instances)
        for instance in instances:
            instance.write("config/processingjobconfig.json", {**self.request, "ProcessingJobArn": self.arn})
            instance.write("config/resourceconfig.json", {"current_host": instance.host, "hosts": hosts})
            for folder in ("output", *(_below_opt_ml(output["LocalPath"]) for output in self._outputs())):
                (instance.opt_ml / folder).mkdir(parents=True, exist_ok=True)
        sources = [entry["S3Input"] for entry in self.request.get("ProcessingInputs", [])]
        self.download([JobInput(source, _below_opt_ml(source["LocalPath"])) for source in sources], instances)

    def upload(self, instances: list[Instance]) -> None:
        """Upload every output of every instance. All instances share the prefix of an output."""
        key = self.request.get("ProcessingOutputConfig", {}).get("KmsKeyId")
        for output in self._outputs():
            for instance in instances:
                folder = instance.opt_ml / _below_opt_ml(output["LocalPath"])
                upload_folder(self.s3, folder, S3Location.parse(output["S3Uri"]), kms_key=key)
        self._collect_messages(instances)

    def explain_failure(self, outcome: Outcome) -> str:
        """Return a reason with only the exit code. The container's own explanation is the exit message."""
        assert outcome.failed is not None
        self._collect_messages([outcome.failed])
        return f"AlgorithmError: See job logs for more information, exit code: {outcome.exit_code}"

    def phase(self, name: str, message: str = "") -> None:  # noqa: ARG002
        """Record only the time, because a processing job does not report its phases."""
        self.modified = datetime.now(UTC)

    def describe(self) -> dict[str, Any]:
        """Return the request without its tags, plus the job's status and results."""
        description: dict[str, Any] = {
            **{name: value for name, value in self.request.items() if name != "Tags"},
            "ProcessingJobArn": self.arn,
            "ProcessingJobStatus": self.status,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
        }
        optional = {
            "ProcessingStartTime": self.started,
            "ProcessingEndTime": self.ended,
            "FailureReason": self.failure_reason,
            "ExitMessage": self._exit_message or None,
        }
        return description | {name: value for name, value in optional.items() if value is not None}

    def _outputs(self) -> list[dict[str, Any]]:
        return [output["S3Output"] for output in self.request.get("ProcessingOutputConfig", {}).get("Outputs", [])]

    def _collect_messages(self, instances: list[Instance]) -> None:
        messages = [read_message(instance.opt_ml / "output" / "message") for instance in instances]
        self._exit_message = "".join(messages)[:MAX_FAILURE_CHARACTERS]


def _below_opt_ml(path: str) -> str:
    return path.removeprefix("/opt/ml/")
