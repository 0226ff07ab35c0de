"""Training jobs: the request, the `/opt/ml` layout, the outputs and the response of DescribeTrainingJob."""

from datetime import UTC, datetime
from typing import Any

from local_cloud.sagemaker.instances import Instance, Outcome
from local_cloud.sagemaker.job import Job, JobPlace, read_message
from local_cloud.sagemaker.s3_transfer import (
    JobInput,
    S3Location,
    download,
    find_objects,
    upload_archive,
    upload_folder,
)

_CHECKPOINTS = "/opt/ml/checkpoints"
_GROUP = "homogeneousCluster"


class TrainingJob(Job):
    """One training job."""

    kind = "Training"

    def __init__(self, request: dict[str, Any], *, place: JobPlace) -> None:
        self._transitions: list[dict[str, Any]] = []
        super().__init__(
            request,
            place=place,
            image_uri=request["AlgorithmSpecification"]["TrainingImage"],
            cluster=request["ResourceConfig"],
        )

    @staticmethod
    def find_unsupported(request: dict[str, Any]) -> str | None:
        """Return the first setting in a request that the local cloud does not support; None if it supports all."""
        if not {"InstanceType", "InstanceCount"} <= set(request["ResourceConfig"]):
            return "a ResourceConfig without InstanceType and InstanceCount (InstanceGroups, InstancePreferences)"
        if "TrainingImage" not in request["AlgorithmSpecification"]:
            return "an AlgorithmSpecification without TrainingImage"
        if request.get("CheckpointConfig", {}).get("LocalPath", _CHECKPOINTS) != _CHECKPOINTS:
            return f"a CheckpointConfig.LocalPath other than {_CHECKPOINTS}"
        for channel in request.get("InputDataConfig", []):
            if "S3DataSource" not in channel["DataSource"]:
                return "a channel without S3DataSource"
            if channel.get("InputMode", request["AlgorithmSpecification"].get("TrainingInputMode")) == "Pipe":
                return "InputMode Pipe"
            if channel.get("CompressionType", "None") != "None":
                return "a channel's CompressionType"
        return None

    def command(self) -> list[str]:
        """Return the image's entry point with the single argument `train`, unless the request sets others."""
        algorithm = self.request["AlgorithmSpecification"]
        entrypoint = algorithm.get("ContainerEntrypoint", self.image.entrypoint)
        return [*entrypoint, *algorithm.get("ContainerArguments", ["train"])]

    def lay_out(self, instances: list[Instance]) -> None:
        """Write the configuration files, and download the channels and checkpoints."""
        channels = self.request.get("InputDataConfig", [])
        hosts = sorted(instance.host for instance in instances)
        for instance in instances:
            instance.write("input/config/hyperparameters.json", self.request.get("HyperParameters", {}))
            instance.write("input/config/inputdataconfig.json", {c["ChannelName"]: _channel(c) for c in channels})
            instance.write("input/config/resourceconfig.json", self._resources(instance.host, hosts))
            for folder in ("model", "output/data", "checkpoints"):
                (instance.opt_ml / folder).mkdir(parents=True, exist_ok=True)
            self._download_checkpoints(instance)
        self.download(
            [
                JobInput(channel["DataSource"]["S3DataSource"], f"input/data/{channel['ChannelName']}")
                for channel in channels
            ],
            instances,
        )

    def upload(self, instances: list[Instance]) -> None:
        """Upload `/opt/ml/model` and `/opt/ml/output/data`, merged over all hosts, and the checkpoints."""
        output = self.request["OutputDataConfig"]
        destination = S3Location.parse(output["S3OutputPath"]).below(self.name, "output")
        key = output.get("KmsKeyId")
        models = [instance.opt_ml / "model" for instance in instances]
        data = [instance.opt_ml / "output" / "data" for instance in instances]
        if output.get("CompressionType") == "NONE":
            for model, results in zip(models, data, strict=True):
                upload_folder(self.s3, model, destination.below("model"), kms_key=key)
                upload_folder(self.s3, results, destination.below("data"), kms_key=key)
        else:
            upload_archive(self.s3, models, destination.below("model.tar.gz"), kms_key=key)
            if any(any(folder.iterdir()) for folder in data):
                upload_archive(self.s3, data, destination.below("output.tar.gz"), kms_key=key)
        if checkpoints := self.request.get("CheckpointConfig"):
            for instance in instances:
                folder = instance.opt_ml / "checkpoints"
                upload_folder(self.s3, folder, S3Location.parse(checkpoints["S3Uri"]), kms_key=key)

    def explain_failure(self, outcome: Outcome) -> str:
        """Return the first 1,024 characters of the failure file, and the exit code."""
        assert outcome.failed is not None
        message = read_message(outcome.failed.opt_ml / "output" / "failure").strip()
        return f"AlgorithmError: {message}, exit code: {outcome.exit_code}"

    def phase(self, name: str, message: str = "") -> None:
        """End the previous phase and begin this one."""
        now = datetime.now(UTC)
        if self._transitions:
            self._transitions[-1].setdefault("EndTime", now)
        self._transitions.append({"Status": name, "StartTime": now, "StatusMessage": message})
        self.modified = now

    def finish(self, status: str, *, detail: str = "") -> None:
        """Set the job's final status, with a last transition."""
        secondary = detail if status == "Stopped" and detail else status
        reached = {"Completed": "Training job completed", "Stopped": "Training job stopped"}
        self.phase(secondary, detail if status == "Failed" else reached[status])
        self._transitions[-1]["EndTime"] = self._transitions[-1]["StartTime"]
        super().finish(status, detail=detail)

    def describe(self) -> dict[str, Any]:
        """Return the request without its tags, plus the job's status and results."""
        transitions = [dict(transition) for transition in self._transitions]
        output = {"KmsKeyId": "", "CompressionType": "GZIP", **self.request["OutputDataConfig"]}
        description: dict[str, Any] = {
            "EnableNetworkIsolation": False,
            "EnableInterContainerTrafficEncryption": False,
            "EnableManagedSpotTraining": False,
            **{name: value for name, value in self.request.items() if name != "Tags"},
            "OutputDataConfig": output,
            "TrainingJobArn": self.arn,
            "TrainingJobStatus": self.status,
            "SecondaryStatus": transitions[-1]["Status"] if transitions else "Starting",
            "SecondaryStatusTransitions": transitions,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
        }
        if self.started is not None:
            description["TrainingStartTime"] = self.started
        if self.ended is not None:
            seconds = round((self.ended - (self.started or self.ended)).total_seconds())
            description |= {"TrainingEndTime": self.ended, "TrainingTimeInSeconds": seconds}
            description["BillableTimeInSeconds"] = seconds * self.cluster["InstanceCount"]
        if self.failure_reason is not None:
            description["FailureReason"] = self.failure_reason
        if self.status in ("Completed", "Stopped"):
            artifact = "model/" if output["CompressionType"] == "NONE" else "model.tar.gz"
            folder = S3Location.parse(output["S3OutputPath"]).below(self.name, "output")
            description["ModelArtifacts"] = {"S3ModelArtifacts": str(folder.below(artifact))}
        return description

    def _resources(self, host: str, hosts: list[str]) -> dict[str, Any]:
        instance_type = self.cluster["InstanceType"]
        group = {"instance_group_name": _GROUP, "instance_type": instance_type, "hosts": hosts}
        return {
            "current_host": host,
            "current_instance_type": instance_type,
            "current_group_name": _GROUP,
            "hosts": hosts,
            "instance_groups": [group],
            "network_interface_name": "lo",
        }

    def _download_checkpoints(self, instance: Instance) -> None:
        checkpoints = self.request.get("CheckpointConfig")
        if checkpoints is None:
            return
        location = S3Location.parse(checkpoints["S3Uri"])
        listing = self.s3.list_objects_v2(Bucket=location.bucket, Prefix=location.key)
        if listing.get("Contents"):  # unlike a channel, a checkpoint prefix may be empty at the first start
            source = {"S3Uri": checkpoints["S3Uri"]}
            objects = find_objects(self.s3, source, role=self.request["RoleArn"], region=self.place.region)
            download(self.s3, objects, instance.opt_ml / "checkpoints")


def _channel(channel: dict[str, Any]) -> dict[str, str]:
    source = channel["DataSource"]["S3DataSource"]
    return {
        "TrainingInputMode": channel.get("InputMode", "File"),
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": channel.get("RecordWrapperType", "None"),
    }
