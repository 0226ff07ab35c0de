"""Pushes images to ECR, as `docker push` does.

An image's files stay in the image store. A push uploads three blobs: a manifest, the configuration with the
architecture, and one layer that names the folder of the files.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from local_cloud.containers.images import ImageRecord

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

# Media types of manifest, configuration and layer.
_DOCKER = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
)
_OCI = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar+gzip",
)


def push(ecr: "ECRClient", uri: str, record: ImageRecord) -> None:
    """Push an image. An image that is already in ECR stays unchanged.

    Args:
        ecr: An ECR client.
        uri: `<registry>/<repository>:<tag>`.
        record: The image.
    """
    repository, _, tag = uri.partition("/")[2].rpartition(":")
    config = {
        "architecture": record.architecture,
        "os": "linux",
        "config": {
            "Env": [f"{name}={value}" for name, value in record.environment.items()],
            "WorkingDir": record.working_folder,
            "Entrypoint": record.entrypoint,
            "Cmd": record.command,
        },
    }
    manifest_type, config_type, layer_type = _DOCKER if record.in_docker_format else _OCI
    manifest = {
        "schemaVersion": 2,
        "mediaType": manifest_type,
        "config": {"mediaType": config_type, **_upload(ecr, repository, config)},
        "layers": [{"mediaType": layer_type, **_upload(ecr, repository, {"folder": record.root.name})}],
    }
    try:
        ecr.put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)
    except (ecr.exceptions.ImageAlreadyExistsException, ecr.exceptions.ImageTagAlreadyExistsException):
        return


def _upload(ecr: "ECRClient", repository: str, content: dict[str, Any]) -> dict[str, str | int]:
    blob = json.dumps(content, sort_keys=True).encode()
    digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
    upload = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    ecr.upload_layer_part(
        repositoryName=repository,
        uploadId=upload,
        partFirstByte=0,
        partLastByte=len(blob) - 1,
        layerPartBlob=blob,
    )
    ecr.complete_layer_upload(repositoryName=repository, uploadId=upload, layerDigests=[digest])
    return {"size": len(blob), "digest": digest}
