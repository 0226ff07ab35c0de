"""The container image of every job: built from `job_code/` and `contract/`, or a prebuilt one in ECR."""

from pathlib import Path

from aws_cdk import Arn, ArnComponents, IgnoreMode, Stack
from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

ROOT = Path(__file__).parents[2]
DOCKERFILE = "job_code/Dockerfile"
# The base image in the Dockerfile, and the digest of its tag on 2026-09-19. Update both together. The digest is that of
# the index of all platforms, in docker-library/repo-info on GitHub: repos/python/remote/3.11-slim-bookworm.md.
BASE_IMAGE = "python:3.11.16-slim-bookworm"
BASE_DIGEST = "sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b"
# CDK context key with the revision of the source, for example the git commit.
REVISION = "revision"
# The entrypoint of the Dockerfile. Requests with arguments repeat it, so that SageMaker does not mix up the two.
ENTRYPOINT = ["python", "-m", "job_code"]


class ContainerImage(Construct):
    """An image in this region's ECR.

    Attributes:
        uri: URI that SageMaker pulls.
        repository_arn: ARN of the repository, which the job's role must be allowed to pull from.
    """

    def __init__(self, scope: Construct, construct_id: str, *, prebuilt_uri: str | None) -> None:
        super().__init__(scope, construct_id)
        if prebuilt_uri is None:
            revision = self.node.try_get_context(REVISION)
            asset = ecr_assets.DockerImageAsset(
                self,
                "Asset",
                # `.dockerignore` keeps only the two packages, so that no other file changes the image's hash.
                directory=str(ROOT),
                file=DOCKERFILE,
                # The Dockerfile is not in the image, but the build needs it.
                exclude=[f"!{DOCKERFILE}"],
                # The configured SageMaker instances are x86, even if the deploying host is not.
                platform=ecr_assets.Platform.LINUX_AMD64,
                # Docker that stores images with containerd would push an OCI manifest, which SageMaker rejects.
                outputs=["type=docker"],
                build_contexts={BASE_IMAGE: f"docker-image://{BASE_IMAGE}@{BASE_DIGEST}"},
                # The revision is not part of the hash. A commit that changes no file of the image does not rebuild it.
                # The image keeps the revision that it was built from.
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
