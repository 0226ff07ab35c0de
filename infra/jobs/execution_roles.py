"""The roles of the two kinds of job: each may read its input and write its own runs, and nothing else."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.jobs.job_role import BucketObjects, JobRole
from infra.jobs.sagemaker_job import JobParts
from infra.storage import s3_layout

WRITES = (s3_layout.FORECASTS, s3_layout.REPORTS, s3_layout.MODELS)
# The training job writes them for the fleet.
HANDED_OVER = ("common/*", "pieces/*")
# The fleet writes them beside what was handed over.
NOTES = ("done/*", "failed/*")


def training_role(scope: Construct, construct_id: str, *, parts: JobParts, demand: s3.IBucket) -> iam.IRole:
    """Make the role of the training jobs: it reads demand and earlier models, and writes a run and its model.

    Args:
        scope: The parent.
        construct_id: The id in it.
        parts: What every job is made with.
        demand: Bucket with the demand.
    """
    name = parts.settings.name
    writes = [s3_layout.of_runs(prefix, name) for prefix in WRITES]
    if parts.settings.fleet is not None:
        writes += [s3_layout.of_runs(s3_layout.HANDOVER, name, file) for file in HANDED_OVER]
    return JobRole(
        scope,
        construct_id,
        parts=parts,
        kind="Training",
        reads={
            "Demand": BucketObjects(bucket=demand, keys=[f"{prefix}*" for prefix in s3_layout.INPUTS]),
            # For the report to compare with, and to forecast with again.
            "EarlierRuns": BucketObjects(bucket=parts.forecasts, keys=[s3_layout.MANIFESTS, s3_layout.MODEL_FILES]),
        },
        writes=BucketObjects(bucket=parts.forecasts, keys=[*writes, f"{s3_layout.JOB_OUTPUT}*"]),
    ).role


def fleet_role(scope: Construct, construct_id: str, *, parts: JobParts) -> iam.IRole:
    """Make the role of the fleet: it reads what was handed over, and writes forecasts and markers.

    It cannot read the bucket with the demand: the training job hands over the demand that the fleet needs.

    Args:
        scope: The parent.
        construct_id: The id in it.
        parts: What every job is made with.
    """
    name = parts.settings.name
    files = [s3_layout.of_runs(prefix, name) for prefix in (s3_layout.FORECASTS, s3_layout.REPORTS)]
    notes = [s3_layout.of_runs(s3_layout.HANDOVER, name, file) for file in NOTES]
    handed_over = s3_layout.of_runs(s3_layout.HANDOVER, name)
    return JobRole(
        scope,
        construct_id,
        parts=parts,
        kind="Processing",
        reads={"WhatWasHandedOver": BucketObjects(bucket=parts.forecasts, keys=[handed_over, s3_layout.MODEL_FILES])},
        writes=BucketObjects(bucket=parts.forecasts, keys=[*files, *notes]),
    ).role
