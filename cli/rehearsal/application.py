"""The application in a local cloud: synthesis without the CDK CLI, deployment, and the names of its resources.

Rehearsals, drills, benchmarks and tests share this module.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cli.checkout import CHECKOUT
from infra.settings.environment import Settings
from local_cloud import LocalCloud

LOCAL_ACCOUNT = "123456789012"  # for an environment without an account


def cdk_context(environment: str) -> dict[str, Any]:
    """Return the CDK context: the feature flags from `cdk.json` and the environment's name."""
    flags: dict[str, Any] = json.loads((CHECKOUT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return {**flags, "environment": environment}


def synthesis_variables() -> dict[str, str]:
    """Return the environment variables that `app.py` needs in a separate process."""
    return {
        # jsii uses the first Node on the PATH. It must be the virtual environment's, not an older one of the system.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(CHECKOUT),
    }


def synthesize(assembly: Path, environment: str, *, app: Path = CHECKOUT / "app.py") -> None:
    """Write the application's cloud assembly, as the CDK CLI does.

    Args:
        assembly: Folder for the assembly.
        environment: Name of a file in `environments/`, without `.toml`.
        app: The CDK program. It reads `environments/` in its own folder.
    """
    variables = {
        **os.environ,
        **synthesis_variables(),
        "CDK_OUTDIR": str(assembly),
        "CDK_CONTEXT_JSON": json.dumps(cdk_context(environment)),
    }
    command = [sys.executable, str(app)]
    subprocess.run(command, cwd=CHECKOUT, env=variables, check=True)  # nosec B603 # our program


@contextmanager
def local_cloud_of(settings: Settings) -> Iterator[LocalCloud]:
    """Run a local cloud in the account and region of an environment. Its state ends with it."""
    with (
        tempfile.TemporaryDirectory(prefix="onejob-cloud-") as state,
        LocalCloud(
            Path(state),
            account=settings.deployment.account or LOCAL_ACCOUNT,
            region=settings.deployment.region,
        ) as cloud,
    ):
        yield cloud


@dataclass(frozen=True)
class Application:
    """The deployed application.

    Attributes:
        cloud: The local cloud that runs the application.
        outputs: Outputs of all stacks, by name.
    """

    cloud: LocalCloud
    outputs: Mapping[str, str]

    @classmethod
    def deployed(cls, cloud: LocalCloud, assembly: Path) -> Self:
        """Deploy a cloud assembly."""
        stacks = cloud.deploy(assembly)
        return cls(cloud, {name: value for stack in stacks.values() for name, value in stack.items()})

    @property
    def bucket(self) -> str:
        """Bucket with the forecasts."""
        return self.outputs["ForecastBucket"]

    @property
    def demand(self) -> tuple[str, str]:
        """Bucket and prefix of the demand."""
        bucket, _, prefix = self.outputs["DemandUri"].removeprefix("s3://").partition("/")
        return bucket, prefix

    def put_demand(self, name: str, content: bytes) -> None:
        """Upload a demand file."""
        bucket, prefix = self.demand
        self.cloud.client("s3").put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=content)

    def start(self, execution_input: Mapping[str, Any], *, machine: str = "StateMachineArn") -> str:
        """Start an execution.

        Args:
            execution_input: Input of the execution.
            machine: Name of the stack output with the state machine's ARN.

        Returns:
            ARN of the execution.
        """
        workflows = self.cloud.client("stepfunctions")
        started = workflows.start_execution(stateMachineArn=self.outputs[machine], input=json.dumps(execution_input))
        return str(started["executionArn"])
