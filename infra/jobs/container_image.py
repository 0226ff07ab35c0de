"""The container image of every job: built from `job_code/` and `contract/`, or a prebuilt one in ECR."""

from pathlib import Path

from aws_cdk import Arn, ArnComponents, IgnoreMode, Stack
from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

from infra.common.stack_context import StackContext
from infra.jobs.codebuild_image import CodeBuildImage

ROOT = Path(__file__).parents[2]
DOCKERFILE = "job_code/Dockerfile"
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

    def __init__(self, scope: Construct, construct_id: str, *, context: StackContext) -> None:
        super().__init__(scope, construct_id)
        deployment = context.settings.deployment
        if deployment.image_uri is not None:
            self.uri = deployment.image_uri
            self.repository_arn = _prebuilt_repository(self, deployment.image_uri)
        elif deployment.image_builder == "codebuild":
            built = CodeBuildImage(self, "CodeBuild", context=context, folder=ROOT, dockerfile=DOCKERFILE)
            self.uri, self.repository_arn = built.uri, built.repository.repository_arn
        else:
            asset = docker_image(self, "Asset")
            self.uri, self.repository_arn = asset.image_uri, asset.repository.repository_arn


def docker_image(scope: Construct, construct_id: str) -> ecr_assets.DockerImageAsset:
    """Return the image that Docker builds on the deploying computer.

    Args:
        scope: The parent.
        construct_id: The id in it.
    """
    revision = scope.node.try_get_context(REVISION)
    return ecr_assets.DockerImageAsset(
        scope,
        construct_id,
        # `.dockerignore` keeps only the two packages, so that no other file changes the image's hash.
        directory=str(ROOT),
        file=DOCKERFILE,
        # The Dockerfile is not in the image, but the build needs it.
        exclude=[f"!{DOCKERFILE}"],
        # The configured SageMaker instances are x86, even if the deploying host is not.
        platform=ecr_assets.Platform.LINUX_AMD64,
        # SageMaker rejects OCI's media types. Since 0.31, BuildKit writes them by default, for every type of output.
        outputs=["type=docker,oci-mediatypes=false"],
        # The revision is not part of the hash. A commit that changes no file of the image does not rebuild it.
        # The image keeps the revision that it was built from.
        build_args={"SOURCE_REVISION": str(revision)} if revision else None,
        invalidation=ecr_assets.DockerImageAssetInvalidationOptions(build_args=False),
        ignore_mode=IgnoreMode.DOCKER,
    )


def _prebuilt_repository(scope: Construct, uri: str) -> str:
    """Return the ARN of the repository of a prebuilt image."""
    registry, _, path = uri.partition("/")
    return Arn.format(
        ArnComponents(
            service="ecr",
            account=registry.partition(".")[0],
            resource="repository",
            resource_name=path.partition("@")[0].partition(":")[0],
        ),
        Stack.of(scope),
    )
