"""A deployment stops before any stack changes if SageMaker would refuse the image. CodeBuild needs no Docker."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdas.preflight.image import OTHERS
from local_cloud import LocalCloud
from tests.synthesis import ROOT, synthesize_together
from tests.workflow.conftest import deploy

# Calls the local cloud's docker without the option for Docker's format, as a Docker that ignores the option would do.
WITHOUT_FORMAT = """#!{python}
import os, sys
kept = [word for word in sys.argv[1:] if "oci-mediatypes" not in word and word != "--output"]
os.execv({docker!r}, [{docker!r}, *kept])
"""


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as started:
        started.cdk(
            *("bootstrap", f"aws://{started.account}/{started.region}"),
            cwd=ROOT,
            cdk_program=ROOT / "node_modules/.bin/cdk",
            capture=True,
        )
        yield started


def onejob_deploy(cloud: LocalCloud, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `onejob deploy` with the option that the local cloud needs."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "deploy", "--", "--method", "direct", "--require-approval", "never"],
        cwd=ROOT,
        env={**cloud.child_environment(), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def stacks(cloud: LocalCloud) -> list[str]:
    return sorted(stack["StackName"] for stack in cloud.client("cloudformation").describe_stacks()["Stacks"])


def test_a_refused_manifest_changes_no_stack_and_is_pushed_again(cloud: LocalCloud, tmp_path: Path) -> None:
    program = tmp_path / "docker"
    program.write_text(WITHOUT_FORMAT.format(python=sys.executable, docker=cloud.child_environment()["CDK_DOCKER"]))
    program.chmod(0o755)
    repository = f"cdk-hnb659fds-container-assets-{cloud.account}-{cloud.region}"
    refused = onejob_deploy(cloud, CDK_DOCKER=str(program))
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert f"has the media type {OTHERS[1]}, but SageMaker accepts only" in refused.stderr
    assert f"No stack was changed. onejob removed the image from {repository} and from Docker." in refused.stderr
    assert "turn off Docker's image store in containerd" in refused.stderr
    assert stacks(cloud) == ["CDKToolkit"]
    assert cloud.client("ecr").list_images(repositoryName=repository)["imageIds"] == []
    accepted = onejob_deploy(cloud)
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert "exists, for amd64" in accepted.stdout
    assert stacks(cloud) == ["CDKToolkit", "onejob-dev-data", "onejob-dev-forecast"]


def test_the_stacks_with_codebuild_deploy_without_docker(tmp_path: Path) -> None:
    """The local cloud records the project and cannot build. The names and the order of the resources are real."""
    app = tmp_path / "app"
    (app / "environments").mkdir(parents=True)
    text = (ROOT / "environments" / "dev.toml").read_text()
    assert text.count("# image_builder") == 1
    (app / "environments" / "dev.toml").write_text(text.replace("# image_builder", "image_builder"))
    (assembly,) = synthesize_together({tmp_path / "out": ("dev", Path(shutil.copy(ROOT / "app.py", app / "app.py")))})
    assert assembly.returncode == 0, assembly.stderr
    with deploy(tmp_path / "deployed", assembly.folder) as deployment:
        (repository,) = deployment.cloud.client("ecr").describe_repositories()["repositories"]
        assert (repository["repositoryName"], repository["imageTagMutability"]) == ("onejob-dev-image", "IMMUTABLE")
        resources = deployment.cloud.client("cloudformation").list_stack_resources(StackName="onejob-dev-forecast")
        created = {resource["ResourceType"] for resource in resources["StackResourceSummaries"]}
        assert {"AWS::CodeBuild::Project", "Custom::CDKContainerImageBuild"} <= created
