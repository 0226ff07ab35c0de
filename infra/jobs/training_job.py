"""The training job: `sagemaker:createTrainingJob.sync` as states, one per instance choice."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from aws_cdk import Duration, Stack

from contract import job_start
from contract.s3.keys import JOB_OUTPUT
from infra.jobs.instances import InstanceChoice, instance_choices
from infra.jobs.sagemaker_job import START_AND_STOP, SagemakerJob, volume

# The job's environment variables that differ between runs.
OF_THE_RUN = (job_start.PARTITION, job_start.MODEL_SHA256, job_start.MIN_CHUNKS)


class TrainingJob(SagemakerJob):
    """The job that trains, and forecasts if no fleet does.

    Its states read `$.plan` and `$.faults`, and write `{name, status, secondary_status, arn, description}` to `$.job`.
    """

    kind = "Training"
    state_name = "TrainAndInfer"
    result_path = "$.job"
    extra_results: ClassVar[Mapping[str, str]] = {"secondary_status.$": "$.SecondaryStatus"}

    @property
    def instance_choices(self) -> Sequence[InstanceChoice]:
        """Instance choices in order of preference."""
        return instance_choices(self._parts.settings.training_job)

    def _longest_attempt(self, instance: InstanceChoice) -> Duration:
        job = self._parts.settings.training_job
        minutes = job.max_wait_minutes if instance.spot else job.max_runtime_minutes
        return Duration.minutes((minutes or job.max_runtime_minutes) + int(START_AND_STOP.to_minutes()))

    def _request(self, instance: InstanceChoice, *, choice: int) -> dict[str, Any]:  # noqa: ARG002 (only the job's name depends on it)
        parts, job = self._parts, self._parts.settings.training_job
        stopping = {"MaxRuntimeInSeconds": job.max_runtime_minutes * 60}
        if instance.spot and job.max_wait_minutes is not None:
            stopping["MaxWaitTimeInSeconds"] = job.max_wait_minutes * 60
        bucket = parts.forecasts.bucket_name
        return {
            "AlgorithmSpecification": {
                "TrainingImage": parts.image.uri,
                "TrainingInputMode": "File",
            },
            "HyperParameters.$": "$.plan.hyperparameters",
            "InputDataConfig.$": "$.plan.channels",
            "OutputDataConfig": {
                "S3OutputPath": f"s3://{bucket}/{JOB_OUTPUT}",
                "KmsKeyId": parts.key.key_arn,
            },
            "ResourceConfig": {
                "InstanceType": instance.instance_type,
                "InstanceCount": 1,
                **volume(instance.instance_type, job.volume_gb, parts.key),
            },
            "StoppingCondition": stopping,
            "EnableManagedSpotTraining": instance.spot,
            **({"VpcConfig": parts.network.request()} if parts.network else {}),
            # The job uploads its forecasts itself, so the container keeps its network.
            "Environment": {
                job_start.OUTPUT_URI: f"s3://{bucket}",
                job_start.REGION: Stack.of(self).region,
                f"{job_start.MODE}.$": "$.plan.mode",
                **{f"{name}.$": f"$.plan.environment.{name}" for name in OF_THE_RUN},
            },
        }
