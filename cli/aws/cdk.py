"""The pinned CDK CLI, with the caller's own credentials."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cli.checkout import CDK_PROGRAM, CHECKOUT, revision
from cli.errors import CommandError

VARIABLES = {
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    # SageMaker accepts plain image manifests only; Docker's attestations would turn one into an index.
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
}


def run_cdk(command: str, environment: str, options: Sequence[str] = ()) -> None:
    """Run one command of the CDK CLI for one environment.

    Args:
        command: `deploy`, for example.
        environment: A file in `environments/`, without its ending.
        options: Further options for the CLI.

    Raises:
        CommandError: The CLI is not installed, or it failed; it has printed why.
    """
    if not CDK_PROGRAM.exists():
        raise CommandError("the CDK CLI is not installed; run: make setup")
    # The CLI and the application run on the virtual environment's Node.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # It goes into the image, and from there into models and manifests.
    commit = revision()
    known = ["--context", f"revision={commit}"] if commit else []
    done = subprocess.run(  # noqa: S603 (the project's own program)
        [str(CDK_PROGRAM), command, "--context", f"environment={environment}", *known, *options],
        cwd=CHECKOUT,
        env={**os.environ, **VARIABLES, "PATH": path},
        check=False,
    )
    if done.returncode:
        raise CommandError(f"cdk {command} failed with exit code {done.returncode}; its message is above")
