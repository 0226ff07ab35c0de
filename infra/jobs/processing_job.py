"""The fleet: `sagemaker:createProcessingJob.sync` as states, one per instance type."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from contract import job_start
from infra.jobs.container_image import ENTRYPOINT
from infra.jobs.instances import InstanceChoice
from infra.jobs.sagemaker_job import START_AND_STOP, JobParts, SagemakerJob, volume
from infra.settings.fleet import FleetSettings

INPUT = "/opt/ml/processing/input"
# SageMaker divides the chunks among the instances. Each instance gets a full copy of the other inputs.
INPUTS = {name: "ShardedByS3Key" if name == job_start.CHUNKS else "FullyReplicated" for name in job_start.FLEET_INPUTS}


class ProcessingFleet(SagemakerJob):
    """The processing job with several instances that forecasts the chunks of a handover.

    Its states read `$.plan`, `$.job`, `$.faults` and PlanFleet's answer in `$.fleet`. They write
    `{name, status, arn, description}` to `$.fleet_job`.
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
    def instance_choices(self) -> Sequence[InstanceChoice]:
        """Instance choices in order of preference; processing jobs do not support spot."""
        return [InstanceChoice(instance_type, spot=False) for instance_type in self._fleet.instance_types]

    def _longest_attempt(self, instance: InstanceChoice) -> Duration:  # noqa: ARG002 (same limit for every type)
        return Duration.minutes(self._fleet.max_runtime_minutes).plus(START_AND_STOP)

    def _request(self, instance: InstanceChoice, *, choice: int) -> dict[str, Any]:
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
                    "InstanceType": instance.instance_type,
                    # PlanFleet derives the number from the type's cores, price and quota.
                    "InstanceCount.$": f"$.fleet.instances_of_{choice}",
                    **volume(instance.instance_type, self._fleet.volume_gb, parts.key),
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": self._fleet.max_runtime_minutes * 60},
            "Environment": {
                job_start.OUTPUT_URI: f"s3://{parts.forecasts.bucket_name}",
                job_start.REGION: Stack.of(self).region,
                f"{job_start.PARTITION}.$": "$.plan.partition",
                f"{job_start.RUN_ID}.$": "$.job.name",
            },
            # The instances upload their forecasts themselves, so the containers keep their network.
            **({"NetworkConfig": {"VpcConfig": parts.network.request()}} if parts.network else {}),
        }
