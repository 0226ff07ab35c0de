"""The one image every job runs: built from `job_code/`, or one that is in ECR already."""

from pathlib import Path

from aws_cdk import Arn, ArnComponents, IgnoreMode, Stack
from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

JOB_CODE = Path(__file__).parents[2] / "job_code"
# As the Dockerfile has it; said again wherever arguments are given, so that none is taken for the other.
ENTRYPOINT = ["python", "-m", "job_code"]
# What does not change the program must not change the image's hash.
NOT_IN_THE_IMAGE = ["**/__pycache__", "**/*.pyc", "**/.DS_Store", "**/.*_cache"]


class ContainerImage(Construct):
    """An image in this region's ECR.

    Attributes:
        uri: What SageMaker pulls.
        repository_arn: What the job's role must be allowed to pull from.
    """

    def __init__(self, scope: Construct, construct_id: str, *, prebuilt_uri: str | None) -> None:
        super().__init__(scope, construct_id)
        if prebuilt_uri is None:
            asset = ecr_assets.DockerImageAsset(
                self,
                "Asset",
                directory=str(JOB_CODE),
                # SageMaker's machines are x86, whatever the deploying one is.
                platform=ecr_assets.Platform.LINUX_AMD64,
                exclude=NOT_IN_THE_IMAGE,
                ignore_mode=IgnoreMode.DOCKER,
            )
            self.uri = asset.image_uri
            self.repository_arn = asset.repository.repository_arn
        else:
            registry, _, path = prebuilt_uri.partition("/")
            self.uri = prebuilt_uri
            self.repository_arn = Arn.format(
                ArnComponents(
                    service="ecr",
                    account=registry.partition(".")[0],
                    resource="repository",
                    resource_name=path.partition("@")[0].partition(":")[0],
                ),
                Stack.of(self),
            )
