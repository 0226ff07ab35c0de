"""Synthesize the application like the CDK CLI."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.rehearsal.application import cdk_context, synthesis_variables

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Assembly:
    """The result of one `python app.py`, started like the CDK CLI starts it."""

    folder: Path
    returncode: int
    stdout: str
    stderr: str

    def template(self, environment: str, stack: str) -> dict[str, Any]:
        path = self.folder / f"onejob-{environment}-{stack}.template.json"
        template: dict[str, Any] = json.loads(path.read_text())
        return template


# Synthesize several applications in one process, because loading the CDK takes most of the time. The CDK reads its
# environment variables only once per process, so the settings are arguments of the App.
TOGETHER = """
import functools, json, os, runpy, sys, traceback
import aws_cdk
App = aws_cdk.App
for code in sys.argv[2:]:
    exec(code)
for run in json.loads(sys.argv[1]):
    for number, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(run["folder"] + "." + name, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    aws_cdk.App = functools.partial(App, outdir=run["folder"], context=run["context"])
    try:
        runpy.run_path(run["app"], run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code or 0
    except Exception:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    with open(run["folder"] + ".code", "w") as file:
        file.write(str(code))
"""


def synthesize(folder: Path, environment: str, *arguments: str) -> Assembly:
    command = [sys.executable, *(arguments or (str(ROOT / "app.py"),))]
    variables = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(cdk_context(environment))}
    done = _run(command, variables)
    return Assembly(folder=folder, returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


def synthesize_together(runs: Mapping[Path, tuple[str, Path]], *before: str) -> list[Assembly]:
    """Synthesize applications one after the other in a new process.

    Args:
        runs: Environment and `app.py` of each application, by the folder of its assembly.
        before: Python code to execute first.
    """
    wanted = [
        {"folder": str(folder), "context": cdk_context(environment), "app": str(app)}
        for folder, (environment, app) in runs.items()
    ]
    done = _run([sys.executable, "-c", TOGETHER, json.dumps(wanted), *before], {})
    assert done.returncode == 0, done.stderr

    def output(folder: Path, name: str) -> str:
        return folder.with_name(f"{folder.name}.{name}").read_text()

    return [Assembly(each, int(output(each, "code")), output(each, "stdout"), output(each, "stderr")) for each in runs]


def _run(command: list[str], own: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_", "JSII_"))}
    variables |= {
        **synthesis_variables(),
        **own,
        # Block access to the network.
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120, check=False)
