"""ECR as images are pushed to it, with what moto leaves out: the download of what was uploaded.

The files of an image stay where the image store has them; what is pushed is a manifest, the configuration that says
what machine the image is for, and one layer that names the files' folder.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.core.responses import ActionResult
from moto.ecr.models import ECRBackend
from moto.ecr.responses import ECRResponse

from local_cloud.images import ImageRecord
from local_cloud.patching import replace
from local_cloud.settings import ServerSettings
from local_cloud.wsgi import Wsgi

PATH = "/_layers/"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def push(ecr: Any, uri: str, record: ImageRecord) -> None:  # noqa: ANN401 (boto3's clients are made at run time)
    """Pushes an image, as `docker push` does; one that is there already stays.

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
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {"mediaType": _CONFIG, **_upload(ecr, repository, config)},
        "layers": [{"mediaType": _LAYER, **_upload(ecr, repository, {"folder": record.root.name})}],
    }
    try:
        ecr.put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)
    except (ecr.exceptions.ImageAlreadyExistsException, ecr.exceptions.ImageTagAlreadyExistsException):
        return


def _upload(ecr: Any, repository: str, content: dict[str, Any]) -> dict[str, str | int]:  # noqa: ANN401
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


def install(settings: ServerSettings) -> None:
    """Makes ECR keep what is uploaded, and tell where it can be had."""

    def keeping(original: Callable[..., Any]) -> Callable[..., Any]:
        def complete_layer_upload(
            self: Any,  # noqa: ANN401
            repository_name: str,
            upload_id: str,
            layer_digests: list[str],
            registry_id: str | None = None,
        ) -> dict[str, Any]:
            blob = bytes(self._get_repository(repository_name, registry_id).uploads[upload_id].layer_parts)
            answer: dict[str, Any] = original(self, repository_name, upload_id, layer_digests, registry_id)
            settings.layout.layers.mkdir(parents=True, exist_ok=True)
            (settings.layout.layers / answer["layerDigest"].partition(":")[2]).write_bytes(blob)
            return answer

        return complete_layer_upload

    def telling(_original: Callable[..., Any]) -> Callable[..., Any]:
        def get_download_url_for_layer(self: Any) -> ActionResult:  # noqa: ANN401
            digest = self._get_param("layerDigest")
            url = f"{settings.endpoint_url}{PATH}{digest.partition(':')[2]}"
            return ActionResult({"layerDigest": digest, "downloadUrl": url})

        return get_download_url_for_layer

    replace(ECRBackend, "complete_layer_upload", keeping)
    replace(ECRResponse, "get_download_url_for_layer", telling)


def with_layers(application: Wsgi, folder: Path) -> Wsgi:
    """Serves what was uploaded, to whoever has its address."""

    def serve(environment: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = str(environment.get("PATH_INFO", ""))
        if not path.startswith(PATH):
            return application(environment, start_response)
        file = folder / Path(path).name
        if not file.exists():
            start_response("404 Not Found", [])
            return []
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return [file.read_bytes()]

    return serve
