"""The folders below the state folder."""

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StateLayout:
    """Where the local cloud keeps what must be on disk."""

    root: Path

    @property
    def server_log(self) -> Path:
        """The server's own log."""
        return self.root / "server.log"

    @property
    def images(self) -> Path:
        """Container images: a folder and a record each."""
        return self.root / "images"

    @property
    def layers(self) -> Path:
        """What was uploaded to ECR."""
        return self.images / "layers"

    @property
    def quotas(self) -> Path:
        """Quotas that are not the default."""
        return self.root / "quotas.json"

    @property
    def lambdas(self) -> Path:
        """Unpacked Lambda code, a folder each."""
        return self.root / "lambdas"

    @property
    def faults(self) -> Path:
        """Failures a test has asked for."""
        return self.root / "faults"

    @property
    def api_faults(self) -> Path:
        """Calls a test wants to go wrong."""
        return self.faults / "calls"

    @property
    def held_states(self) -> Path:
        """States a test holds."""
        return self.faults / "held"

    @property
    def permissions(self) -> Path:
        """What roles asked for, and what allowed it: a line of JSON each."""
        return self.root / "permissions.jsonl"

    @property
    def docker_program(self) -> Path:
        """The program that stands in for docker."""
        return self.root / "bin" / "docker"

    @property
    def python_folder(self) -> Path:
        """The folder `python` is found in: that of the interpreter the cloud runs on."""
        return Path(sys.executable).parent

    @property
    def jobs(self) -> Path:
        """SageMaker jobs: `<kind>/<name>/` holds the instances' /opt/ml folders and `logs/`."""
        return self.root / "jobs"

    def create(self) -> None:
        """Makes the folders; failures an earlier cloud was asked for are forgotten."""
        shutil.rmtree(self.faults, ignore_errors=True)
        self.quotas.unlink(missing_ok=True)
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.images, self.lambdas, self.faults, self.docker_program.parent, self.jobs):
            folder.mkdir(parents=True, exist_ok=True)

    def write_docker_program(self) -> None:
        """Writes the program the CDK CLI is told to call instead of docker."""
        words = [sys.executable, "-m", "local_cloud.containers.docker_cli", str(self.images)]
        search = shlex.quote(str(Path(__file__).resolve().parent.parent.parent))
        self.docker_program.write_text(f'#!/bin/sh\nPYTHONPATH={search} exec {shlex.join(words)} "$@"\n')
        self.docker_program.chmod(0o755)
