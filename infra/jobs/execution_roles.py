"""The roles of the two kinds of job. Each may only read its input and write this deployment's runs."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contract.s3.handover_keys import handovers_of
from contract.s3.keys import ANY, EVERY_RUN, INPUTS, JOB_OUTPUT, runs_of
from infra.jobs.base_role import BucketObjects, JobRole
from infra.jobs.sagemaker_job import JobParts


def training_role(scope: Construct, construct_id: str, *, parts: JobParts, demand: s3.IBucket) -> iam.IRole:
    """Create the role of the training jobs, which reads demand and earlier models, and writes a run and its model.

    Args:
        scope: The parent.
        construct_id: The id in it.
        parts: Shared parts of the jobs.
        demand: Bucket with the demand.
    """
    runs, handovers = runs_of(parts.settings.name), handovers_of(parts.settings.name)
    writes = [runs.forecasts, runs.reports, runs.models]
    if parts.settings.fleet is not None:
        # The fleet writes its markers below the other prefixes of the handover.
        writes += [handovers.shared, handovers.chunks]
    return JobRole(
        scope,
        construct_id,
        parts=parts,
        kind="Training",
        reads={
            "Demand": BucketObjects(bucket=demand, keys=[prefix + ANY for prefix in INPUTS]),
            # The report compares with earlier runs, and mode infer forecasts with an earlier model.
            "EarlierRuns": BucketObjects(bucket=parts.forecasts, keys=[EVERY_RUN.manifest, EVERY_RUN.models + ANY]),
        },
        writes=BucketObjects(bucket=parts.forecasts, keys=[prefix + ANY for prefix in (*writes, JOB_OUTPUT)]),
    ).role


def fleet_role(scope: Construct, construct_id: str, *, parts: JobParts) -> iam.IRole:
    """Create the role of the fleet, which reads the handover and writes forecasts and markers.

    The role cannot read the demand bucket, because the handover contains the demand that the fleet needs.

    Args:
        scope: The parent.
        construct_id: The id in it.
        parts: Shared parts of the jobs.
    """
    runs, handovers = runs_of(parts.settings.name), handovers_of(parts.settings.name)
    reads = [handovers.prefix + ANY, EVERY_RUN.models + ANY]
    markers = (handovers.completed, handovers.failures, handovers.instances)
    writes = [prefix + ANY for prefix in (runs.forecasts, runs.reports, *markers)]
    return JobRole(
        scope,
        construct_id,
        parts=parts,
        kind="Processing",
        reads={"Handover": BucketObjects(bucket=parts.forecasts, keys=reads)},
        writes=BucketObjects(bucket=parts.forecasts, keys=writes),
    ).role
