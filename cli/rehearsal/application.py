"""The application in a local cloud: synthesised without the CDK CLI, deployed, and where it keeps what."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from local_cloud import LocalCloud

ROOT = Path(__file__).resolve().parents[2]


def synthesise(assembly: Path, environment: str, *, app: Path = ROOT / "app.py") -> None:
    """Writes the application's cloud assembly, as the CDK CLI would.

    Args:
        assembly: Where to.
        environment: Of the files in `environments/`.
        app: The program, beside whose `environments/` it is.
    """
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    variables = {
        **os.environ,
        "CDK_OUTDIR": str(assembly),
        "CDK_CONTEXT_JSON": json.dumps({**flags, "environment": environment}),
        # jsii takes the first Node on the PATH: the virtual environment's, not an older one of the system.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([sys.executable, str(app)], cwd=ROOT, env=variables, check=True)  # noqa: S603 (our own)


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
