"""Requests for jobs that run the example image, and the results of these jobs."""

import json
import tarfile
import time
import uuid
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from local_cloud import LocalCloud


@dataclass(frozen=True)
class Jobs:
    """Starts jobs and waits for them."""

    cloud: LocalCloud
    image: str
    role: str
    bucket: str

    def training_request(self, *, inputs: dict[str, str] | None = None, **settings: Any) -> dict[str, Any]:
        """Return a request for a training job; `settings` override its members."""
        channels = [
            {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}
            for name, uri in (inputs or {}).items()
        ]
        return {
            "TrainingJobName": f"job-{uuid.uuid4().hex[:8]}",
            "AlgorithmSpecification": {"TrainingImage": self.image, "TrainingInputMode": "File"},
            "RoleArn": self.role,
            **({"InputDataConfig": channels} if channels else {}),
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **settings,
        }

    def training_state(self, name: str, **settings: Any) -> dict[str, Any]:
        """Return a state that runs a training job; `name` is an expression for the job's name."""
        parameters = self.training_request(**settings)
        del parameters["TrainingJobName"]
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": {"TrainingJobName.$": name, **parameters},
        }

    def train(self, **settings: Any) -> dict[str, Any]:
        """Run a training job to its end and return its description."""
        request = self.training_request(**settings)
        self.cloud.client("sagemaker").create_training_job(**request)
        return self.ended(request["TrainingJobName"])

    def ended(self, name: str, *, kind: str = "training") -> dict[str, Any]:
        """Wait for the end of a job and return its description."""
        status = f"{kind.capitalize()}JobStatus"
        while (description := self.describe(name, kind=kind))[status] in ("InProgress", "Stopping"):
            time.sleep(0.05)
        return description

    def describe(self, name: str, *, kind: str = "training") -> dict[str, Any]:
        """Return the description of a job."""
        sagemaker = self.cloud.client("sagemaker")
        description: dict[str, Any] = getattr(sagemaker, f"describe_{kind}_job")(
            **{f"{kind.capitalize()}JobName": name}
        )
        return description

    def process(self, **settings: Any) -> dict[str, Any]:
        """Run a processing job to its end and return its description. `settings` are those of `start_processing`."""
        return self.ended(self.start_processing(**settings), kind="processing")

    def start_processing(
        self,
        *,
        environment: dict[str, str],
        inputs: list[dict[str, Any]] | None = None,
        instances: int = 1,
        instance_type: str = "ml.m5.large",
    ) -> str:
        """Start a processing job and return its name."""
        name = f"job-{uuid.uuid4().hex[:8]}"
        output = {"S3Uri": f"s3://{self.bucket}/processed/{name}", "LocalPath": "/opt/ml/processing/output"}
        request: dict[str, Any] = {
            "ProcessingJobName": name,
            "RoleArn": self.role,
            "AppSpecification": {"ImageUri": self.image, "ContainerArguments": ["infer"]},
            "ProcessingResources": {
                "ClusterConfig": {"InstanceType": instance_type, "InstanceCount": instances, "VolumeSizeInGB": 10}
            },
            "ProcessingInputs": inputs or [],
            "ProcessingOutputConfig": {
                "Outputs": [{"OutputName": "results", "S3Output": {**output, "S3UploadMode": "EndOfJob"}}]
            },
            "Environment": environment,
        }
        self.cloud.client("sagemaker").create_processing_job(**request)
        return name

    def put(self, *keys: str) -> None:
        """Upload small objects."""
        for key in keys:
            self.cloud.client("s3").put_object(Bucket=self.bucket, Key=key, Body=f"content of {key}".encode())

    def read(self, key: str) -> bytes:
        """Read an object."""
        content: bytes = self.cloud.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content

    def archive(self, key: str) -> dict[str, bytes]:
        """Return the files of a tar.gz in the bucket."""
        with tarfile.open(fileobj=BytesIO(self.read(key))) as archive:
            members = [(member.name, archive.extractfile(member)) for member in archive.getmembers()]
            return {name: file.read() for name, file in members if file is not None}

    def seen(self, name: str, host: str = "algo-1") -> dict[str, Any]:
        """Return the report of a finished training job's container."""
        seen: dict[str, Any] = json.loads(self.archive(f"output/{name}/output/output.tar.gz")[f"seen-{host}.json"])
        return seen
