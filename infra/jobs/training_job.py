"""`sagemaker:createTrainingJob.sync` as states, one a machine."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from aws_cdk import Duration

from contract import job_start
from contract.s3.keys import JOB_OUTPUT
from infra.jobs.container_image import ENTRYPOINT
from infra.jobs.instances import Machine, machines_of
from infra.jobs.sagemaker_job import START_AND_STOP, SagemakerJob, volume

# Attempts SageMaker makes by itself after a fault of its own; all of them count towards the job's runtime.
PLATFORM_FAULT_RETRIES = 2
# What differs from run to run, of the job's environment variables.
OF_THE_RUN = (job_start.PARTITION, job_start.MODEL_SHA256, job_start.MIN_CHUNKS)


class TrainingJob(SagemakerJob):
    """The job that trains, and forecasts where no fleet does.

    Its states read `$.plan` and `$.faults`, and leave `{name, status, secondary_status, arn, described}` in `$.job`.
    """

    kind = "Training"
    state_name = "TrainAndInfer"
    result_path = "$.job"
    also_left: ClassVar[Mapping[str, str]] = {"secondary_status.$": "$.SecondaryStatus"}

    @property
    def machines(self) -> Sequence[Machine]:
        """What to run on, in order of preference."""
        return machines_of(self._parts.settings.training_job)

    def _longest_attempt(self, machine: Machine) -> Duration:
        job = self._parts.settings.training_job
        minutes = job.max_wait_minutes if machine.spot else job.max_runtime_minutes
        return Duration.minutes((minutes or job.max_runtime_minutes) + int(START_AND_STOP.to_minutes()))

    def _request(self, machine: Machine, *, choice: int) -> dict[str, Any]:  # noqa: ARG002 (its name is all it tells)
        parts, job = self._parts, self._parts.settings.training_job
        stopping = {"MaxRuntimeInSeconds": job.max_runtime_minutes * 60}
        if machine.spot and job.max_wait_minutes is not None:
            stopping["MaxWaitTimeInSeconds"] = job.max_wait_minutes * 60
        bucket = parts.forecasts.bucket_name
        return {
            "AlgorithmSpecification": {
                "TrainingImage": parts.image.uri,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ENTRYPOINT,
                "ContainerArguments.$": "States.Array($.plan.mode)",
            },
            "HyperParameters.$": "$.plan.hyperparameters",
            "InputDataConfig.$": "$.plan.channels",
            "OutputDataConfig": {
                "S3OutputPath": f"s3://{bucket}/{JOB_OUTPUT}",
                "KmsKeyId": parts.key.key_arn,
                "CompressionType": "NONE",
            },
            "ResourceConfig": {
                "InstanceType": machine.instance_type,
                "InstanceCount": 1,
                **volume(machine.instance_type, job.volume_gb, parts.key),
            },
            "StoppingCondition": stopping,
            "RetryStrategy": {"MaximumRetryAttempts": PLATFORM_FAULT_RETRIES},
            "EnableManagedSpotTraining": machine.spot,
            **({"VpcConfig": parts.network.request()} if parts.network else {}),
            # The job uploads its forecasts itself; and one machine has no other container to talk to.
            "EnableNetworkIsolation": False,
            "EnableInterContainerTrafficEncryption": False,
            "Environment": {
                job_start.OUTPUT_URI: f"s3://{bucket}",
                **{f"{name}.$": f"$.plan.environment.{name}" for name in OF_THE_RUN},
            },
        }
