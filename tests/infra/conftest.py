import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "staging", "prod")
# The same application with every acknowledgement written down instead of given.
UNACKNOWLEDGED = (
    "import sys, infra.nag\n"
    "infra.nag.acknowledge = lambda construct, finding, reason: print('not acknowledged:', finding)\n"
    "import app\n"
    "sys.exit(app.main())"
)


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


@pytest.fixture(scope="session")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    """Every environment's assembly, and `unacknowledged`: once a session, two at a time."""
    folder = tmp_path_factory.mktemp("assemblies")
    runs: dict[str, tuple[str, ...]] = {name: (name,) for name in ENVIRONMENTS}
    runs["unacknowledged"] = ("dev", "-c", UNACKNOWLEDGED)
    with ThreadPoolExecutor(max_workers=2) as pool:
        assemblies = pool.map(lambda name: synthesise(folder / name, *runs[name]), runs)
        return dict(zip(runs, assemblies, strict=True))


@pytest.fixture(scope="session")
def template(synthesised: dict[str, Assembly]) -> Callable[[str, str], dict[str, Any]]:
    """`template("prod", "data")`: the synthesised template."""
    return lambda environment, stack: synthesised[environment].template(environment, stack)


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of a template's resources of one type, by logical id without its hash."""
    return {
        re.sub(r"[0-9A-F]{8}$", "", logical_id): resource.get("Properties", {})
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def readable(value: Any) -> Any:
    """Intrinsic functions as text: `<DemandBucket.Arn>/demand/*`."""
    if isinstance(value, list):
        return [readable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        return "".join(str(readable(part)) for part in value["Fn::Join"][1])
    if "Fn::GetAtt" in value:
        logical_id, attribute = value["Fn::GetAtt"]
        return f"<{logical_id[:-8]}.{attribute}>"
    if "Fn::ImportValue" in value:
        match = re.search(r"ExportsOutput(FnGetAtt|Ref)(\w+?)[0-9A-F]{8}(Arn)?[0-9A-F]{8}$", value["Fn::ImportValue"])
        assert match is not None, value
        return f"<{match[2]}{'.Arn' if match[3] else ''}>"
    if "Ref" in value:
        name = value["Ref"]
        return f"<{name if name.startswith('AWS::') else name[:-8]}>"
    if "Fn::Sub" in value:
        return re.sub(r"\$\{(AWS::\w+)\}", r"<\1>", value["Fn::Sub"])
    return {key: readable(item) for key, item in value.items()}


@pytest.fixture(scope="session")
def definition(template: Callable[[str, str], dict[str, Any]]) -> Callable[[str], dict[str, Any]]:
    """`definition("prod")`: the state machine's definition, references as text and asset hashes left out."""

    def read(environment: str) -> dict[str, Any]:
        machines = resources(template(environment, "forecast"), "AWS::StepFunctions::StateMachine")
        text = str(readable(machines["WorkflowStateMachine"]["DefinitionString"]))
        states: dict[str, Any] = json.loads(re.sub(r"[0-9a-f]{64}", "<hash>", text))
        return states

    return read
