"""The one image every job runs: built from `job_code/` and `contract/`, or one that is in ECR already."""

from pathlib import Path

from aws_cdk import Arn, ArnComponents, IgnoreMode, Stack
from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

ROOT = Path(__file__).parents[2]
DOCKERFILE = "job_code/Dockerfile"
# What the Dockerfile begins with, and what this tag stood for on 2026-09-19. Raise both together. The digest is that of
# the index of all platforms, in docker-library/repo-info on GitHub: repos/python/remote/3.11-slim-bookworm.md.
BASE_IMAGE = "python:3.11.16-slim-bookworm"
BASE_DIGEST = "sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b"
# Context of a synthesis: the revision of the source, e.g. git's commit.
REVISION = "revision"
# As the Dockerfile has it; said again wherever arguments are given, so that none is taken for the other.
ENTRYPOINT = ["python", "-m", "job_code"]


class ContainerImage(Construct):
    """An image in this region's ECR.

    Attributes:
        uri: What SageMaker pulls.
        repository_arn: What the job's role must be allowed to pull from.
    """

    def __init__(self, scope: Construct, construct_id: str, *, prebuilt_uri: str | None) -> None:
        super().__init__(scope, construct_id)
        if prebuilt_uri is None:
            revision = self.node.try_get_context(REVISION)
            asset = ecr_assets.DockerImageAsset(
                self,
                "Asset",
                # `.dockerignore` leaves the two packages of it, so that nothing else changes the image's hash.
                directory=str(ROOT),
                file=DOCKERFILE,
                # It is not in the image, but the build needs it.
                exclude=[f"!{DOCKERFILE}"],
                # SageMaker's machines are x86, whatever the deploying one is.
                platform=ecr_assets.Platform.LINUX_AMD64,
                build_contexts={BASE_IMAGE: f"docker-image://{BASE_IMAGE}@{BASE_DIGEST}"},
                # A commit that changes nothing in the image does not change its hash: the image keeps the revision that
                # it was built from.
                build_args={"SOURCE_REVISION": str(revision)} if revision else None,
                invalidation=ecr_assets.DockerImageAssetInvalidationOptions(build_args=False),
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
