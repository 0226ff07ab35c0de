"""`sagemaker:createProcessingJob.sync` as states, one a type of machine: many machines that forecast together."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from contract import job_start
from infra.jobs.container_image import ENTRYPOINT
from infra.jobs.instances import Machine
from infra.jobs.sagemaker_job import START_AND_STOP, JobParts, SagemakerJob, volume
from infra.settings.fleet import FleetSettings

INPUT = "/opt/ml/processing/input"
# The machines divide the objects of the chunks among them, and each gets all of the others.
INPUTS = {name: "ShardedByS3Key" if name == job_start.CHUNKS else "FullyReplicated" for name in job_start.FLEET_INPUTS}


class ProcessingFleet(SagemakerJob):
    """The job of several machines that forecasts what a training job has handed over.

    Its states read `$.plan`, `$.faults` and `$.fleet`, which the function PlanFleet has made, and leave
    `{name, status, arn, described}` in `$.fleet_job`.
    """

    kind = "Processing"
    state_name = "Fleet"
    result_path = "$.fleet_job"

    def __init__(
        self, scope: Construct, construct_id: str, *, fleet: FleetSettings, parts: JobParts, role: iam.IRole
    ) -> None:
        super().__init__(scope, construct_id, parts=parts, role=role)
        self._fleet = fleet

    @property
    def machines(self) -> Sequence[Machine]:
        """What to run on, in order of preference; a processing job has no spare capacity."""
        return [Machine(instance_type, spot=False) for instance_type in self._fleet.instance_types]

    def _longest_attempt(self, machine: Machine) -> Duration:  # noqa: ARG002 (each may take as long)
        return Duration.minutes(self._fleet.max_runtime_minutes).plus(START_AND_STOP)

    def _request(self, machine: Machine, *, choice: int) -> dict[str, Any]:
        parts = self._parts
        return {
            "AppSpecification": {
                "ImageUri": parts.image.uri,
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
                    "InstanceType": machine.instance_type,
                    # By its cores, its price and its quota.
                    "InstanceCount.$": f"$.fleet.instances_of_{choice}",
                    **volume(machine.instance_type, self._fleet.volume_gb, parts.key),
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": self._fleet.max_runtime_minutes * 60},
            "Environment": {
                job_start.OUTPUT_URI: f"s3://{parts.forecasts.bucket_name}",
                f"{job_start.PARTITION}.$": "$.plan.partition",
                f"{job_start.RUN_ID}.$": "$.job.name",
            },
            # The machines upload what they make by themselves, and have nothing to say to one another.
            "NetworkConfig": {
                "EnableNetworkIsolation": False,
                "EnableInterContainerTrafficEncryption": False,
                **({"VpcConfig": parts.network.request()} if parts.network else {}),
            },
        }
