"""What the training job may do beside what every job may: read demand and earlier models, write a run and its model."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import s3_layout
from infra.container_image import ContainerImage
from infra.job_network import JobNetwork
from infra.job_role import JobRole

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
WRITES = (s3_layout.FORECASTS, s3_layout.REPORTS, s3_layout.MODELS)
# What is done with them is for the fleet to say.
HANDED_OVER = ("common/*", "pieces/*")


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
    """Makes the role.

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
        log_group=LOG_GROUP,
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
