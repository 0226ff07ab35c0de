"""Synthesises the application the way the CDK CLI does."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Assembly:
    """What one `python app.py` left behind, started as the CDK CLI starts it."""

    folder: Path
    returncode: int
    stdout: str
    stderr: str

    def template(self, environment: str, stack: str) -> dict[str, Any]:
        path = self.folder / f"onejob-{environment}-{stack}.template.json"
        template: dict[str, Any] = json.loads(path.read_text())
        return template


def synthesise(folder: Path, environment: str, *arguments: str) -> Assembly:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "JSII_"))}
    variables |= {
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps({**context, "environment": environment}),
        # Whoever wants to reach the network from here cannot.
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        # jsii looks for node on the PATH: the virtual environment's.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, *(arguments or (str(ROOT / "app.py"),))]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120, check=False)
    return Assembly(folder=folder, returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)
