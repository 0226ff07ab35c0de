"""The application in a local cloud: synthesized without the CDK CLI, deployed, and where it keeps what.

Rehearsals, fault drills, benchmarks and tests share this module.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cli.checkout import CHECKOUT
from local_cloud import LocalCloud


def cdk_context(environment: str) -> dict[str, Any]:
    """Return the CDK's feature flags from `cdk.json`, and the environment's name."""
    flags: dict[str, Any] = json.loads((CHECKOUT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return {**flags, "environment": environment}


def synthesis_variables() -> dict[str, str]:
    """Return the variables that `app.py` needs in a process of its own."""
    return {
        # jsii takes the first Node on the PATH: the virtual environment's, not an older one of the system.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(CHECKOUT),
    }


def synthesise(assembly: Path, environment: str, *, app: Path = CHECKOUT / "app.py") -> None:
    """Write the application's cloud assembly, as the CDK CLI would.

    Args:
        assembly: Folder for the assembly.
        environment: A file in `environments/`, without its ending.
        app: The program; it reads the `environments/` beside it.
    """
    variables = {
        **os.environ,
        **synthesis_variables(),
        "CDK_OUTDIR": str(assembly),
        "CDK_CONTEXT_JSON": json.dumps(cdk_context(environment)),
    }
    subprocess.run([sys.executable, str(app)], cwd=CHECKOUT, env=variables, check=True)  # noqa: S603 (our own)


@dataclass(frozen=True)
class Application:
    """The deployed application.

    Attributes:
        cloud: Where it is deployed.
        outputs: Of its stacks.
    """

    cloud: LocalCloud
    outputs: Mapping[str, str]

    @classmethod
    def deployed(cls, cloud: LocalCloud, assembly: Path) -> Self:
        """Deploys a synthesised application."""
        stacks = cloud.deploy(assembly)
        return cls(cloud, {name: value for stack in stacks.values() for name, value in stack.items()})

    @property
    def bucket(self) -> str:
        """Bucket with the forecasts."""
        return self.outputs["ForecastBucket"]

    @property
    def demand(self) -> tuple[str, str]:
        """Bucket and prefix where runs look for their demand."""
        bucket, _, prefix = self.outputs["DemandUri"].removeprefix("s3://").partition("/")
        return bucket, prefix

    def put_demand(self, name: str, content: bytes) -> None:
        """Puts a file where runs look for their demand."""
        bucket, prefix = self.demand
        self.cloud.client("s3").put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=content)

    def start(self, given: Mapping[str, Any], *, machine: str = "StateMachineArn") -> str:
        """Starts an execution.

        Args:
            given: Its input.
            machine: Output with the state machine.

        Returns:
            Its ARN.
        """
        workflows = self.cloud.client("stepfunctions")
        started = workflows.start_execution(stateMachineArn=self.outputs[machine], input=json.dumps(given))
        return str(started["executionArn"])
