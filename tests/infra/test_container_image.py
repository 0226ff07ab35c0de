"""The image: its model format, its source revision, its pinned base image, and its build by CodeBuild."""

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from contract.model_format import IMAGE_VARIABLE, MODEL_FORMAT
from infra.jobs.container_image import docker_image
from job_code.runtime.versions import REVISION
from tests.infra.conftest import CODEBUILD, PREBUILT, Templates, readable, resources
from tests.synthesis import ROOT, Assembly

DOCKERFILE = (ROOT / "job_code" / "Dockerfile").read_text()


def source(folder: Path, **context: str) -> dict[str, Any]:
    """Return the image asset as the CDK CLI reads it."""
    app = cdk.App(outdir=str(folder), context=context)
    docker_image(cdk.Stack(app, "Stack"), "Image")
    app.synth()
    (image,) = json.loads((folder / "Stack.assets.json").read_text())["dockerImages"].values()
    (destination,) = image["destinations"].values()
    return {**image["source"], "tag": destination["imageTag"]}


@pytest.fixture(scope="module")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The image asset without a revision in the context."""
    return source(tmp_path_factory.mktemp("unknown"))


def test_the_base_image_is_pinned_by_digest() -> None:
    """In the Dockerfile itself, so that Docker and CodeBuild build on the same image."""
    (base,) = re.findall(r"^FROM (.*)$", DOCKERFILE, re.MULTILINE)
    # Docker Hub limits the pulls from CodeBuild's shared addresses.
    assert re.fullmatch(r"public\.ecr\.aws/docker/library/python:3\.11\.\d+-slim-bookworm@sha256:[0-9a-f]{64}", base)


def test_the_image_installs_only_files_with_the_locked_hashes() -> None:
    """Without the option, pip would install any file of the index from a lock without hashes."""
    installations = re.findall(r"pip install (.*)$", DOCKERFILE, re.MULTILINE)
    assert len(installations) == 1
    assert all("--require-hashes" in options.split() for options in installations)


def test_dependabot_keeps_the_python_of_the_locks() -> None:
    """It names an image by its repository, without the registry."""
    (image,) = re.findall(r"^FROM [^/]+/([^:]+):", DOCKERFILE, re.MULTILINE)
    ignored = re.findall(r"- dependency-name: (.*)$", (ROOT / ".github" / "dependabot.yml").read_text(), re.MULTILINE)
    assert ignored == [image]


def test_docker_builds_a_manifest_that_sagemaker_accepts(unknown: dict[str, Any]) -> None:
    """BuildKit makes an OCI manifest without this option, and SageMaker rejects it."""
    assert unknown["dockerOutputs"] == ["type=docker,oci-mediatypes=false"]


def test_the_image_declares_its_model_format() -> None:
    assert re.findall(rf"\b{IMAGE_VARIABLE}=(\S*)", DOCKERFILE) == [str(MODEL_FORMAT)]


def test_a_prebuilt_image_has_no_known_model_format(template: Templates) -> None:
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


def test_codebuild_builds_the_same_files_in_dockers_format(
    synthesized: dict[str, Assembly], template: Templates
) -> None:
    (build,) = resources(template(CODEBUILD, "forecast"), "Custom::CDKContainerImageBuild").values()
    command = "docker buildx build --file job_code/Dockerfile --platform linux/amd64 --output"
    output = "oci-mediatypes=false,type=docker,name=artifact:$imageTag"
    assert build["buildCommand"] == f"{command} {output} --provenance=false ."
    (archive,) = re.findall(r"[0-9a-f]{64}", readable(build["sourceS3Url"]))
    docker = json.loads((synthesized["prod"].folder / "onejob-prod-forecast.assets.json").read_text())["dockerImages"]
    (image,) = (asset["source"]["directory"] for asset in docker.values())
    assert files(synthesized["prod"].folder / image) == files(synthesized[CODEBUILD].folder / f"asset.{archive}")
    assets = json.loads((synthesized[CODEBUILD].folder / "onejob-prod-forecast.assets.json").read_text())
    assert assets["dockerImages"] == {}


def files(folder: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found.pop(".dockerignore", None)
    assert "job_code/Dockerfile" in found
    assert "contract/limits.py" in found
    return found


def test_an_image_of_codebuild_is_never_overwritten(template: Templates) -> None:
    (repository,) = (
        resource
        for resource in template(CODEBUILD, "forecast")["Resources"].values()
        if resource["Type"] == "AWS::ECR::Repository"
    )
    found = readable(repository["Properties"])
    assert found["RepositoryName"] == "onejob-prod-image"
    assert (found["ImageTagMutability"], found["ImageScanningConfiguration"]) == ("IMMUTABLE", {"ScanOnPush": True})
    assert found["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": "<EncryptionKey.Arn>"}
    (rule,) = json.loads(found["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert (rule["action"], rule["selection"]["countNumber"]) == ({"type": "expire"}, 50)
    assert (repository["DeletionPolicy"], repository["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    # After a failed creation CloudFormation deletes the repository, which may already have the image of the build.
    assert found["EmptyOnDelete"] is True


def test_jobs_and_functions_use_the_image_that_codebuild_built(template: Templates) -> None:
    forecast = template(CODEBUILD, "forecast")
    functions = resources(forecast, "AWS::Lambda::Function")
    images = [
        readable(function["Environment"]["Variables"]["IMAGE"])
        for function in functions.values()
        if "IMAGE" in function.get("Environment", {}).get("Variables", {})
    ]
    assert len(images) == 2
    assert all(image.endswith("/<ImageCodeBuildRepository>:<ImageCodeBuild.ImageTag>") for image in images)
    assert functions["PlanFunction"]["Environment"]["Variables"]["MODEL_FORMAT"] == str(MODEL_FORMAT)
    (machine,) = resources(forecast, "AWS::StepFunctions::StateMachine").values()
    assert "<ImageCodeBuild.ImageTag>" in readable(machine["DefinitionString"])
    pulling = [
        name
        for name, policy in resources(forecast, "AWS::IAM::Policy").items()
        for statement in policy["PolicyDocument"]["Statement"]
        if "ecr:BatchGetImage" in statement["Action"]
        and readable(statement["Resource"]) == "<ImageCodeBuildRepository.Arn>"
    ]
    assert len(pulling) == 4  # the two jobs, Preflight, and the build


def test_the_logs_of_codebuild_are_encrypted_and_expire(template: Templates) -> None:
    """The key lets only log groups use it whose names begin with the deployment's, as CloudFormation's own names do."""
    forecast = template(CODEBUILD, "forecast")
    (project,) = resources(forecast, "AWS::CodeBuild::Project").values()
    (handler,) = (name for name in resources(forecast, "AWS::Lambda::Function") if name.startswith("DeployTimeBuild"))
    used = {
        project["LogsConfig"]["CloudWatchLogs"]["GroupName"]["Ref"],
        resources(forecast, "AWS::Lambda::Function")[handler]["LoggingConfig"]["LogGroup"]["Ref"],
    }
    assert len(used) == 2
    for name in used:
        properties = forecast["Resources"][name]["Properties"]
        assert readable(properties["KmsKeyId"]) == "<EncryptionKey.Arn>"
        assert properties["RetentionInDays"] == 365
        assert "LogGroupName" not in properties
