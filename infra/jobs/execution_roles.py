"""The roles of the two kinds of job: each may read its input and write its own runs, and nothing else."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contract.s3.handover_keys import handovers_of
from contract.s3.keys import ANY, EVERY_RUN, INPUTS, JOB_OUTPUT, runs_of
from infra.jobs.base_role import BucketObjects, JobRole
from infra.jobs.sagemaker_job import JobParts


def training_role(scope: Construct, construct_id: str, *, parts: JobParts, demand: s3.IBucket) -> iam.IRole:
    """Make the role of the training jobs: it reads demand and earlier models, and writes a run and its model.

    Args:
        scope: The parent.
        construct_id: The id in it.
        parts: What every job is made with.
        demand: Bucket with the demand.
    """
    runs, handovers = runs_of(parts.settings.name), handovers_of(parts.settings.name)
    writes = [runs.forecasts, runs.reports, runs.models]
    if parts.settings.fleet is not None:
        # The fleet writes its notes beside them.
        writes += [handovers.shared, handovers.chunks]
    return JobRole(
        scope,
        construct_id,
        parts=parts,
        kind="Training",
        reads={
            "Demand": BucketObjects(bucket=demand, keys=[prefix + ANY for prefix in INPUTS]),
            # For the report to compare with, and to forecast with again.
            "EarlierRuns": BucketObjects(bucket=parts.forecasts, keys=[EVERY_RUN.manifest, EVERY_RUN.models + ANY]),
        },
        writes=BucketObjects(bucket=parts.forecasts, keys=[prefix + ANY for prefix in (*writes, JOB_OUTPUT)]),
    ).role


def fleet_role(scope: Construct, construct_id: str, *, parts: JobParts) -> iam.IRole:
    """Make the role of the fleet: it reads what was handed over, and writes forecasts and markers.

    It cannot read the bucket with the demand: the training job hands over the demand that the fleet needs.

    Args:
        scope: The parent.
        construct_id: The id in it.
        parts: What every job is made with.
    """
    runs, handovers = runs_of(parts.settings.name), handovers_of(parts.settings.name)
    reads = [handovers.prefix + ANY, EVERY_RUN.models + ANY]
    notes = (handovers.completed, handovers.failures, handovers.instances)
    writes = [prefix + ANY for prefix in (runs.forecasts, runs.reports, *notes)]
    return JobRole(
        scope,
        construct_id,
        parts=parts,
        kind="Processing",
        reads={"WhatWasHandedOver": BucketObjects(bucket=parts.forecasts, keys=reads)},
        writes=BucketObjects(bucket=parts.forecasts, keys=writes),
    ).role
