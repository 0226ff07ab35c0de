"""ECR: keeps uploaded blobs and serves them again, which moto does not."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.core.responses import ActionResult
from moto.ecr.models import ECRBackend
from moto.ecr.responses import ECRResponse

from local_cloud.core.patching import patch_attribute
from local_cloud.core.server_settings import ServerSettings

PATH = "/_layers/"


def install(settings: ServerSettings) -> None:
    """Make ECR keep uploaded blobs and return their download URLs."""

    def keeping_blobs(original: Callable[..., Any]) -> Callable[..., Any]:
        def complete_layer_upload(
            self: ECRBackend,
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

    def returning_url(_original: Callable[..., Any]) -> Callable[..., Any]:
        def get_download_url_for_layer(self: ECRResponse) -> ActionResult:
            digest = self._get_param("layerDigest")
            url = f"{settings.endpoint_url}{PATH}{digest.partition(':')[2]}"
            return ActionResult({"layerDigest": digest, "downloadUrl": url})

        return get_download_url_for_layer

    patch_attribute(ECRBackend, "complete_layer_upload", keeping_blobs)
    patch_attribute(ECRResponse, "get_download_url_for_layer", returning_url)


def with_layers(application: WSGIApplication, folder: Path) -> WSGIApplication:
    """Wrap the application so that it serves uploaded blobs to every caller, without a signature."""

    def serve(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
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
