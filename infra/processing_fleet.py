"""`sagemaker:createProcessingJob.sync` as states, one a type of machine: many machines that forecast together."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.container_image import ENTRYPOINT, ContainerImage
from infra.fleet_settings import FleetSettings
from infra.job_network import JobNetwork
from infra.machines import Machine
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

INPUT = "/opt/ml/processing/input"
# By name: the machines divide the objects of `pieces` among them, and each gets all of the others.
INPUTS = {"pieces": "ShardedByS3Key", "common": "FullyReplicated", "model": "FullyReplicated"}


class ProcessingFleet(Construct):
    """Makes the states that create one processing job and wait for it, one state a type of machine.

    Each state reads `$.plan`, `$.faults` and `$.fleet`, which the function PlanFleet has made, and leaves
    `{name, status, arn, described}` in `$.fleet_job`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        fleet: FleetSettings,
        image: ContainerImage,
        role: iam.IRole,
        key: kms.IKey,
        forecasts: s3.IBucket,
        network: JobNetwork | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._fleet = settings, fleet
        self._image = image
        self._role = role
        self._key = key
        self._forecasts = forecasts
        self._network = network

    @property
    def arns(self) -> str:
        """This deployment's jobs."""
        return job_arns(self, "Processing", self._settings.name)

    @property
    def machines(self) -> Sequence[Machine]:
        """What to run on, in order of preference; a processing job has no spare capacity."""
        return [Machine(instance_type, spot=False) for instance_type in self._fleet.instance_types]

    @property
    def longest(self) -> Duration:
        """How long all types together may take, should each of them be tried as often as it may be."""
        minutes = int(self._longest.to_minutes()) * len(self.machines)
        return Duration.minutes(minutes * (1 + MOST_FAULTS)).plus(QUOTA_PATIENCE)

    @property
    def _longest(self) -> Duration:
        return Duration.minutes(self._fleet.max_runtime_minutes).plus(START_AND_STOP)

    def state(self, machine: Machine, *, choice: int) -> sfn.CustomState:
        """The state for one type of machine.

        Args:
            machine: What to run on.
            choice: Its place among the preferred ones, from 0; it keeps the names of the jobs apart.
        """
        return job_state(
            self,
            f"Fleet ({machine.words})",
            "Processing",
            request=self._request(machine, choice=choice),
            result_path="$.fleet_job",
            timeout=self._longest,
            last=choice == len(self.machines) - 1,
            result={},
        )

    def statements(self) -> list[iam.PolicyStatement]:
        """What the state machine's role needs for these states."""
        return job_statements(self, "Processing", arns=self.arns, role=self._role)

    def _request(self, machine: Machine, *, choice: int) -> dict[str, Any]:
        instance_type = machine.instance_type
        return {
            "ProcessingJobName.$": job_name(choice),
            "RoleArn": self._role.role_arn,
            "AppSpecification": {
                "ImageUri": self._image.uri,
                "ContainerEntrypoint": ENTRYPOINT,
                "ContainerArguments": ["fleet"],
            },
            "ProcessingInputs": [
                {
                    "InputName": name,
                    "S3Input": {
                        "S3Uri.$": f"$.fleet.{name}",
                        "LocalPath": f"{INPUT}/{name}",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                        "S3DataDistributionType": distribution,
                    },
                }
                for name, distribution in INPUTS.items()
            ],
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType": instance_type,
                    # By its cores, its price and its quota.
                    "InstanceCount.$": f"$.fleet.instances_of_{choice}",
                    **volume(instance_type, self._fleet.volume_gb, self._key),
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": self._fleet.max_runtime_minutes * 60},
            "Environment": {
                "OUTPUT_URI": f"s3://{self._forecasts.bucket_name}",
                "PARTITION.$": "$.plan.partition",
                "RUN_ID.$": "$.job.name",
            },
            # The machines upload what they make by themselves, and have nothing to say to one another.
            "NetworkConfig": {
                "EnableNetworkIsolation": False,
                "EnableInterContainerTrafficEncryption": False,
                **({"VpcConfig": self._network.request()} if self._network else {}),
            },
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(self._settings.tags.items())],
        }
