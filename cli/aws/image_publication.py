"""Builds and pushes the image before any stack changes, and checks that SageMaker's instances can run it.

The CDK pushes nothing if the tag is in ECR, and builds nothing if Docker has the image. An image that no job can run is
therefore removed from both, so that the next deployment builds it again.
"""

import functools
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from boto3 import Session
from botocore.exceptions import ClientError

from cli.aws.account import signed_in
from cli.aws.cdk import run_cdk
from cli.aws.cloud_assembly import CloudAssembly, ImageAsset
from cli.console import OUTPUT
from cli.errors import CommandError
from contract.names import forecast_stack
from infra.settings.environment import Settings
from lambdas.preflight.check_results import run_check
from lambdas.preflight.image import check_image

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

# The variable with which the CDK CLI calls another program than docker.
DOCKER_VARIABLE = "CDK_DOCKER"
ADVICE = (
    "turn off Docker's image store in containerd (Docker Desktop: Settings, General; Docker Engine: "
    '{"features": {"containerd-snapshotter": false}} in daemon.json), or set deployment.image_builder to codebuild'
)


def docker_program() -> str:
    """Return the program that the CDK CLI calls to build and push."""
    return os.environ.get(DOCKER_VARIABLE, "docker")


def publish_image(settings: Settings, session: Session) -> None:
    """Build and push the image that a deployment would build, and check it in ECR.

    Args:
        settings: Settings of the environment.
        session: Session in the environment's region, with the user's own credentials.

    Raises:
        CommandError: The build failed, or no job can run the image.
    """
    caller, region = signed_in(session, settings), settings.deployment.region
    with tempfile.TemporaryDirectory() as folder:
        # The CDK's command may still change its options; package.json pins its version.
        options = ["--exclusively", "--unstable", "publish-assets", "--output", folder]
        run_cdk("publish-assets", settings.environment, [forecast_stack(settings.name), *options])
        assembly = CloudAssembly.read(Path(folder), caller=caller, region=region)
    ecr = session.client("ecr")
    for image in assembly.images:
        uri = f"{caller.account}.dkr.ecr.{region}.amazonaws.com/{image.repository}:{image.tag}"
        (found,) = run_check("image", functools.partial(check_image, ecr, uri))
        if found.verdict == "failed":
            raise CommandError(
                f"{found.line}\nNo stack was changed. {remove_image(ecr, image)} Then {ADVICE}, and deploy again."
            )
        OUTPUT.print(found.line)


def remove_image(ecr: "ECRClient", image: ImageAsset) -> str:
    """Remove an image from ECR and from Docker.

    Args:
        ecr: An ECR client.
        image: The image.

    Returns:
        A sentence that says what was removed, or how to remove it.
    """
    local = f"cdkasset-{image.asset.lower()}"
    subprocess.run(  # nosec B603 # the user's own Docker
        [docker_program(), "image", "rm", "--force", local], capture_output=True, check=False
    )
    try:
        ecr.batch_delete_image(repositoryName=image.repository, imageIds=[{"imageTag": image.tag}])
    except ClientError as error:
        return (
            f"onejob could not remove the image ({error}). Run: aws ecr batch-delete-image "
            f"--repository-name {image.repository} --image-ids imageTag={image.tag}"
        )
    return f"onejob removed the image from {image.repository} and from Docker."
