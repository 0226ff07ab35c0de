"""`sagemaker:createTrainingJob.sync` as states, one a machine."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra import s3_layout
from infra.container_image import ENTRYPOINT, ContainerImage
from infra.job_network import JobNetwork
from infra.machines import Machine, machines_of
from infra.sagemaker_job import (
    MOST_FAULTS,
    QUOTA_PATIENCE,
    START_AND_STOP,
    job_arns,
    job_name,
    job_state,
    job_statements,
    volume,
)
from infra.settings import Settings

# Attempts SageMaker makes by itself after a fault of its own; all of them count towards the job's runtime.
PLATFORM_FAULT_RETRIES = 2
# What differs from run to run, of the job's environment variables.
OF_THE_RUN = ("PARTITION", "MODEL_SHA256", "FLEET_OBJECTS")


class TrainingJob(Construct):
    """Makes the states that create one training job and wait for it, one state a machine.

    Each state reads `$.plan` and `$.faults`, and leaves `{name, status, secondary_status, arn, described}` in `$.job`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        image: ContainerImage,
        role: iam.IRole,
        key: kms.IKey,
        forecasts: s3.IBucket,
        network: JobNetwork | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._image = image
        self._role = role
        self._key = key
        self._forecasts = forecasts
        self._network = network

    @property
    def arns(self) -> str:
        """This deployment's jobs."""
        return job_arns(self, "Training", self._settings.name)

    @property
    def machines(self) -> Sequence[Machine]:
        """What to run on, in order of preference."""
        return machines_of(self._settings.training_job)

    @property
    def longest(self) -> Duration:
        """How long all machines together may take, should each of them be tried as often as it may be."""
        minutes = sum(self._longest(machine).to_minutes() for machine in self.machines)
        return Duration.minutes(int(minutes) * (1 + MOST_FAULTS)).plus(QUOTA_PATIENCE)

    def _longest(self, machine: Machine) -> Duration:
        """How long one attempt may take until the state gives up on it; SageMaker stops the job before."""
        job = self._settings.training_job
        minutes = job.max_wait_minutes if machine.spot else job.max_runtime_minutes
        return Duration.minutes((minutes or job.max_runtime_minutes) + int(START_AND_STOP.to_minutes()))

    def state(self, machine: Machine, *, choice: int) -> sfn.CustomState:
        """The state for one machine.

        Args:
            machine: What to run on.
            choice: Its place among the preferred ones, from 0; it keeps the names of the jobs apart.
        """
        return job_state(
            self,
            f"TrainAndInfer ({machine.words})",
            "Training",
            request=self._request(machine, choice=choice),
            result_path="$.job",
            timeout=self._longest(machine),
            last=choice == len(self.machines) - 1,
            result={"secondary_status.$": "$.SecondaryStatus"},
        )

    def statements(self) -> list[iam.PolicyStatement]:
        """What the state machine's role needs for these states."""
        return job_statements(self, "Training", arns=self.arns, role=self._role)

    def _request(self, machine: Machine, *, choice: int) -> dict[str, Any]:
        settings, instance_type = self._settings, machine.instance_type
        job = settings.training_job
        stopping = {"MaxRuntimeInSeconds": job.max_runtime_minutes * 60}
        if machine.spot and job.max_wait_minutes is not None:
            stopping["MaxWaitTimeInSeconds"] = job.max_wait_minutes * 60
        bucket = self._forecasts.bucket_name
        return {
            "TrainingJobName.$": job_name(choice),
            "RoleArn": self._role.role_arn,
            "AlgorithmSpecification": {
                "TrainingImage": self._image.uri,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": ENTRYPOINT,
                "ContainerArguments.$": "States.Array($.plan.mode)",
            },
            "HyperParameters.$": "$.plan.hyperparameters",
            "InputDataConfig.$": "$.plan.channels",
            "OutputDataConfig": {
                "S3OutputPath": f"s3://{bucket}/{s3_layout.JOB_OUTPUT}",
                "KmsKeyId": self._key.key_arn,
                "CompressionType": "NONE",
            },
            "ResourceConfig": {
                "InstanceType": instance_type,
                "InstanceCount": 1,
                **volume(instance_type, job.volume_gb, self._key),
            },
            "StoppingCondition": stopping,
            "RetryStrategy": {"MaximumRetryAttempts": PLATFORM_FAULT_RETRIES},
            "EnableManagedSpotTraining": machine.spot,
            **({"VpcConfig": self._network.request()} if self._network else {}),
            # The job uploads its forecasts itself; and one machine has no other container to talk to.
            "EnableNetworkIsolation": False,
            "EnableInterContainerTrafficEncryption": False,
            "Environment": {
                "OUTPUT_URI": f"s3://{bucket}",
                **{f"{name}.$": f"$.plan.environment.{name}" for name in OF_THE_RUN},
            },
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())],
        }
