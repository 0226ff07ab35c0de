"""The roles of the two kinds of job: each may read its input and write its own runs, and nothing else."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.jobs.container_image import ContainerImage
from infra.jobs.job_role import JobRole
from infra.jobs.vpc_config import JobNetwork
from infra.storage import s3_layout

TRAINING_LOG_GROUP = "/aws/sagemaker/TrainingJobs"
PROCESSING_LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
WRITES = (s3_layout.FORECASTS, s3_layout.REPORTS, s3_layout.MODELS)
# What is done with them is for the fleet to say.
HANDED_OVER = ("common/*", "pieces/*")
# The fleet writes them beside what was handed over.
NOTES = ("done/*", "failed/*")


def training_role(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    key: kms.IKey,
    demand: s3.IBucket,
    forecasts: s3.IBucket,
    image: ContainerImage,
    network: JobNetwork | None,
    hands_over: bool,
) -> iam.IRole:
    """Make the role of the training jobs: it reads demand and earlier models, and writes a run and its model.

    Args:
        scope: The parent.
        construct_id: The id in it.
        name: Of the deployment.
        key: Encrypts everything.
        demand: What it reads.
        forecasts: Where it writes.
        image: What it runs.
        network: Where its machine is.
        hands_over: Whether a fleet may go on with its work.
    """
    writes = [s3_layout.of_runs(prefix, name) for prefix in WRITES]
    if hands_over:
        writes += [s3_layout.of_runs(s3_layout.HANDOVER, name, file) for file in HANDED_OVER]
    return JobRole(
        scope,
        construct_id,
        name=name,
        purpose=f"Training jobs of {name}",
        log_group=TRAINING_LOG_GROUP,
        key=key,
        reads={
            "Demand": (demand, [f"{prefix}*" for prefix in s3_layout.INPUTS]),
            # For the report to compare with, and to forecast with again.
            "EarlierRuns": (forecasts, [s3_layout.MANIFESTS, s3_layout.MODEL_FILES]),
        },
        writes=(forecasts, [*writes, f"{s3_layout.JOB_OUTPUT}*"]),
        image=image,
        network=network,
    ).role


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
    """Make the role of the fleet: it reads what was handed over, and writes forecasts and markers.

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
        log_group=PROCESSING_LOG_GROUP,
        key=key,
        reads={"WhatWasHandedOver": (forecasts, [handed_over, s3_layout.MODEL_FILES])},
        writes=(forecasts, [*files, *notes]),
        image=image,
        network=network,
    ).role
