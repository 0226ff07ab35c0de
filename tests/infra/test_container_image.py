"""The image: its model format, its source revision and its pinned base image."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from contract.model_format import IMAGE_VARIABLE, MODEL_FORMAT
from infra.jobs.container_image import BASE_DIGEST, BASE_IMAGE, ContainerImage
from job_code.runtime.versions import REVISION
from tests.infra.conftest import PREBUILT, resources
from tests.synthesis import ROOT

DOCKERFILE = (ROOT / "job_code" / "Dockerfile").read_text()


def source(folder: Path, **context: str) -> dict[str, Any]:
    """Return the image asset as the CDK CLI reads it."""
    app = cdk.App(outdir=str(folder), context=context)
    ContainerImage(cdk.Stack(app, "Stack"), "Image", prebuilt_uri=None)
    app.synth()
    (image,) = json.loads((folder / "Stack.assets.json").read_text())["dockerImages"].values()
    (destination,) = image["destinations"].values()
    return {**image["source"], "tag": destination["imageTag"]}


@pytest.fixture(scope="module")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The image asset without a revision in the context."""
    return source(tmp_path_factory.mktemp("unknown"))


def test_the_base_image_is_pinned_by_digest(unknown: dict[str, Any]) -> None:
    assert re.fullmatch("sha256:[0-9a-f]{64}", BASE_DIGEST)
    assert re.findall(r"^FROM (.*)$", DOCKERFILE, re.MULTILINE) == [BASE_IMAGE]
    assert unknown["dockerBuildContexts"] == {BASE_IMAGE: f"docker-image://{BASE_IMAGE}@{BASE_DIGEST}"}


def test_docker_builds_a_manifest_that_sagemaker_accepts(unknown: dict[str, Any]) -> None:
    """Docker that stores images with containerd makes an OCI manifest without this option, and SageMaker rejects it."""
    assert unknown["dockerOutputs"] == ["type=docker"]


def test_the_image_declares_its_model_format() -> None:
    assert re.findall(rf"\b{IMAGE_VARIABLE}=(\S*)", DOCKERFILE) == [str(MODEL_FORMAT)]


def test_a_prebuilt_image_has_no_known_model_format(template: Callable[[str, str], dict[str, Any]]) -> None:
    (plan,) = (
        function["Environment"]["Variables"]
        for name, function in resources(template("unusual", "forecast"), "AWS::Lambda::Function").items()
        if name == "PlanFunction"
    )
    assert (plan["IMAGE"], plan["MODEL_FORMAT"]) == (PREBUILT, "null")


def test_a_revision_is_a_build_argument_and_does_not_change_the_hash(unknown: dict[str, Any], tmp_path: Path) -> None:
    known = source(tmp_path / "known", revision="0be50ce")
    assert "dockerBuildArgs" not in unknown
    assert known["dockerBuildArgs"] == {REVISION: "0be50ce"}
    assert f"{REVISION}=${REVISION}" in DOCKERFILE
    assert known["tag"] == unknown["tag"]
    assert "dockerBuildArgs" not in source(tmp_path / "empty", revision="")
