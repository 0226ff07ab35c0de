"""Check that the container image exists and runs on SageMaker's instances, and find which models it reads."""

import json
import re
import urllib.request
from typing import TYPE_CHECKING, Any

from contract.model_format import IMAGE_VARIABLE

from .check_results import CheckResult, failed, ok

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef

URI = re.compile(
    r"(?P<registry>\d+)\.dkr\.ecr\.[^/]+/(?P<repository>[^:@]+)(:(?P<tag>[^@]+)|@(?P<digest>sha256:[0-9a-f]+))"
)
ARCHITECTURE = "amd64"
# The only media type that SageMaker accepts. A build for several platforms, or with attestations, makes an image list.
# Other build tools make OCI images.
TAKEN = "application/vnd.docker.distribution.manifest.v2+json"
OTHERS = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
DOWNLOAD_SECONDS = 10


class UnusableImageError(ValueError):
    """No job can run the image. The message gives the reason and the fix in one line."""


def check_image(ecr: "ECRClient", uri: str) -> list[CheckResult]:
    """Check whether SageMaker's instances can run the image.

    Args:
        ecr: An ECR client of the image's region.
        uri: The image's name, with a tag or a digest.
    """
    try:
        architecture = image_config(ecr, uri).get("architecture")
    except UnusableImageError as error:
        return [failed(f"image: {error}")]
    if architecture != ARCHITECTURE:
        return [failed(f"image: {uri} is for {architecture}, but SageMaker's instances are {ARCHITECTURE}; rebuild it")]
    return [ok(f"image: {uri} exists, for {architecture}")]


def readable_format(ecr: "ECRClient", uri: str) -> int | None:
    """Return the model format that the image reads; None if the image does not declare one.

    Args:
        ecr: An ECR client of the image's region.
        uri: The image's name, with a tag or a digest.

    Raises:
        UnusableImageError: If no job can run the image.
    """
    variables = image_config(ecr, uri).get("config", {}).get("Env") or ()
    values = {name: value for name, _, value in (variable.partition("=") for variable in variables)}
    value = values.get(IMAGE_VARIABLE, "")
    return int(value) if value.isdecimal() else None


def image_config(ecr: "ECRClient", uri: str) -> dict[str, Any]:
    """Read an image's configuration: its architecture and the environment variables of its Dockerfile.

    Args:
        ecr: An ECR client of the image's region.
        uri: The image's name, with a tag or a digest.

    Raises:
        UnusableImageError: If the image does not exist, or SageMaker does not accept it.
    """
    named = URI.fullmatch(uri)
    if named is None:
        raise UnusableImageError(f"{uri} is not the name of an image in ECR; correct image_uri")
    place = {"registryId": named["registry"], "repositoryName": named["repository"]}
    image: ImageIdentifierTypeDef = {"imageTag": named["tag"]} if named["tag"] else {"imageDigest": named["digest"]}
    try:
        answer = ecr.batch_get_image(**place, imageIds=[image], acceptedMediaTypes=[TAKEN, *OTHERS])
        images = answer["images"]
    except ecr.exceptions.RepositoryNotFoundException:
        images = []
    if not images:
        raise UnusableImageError(f"{uri} does not exist; deploy again, or correct image_uri and deploy")
    manifest: dict[str, Any] = json.loads(images[0]["imageManifest"])
    if manifest.get("mediaType") != TAKEN:
        raise UnusableImageError(
            f"{uri} has the media type {manifest.get('mediaType')}, but SageMaker accepts only {TAKEN}; build it for "
            "linux/amd64 only, with BUILDX_NO_DEFAULT_ATTESTATIONS=1, and push it in Docker's format"
        )
    layer = ecr.get_download_url_for_layer(**place, layerDigest=manifest["config"]["digest"])
    with urllib.request.urlopen(layer["downloadUrl"], timeout=DOWNLOAD_SECONDS) as response:  # nosec B310 # ECR's
        config: dict[str, Any] = json.load(response)
    return config
