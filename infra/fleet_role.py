"""What the fleet's machines may do beside what every job may: read what was handed over, write forecasts and notes."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import s3_layout
from infra.container_image import ContainerImage
from infra.job_network import JobNetwork
from infra.job_role import JobRole

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
NOTES = ("done/*", "failed/*")


def fleet_role(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    key: kms.IKey,
    forecasts: s3.IBucket,
    image: ContainerImage,
    network: JobNetwork | None,
) -> iam.IRole:
    """Makes the role.

    Args:
        scope: The parent.
        construct_id: The id in it.
        name: Of the deployment.
        key: Encrypts everything.
        forecasts: What it reads and where it writes; demand it never sees but as it was handed over.
        image: What it runs.
        network: Where its machines are.
    """
    files = [s3_layout.of_runs(prefix, name) for prefix in (s3_layout.FORECASTS, s3_layout.REPORTS)]
    notes = [s3_layout.of_runs(s3_layout.HANDOVER, name, file) for file in NOTES]
    handed_over = s3_layout.of_runs(s3_layout.HANDOVER, name)
    return JobRole(
        scope,
        construct_id,
        name=name,
        purpose=f"Processing jobs of {name}",
        log_group=LOG_GROUP,
        key=key,
        reads={"WhatWasHandedOver": (forecasts, [handed_over, s3_layout.MODEL_FILES])},
        writes=(forecasts, [*files, *notes]),
        image=image,
        network=network,
    ).role
