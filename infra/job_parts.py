"""What the jobs of a deployment share, whatever they are for."""

from dataclasses import dataclass

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from infra.container_image import ContainerImage
from infra.job_network import JobNetwork
from infra.settings import Settings


@dataclass(frozen=True)
class JobParts:
    """What every job is made with.

    Attributes:
        settings: The environment.
        image: What they run.
        key: Encrypts what they write.
        forecasts: Bucket they write to.
        network: Theirs; None is SageMaker's own.
    """

    settings: Settings
    image: ContainerImage
    key: kms.IKey
    forecasts: s3.IBucket
    network: JobNetwork | None
