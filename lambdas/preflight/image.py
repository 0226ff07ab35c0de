"""Whether the container image is there, one that SageMaker's machines can run, and which models it reads."""

import json
import re
import urllib.request
from typing import TYPE_CHECKING, Any

from contract.model_format import IMAGE_VARIABLE

from .findings import Finding, fine, wrong

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef

URI = re.compile(
    r"(?P<registry>\d+)\.dkr\.ecr\.[^/]+/(?P<repository>[^:@]+)(:(?P<tag>[^@]+)|@(?P<digest>sha256:[0-9a-f]+))"
)
ARCHITECTURE = "amd64"
# What SageMaker takes. A build for several platforms, or with attestations, makes a list of images; others make OCI's.
TAKEN = "application/vnd.docker.distribution.manifest.v2+json"
OTHERS = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
DOWNLOAD_SECONDS = 10


class UnusableImageError(ValueError):
    """No job can run the image; one line that says why and what to do."""


def check_image(ecr: "ECRClient", uri: str) -> list[Finding]:
    """Look whether SageMaker's machines can run the image.

    Args:
        ecr: An ECR client of the image's region.
        uri: The image's name, with a tag or a digest.
    """
    try:
        architecture = image_config(ecr, uri).get("architecture")
    except UnusableImageError as error:
        return [wrong(f"image: {error}")]
    if architecture != ARCHITECTURE:
        return [
            wrong(f"image: {uri} is for {architecture}, SageMaker's machines are {ARCHITECTURE}; build it for them")
        ]
    return [fine(f"image: {uri} is there, for {architecture}")]


def readable_format(ecr: "ECRClient", uri: str) -> int | None:
    """Tell which format of models the image's program reads; None where the image does not say.

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
    """Read an image's configuration: what machine it is for, and what its Dockerfile sets.

    Args:
        ecr: An ECR client of the image's region.
        uri: The image's name, with a tag or a digest.

    Raises:
        UnusableImageError: If the image is not there, or none that SageMaker takes.
    """
    named = URI.fullmatch(uri)
    if named is None:
        raise UnusableImageError(f"{uri} is no image in ECR; mend image_uri")
    place = {"registryId": named["registry"], "repositoryName": named["repository"]}
    image: ImageIdentifierTypeDef = {"imageTag": named["tag"]} if named["tag"] else {"imageDigest": named["digest"]}
    try:
        answer = ecr.batch_get_image(**place, imageIds=[image], acceptedMediaTypes=[TAKEN, *OTHERS])
        images = answer["images"]
    except ecr.exceptions.RepositoryNotFoundException:
        images = []
    if not images:
        raise UnusableImageError(f"{uri} is not there; deploy again, or mend image_uri and deploy")
    manifest: dict[str, Any] = json.loads(images[0]["imageManifest"])
    if manifest.get("mediaType") != TAKEN:
        raise UnusableImageError(
            f"{uri} is a {manifest.get('mediaType')}, and SageMaker takes one {TAKEN}; build it for "
            "linux/amd64 alone, with BUILDX_NO_DEFAULT_ATTESTATIONS=1, and push it as Docker's"
        )
    layer = ecr.get_download_url_for_layer(**place, layerDigest=manifest["config"]["digest"])
    with urllib.request.urlopen(layer["downloadUrl"], timeout=DOWNLOAD_SECONDS) as response:  # noqa: S310 (ECR's own)
        config: dict[str, Any] = json.load(response)
    return config
