"""Preflight asks Docker itself what it can build. A small program answers as Docker does."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.preflight.docker import check_docker

READY: dict[str, Any] = {
    "ServerVersion": "28.2.2",
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "Architecture": "x86_64",
    "ClientInfo": {"Plugins": [{"Name": "buildx"}, {"Name": "compose"}]},
}
CONTAINERD = {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
PROGRAM = """#!{python}
import sys
assert sys.argv[1:] == ["info", "--format", "{{{{json .}}}}"]
print({answer!r})
sys.exit({error!r} or 0)
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the program that the CDK would call instead of docker."""
    monkeypatch.setenv("CDK_DOCKER", str(tmp_path / "docker"))
    return tmp_path / "docker"


def answer(program: Path, *, info: dict[str, Any], error: str = "") -> tuple[str, str]:
    program.write_text(PROGRAM.format(python=sys.executable, answer=json.dumps(info), error=error))
    program.chmod(0o755)
    (found,) = check_docker()
    return found.verdict, found.line


def test_docker_is_ready(program: Path) -> None:
    assert answer(program, info=READY) == ("ok", "Docker: version 28.2.2 for x86_64, images in overlay2")
    verdict, line = answer(program, info={**READY, **CONTAINERD})
    assert (verdict, "images in containerd, so the deployment checks the manifest" in line) == ("ok", True)


def test_docker_that_does_not_run(program: Path) -> None:
    stopped = {**READY, "ServerVersion": "", "DriverStatus": None, "Architecture": "", "ClientInfo": {"Plugins": []}}
    verdict, line = answer(program, info=stopped, error="Cannot connect to the Docker daemon.")
    assert verdict == "failed"
    assert line.startswith("Docker: Cannot connect to the Docker daemon. Start Docker, or")


@pytest.mark.usefixtures("program")
def test_a_missing_docker() -> None:
    (found,) = check_docker()
    assert found.verdict == "failed"
    assert "is not installed; install it, or" in found.line


@pytest.mark.parametrize("plugins", [None, [], [{"Name": "compose"}]])
def test_docker_without_buildx(program: Path, plugins: list[dict[str, str]] | None) -> None:
    verdict, line = answer(program, info={**READY, "ClientInfo": {"Plugins": plugins}})
    assert (verdict, "lacks buildx" in line) == ("failed", True)


def test_docker_on_arm_must_emulate(program: Path) -> None:
    verdict, line = answer(program, info={**READY, "Architecture": "aarch64"})
    assert (verdict, "must emulate amd64" in line) == ("warning", True)
