"""Run the pinned CDK CLI with the user's own credentials."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cli.checkout import CDK_PROGRAM, CHECKOUT, revision
from cli.errors import CommandError

VARIABLES = {
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    # SageMaker accepts only plain image manifests. Docker's attestations turn a manifest into an index.
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
}


def run_cdk(command: str, environment: str, options: Sequence[str] = ()) -> None:
    """Run one command of the CDK CLI for one environment.

    Args:
        command: CDK command, for example `deploy`.
        environment: Name of a file in `environments/`, without `.toml`.
        options: More options for the CLI.

    Raises:
        CommandError: The CLI is not installed, or it failed and has printed the cause.
    """
    if not CDK_PROGRAM.exists():
        raise CommandError("the CDK CLI is not installed; run: make setup")
    # The CLI and the application must use the virtual environment's Node.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # The CDK stores the commit in the image. The job copies it into models and manifests.
    commit = revision()
    known = ["--context", f"revision={commit}"] if commit else []
    done = subprocess.run(  # nosec B603 # the CDK CLI
        [str(CDK_PROGRAM), command, "--context", f"environment={environment}", *known, *options],
        cwd=CHECKOUT,
        env={**os.environ, **VARIABLES, "PATH": path},
        check=False,
    )
    if done.returncode:
        raise CommandError(f"cdk {command} failed with exit code {done.returncode}; see its message above")
