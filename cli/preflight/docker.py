"""Check that Docker on this computer can build the image in the format that SageMaker accepts."""

import json
import subprocess
from typing import Any

from cli.aws.image_publication import docker_program
from lambdas.preflight.check_results import CheckResult, failed, ok, warning

MAX_SECONDS = 30
WITHOUT_DOCKER = "or let AWS build the image: deployment.image_builder = codebuild"
# Docker's name of its image store in containerd, in the status of the storage driver.
CONTAINERD_STORE = "io.containerd.snapshotter.v1"


def check_docker() -> list[CheckResult]:
    """Check that Docker is installed, runs, has buildx, and builds for the instances' architecture."""
    program = docker_program()
    try:
        done = subprocess.run(  # nosec B603 # the user's own Docker
            [program, "info", "--format", "{{json .}}"],
            capture_output=True,
            text=True,
            timeout=MAX_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        return [failed(f"Docker: {program} is not installed; install it, {WITHOUT_DOCKER}")]
    except subprocess.TimeoutExpired:
        return [failed(f"Docker: {program} does not answer; restart it, {WITHOUT_DOCKER}")]
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        return [failed(f"Docker: {' '.join(reason)} Start Docker, {WITHOUT_DOCKER}")]
    return [_check_builder(json.loads(done.stdout))]


def _check_builder(info: dict[str, Any]) -> CheckResult:
    version, architecture = info["ServerVersion"], info["Architecture"]
    if all(plugin["Name"] != "buildx" for plugin in info["ClientInfo"].get("Plugins") or ()):
        return failed(
            f"Docker: version {version} lacks buildx, which writes the format for SageMaker; install docker-buildx"
        )
    if architecture not in ("x86_64", "amd64"):
        return warning(
            f"Docker: version {version} runs on {architecture} and must emulate amd64; Docker Desktop does. Elsewhere "
            "run: docker run --privileged --rm tonistiigi/binfmt --install amd64"
        )
    in_containerd = any(CONTAINERD_STORE in pair for pair in info.get("DriverStatus") or ())
    store = "containerd, so the deployment checks the manifest" if in_containerd else info["Driver"]
    return ok(f"Docker: version {version} for {architecture}, images in {store}")
