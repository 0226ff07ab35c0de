"""The paths in the state folder."""

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StateLayout:
    """The paths of the files that the local cloud keeps on disk.

    Attributes:
        root: The state folder.
    """

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
        """The blobs that were uploaded to ECR."""
        return self.images / "layers"

    @property
    def quotas(self) -> Path:
        """The quotas that differ from the default."""
        return self.root / "quotas.json"

    @property
    def lambdas(self) -> Path:
        """Unpacked Lambda code, one folder each."""
        return self.root / "lambdas"

    @property
    def faults(self) -> Path:
        """The faults that a test requested."""
        return self.root / "faults"

    @property
    def api_faults(self) -> Path:
        """The requested faults of API calls."""
        return self.faults / "calls"

    @property
    def resource_faults(self) -> Path:
        """The requested failures of CloudFormation's resources."""
        return self.faults / "resources"

    @property
    def paused_states(self) -> Path:
        """The states at which a test pauses executions."""
        return self.faults / "paused"

    @property
    def paused_lines(self) -> Path:
        """The lines at which a test pauses jobs."""
        return self.faults / "lines"

    @property
    def permissions(self) -> Path:
        """The permissions that roles needed, and the statements that allowed them: one line of JSON each."""
        return self.root / "permissions.jsonl"

    @property
    def docker_program(self) -> Path:
        """The docker shim, which the CDK CLI calls instead of docker."""
        return self.root / "bin" / "docker"

    @property
    def python_folder(self) -> Path:
        """The folder of the interpreter that runs the cloud; `python` is found there."""
        return Path(sys.executable).parent

    @property
    def jobs(self) -> Path:
        """SageMaker jobs: `<kind>/<name>/` has the instances' /opt/ml folders and `logs/`."""
        return self.root / "jobs"

    def create(self) -> None:
        """Create the folders, and remove the quotas and faults of an earlier cloud."""
        shutil.rmtree(self.faults, ignore_errors=True)
        self.quotas.unlink(missing_ok=True)
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.images, self.lambdas, self.faults, self.docker_program.parent, self.jobs):
            folder.mkdir(parents=True, exist_ok=True)

    def write_docker_program(self) -> None:
        """Write the docker shim, which the CDK CLI calls instead of docker."""
        words = [sys.executable, "-m", "local_cloud.containers.docker_cli", str(self.images)]
        search = shlex.quote(str(Path(__file__).resolve().parent.parent.parent))
        self.docker_program.write_text(f'#!/bin/sh\nPYTHONPATH={search} exec {shlex.join(words)} "$@"\n')
        self.docker_program.chmod(0o755)
