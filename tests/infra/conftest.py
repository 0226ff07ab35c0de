import json
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.infra.extremes import EXTREMES, NAMES, Extreme
from tests.synthesis import ROOT, Assembly, synthesize_together

ENVIRONMENTS = ("dev", "staging", "prod")
# Environments that differ in the findings to acknowledge.
UNLIKE = ("dev", "prod", "partitions", "codebuild")
# Replacements in prod.toml for settings that no environment has.
PREBUILT = "444455556666.dkr.ecr.eu-central-1.amazonaws.com/onejob:1"
UNUSUAL = {
    'region = "eu-central-1"': f'region = "eu-central-1"\nimage_uri = "{PREBUILT}"',
    'removal_policy = "retain"': 'removal_policy = "retain"\npermissions_boundary = "bounds"',
    'instance_types = ["ml.m6i.2xlarge", "ml.m5.2xlarge"]': 'instance_types = ["ml.r5d.2xlarge"]',
    'instances = "auto"': "instances = 4",
    "# reserved_concurrency": "reserved_concurrency",
    "deadline_minutes = 30": "",
    "[network] ": '[partitions]\nnames = ["AT", "DE.south"]\nmax_concurrency = 2\n\n[network] ',
    "isolated = true": 'subnets = ["subnet-01234567", "subnet-89abcdef"]\nsecurity_groups = ["sg-01234567"] #',
}
# Replacements in prod.toml for an environment with partitions and inference runs.
PARTITIONED = {
    "[network] ": "[partitions]\ndiscover = true\nmax_concurrency = 20\n\n[network] ",
    "# infer_cron": "infer_cron",
}
# Replacements in prod.toml for an image that CodeBuild builds.
WITH_CODEBUILD = {'region = "eu-central-1"': 'region = "eu-central-1"\nimage_builder = "codebuild"'}
Templates = Callable[[str, str], dict[str, Any]]
# Further environments, each from a changed copy of prod.
PARTITIONS, CODEBUILD = "partitions", "codebuild"
OTHERS = {"unusual": UNUSUAL, PARTITIONS: PARTITIONED, CODEBUILD: WITH_CODEBUILD}
EVERY = (*ENVIRONMENTS, PARTITIONS)
# Makes `acknowledge` print each acknowledgement of a finding of cdk-nag instead of adding it.
UNACKNOWLEDGED = (
    "import infra.common.nag\n"
    "def acknowledge(construct, *findings, reason):\n"
    "    for finding in findings:\n"
    "        if finding.startswith(('AwsSolutions-', 'NIST.')):\n"
    "            print('not acknowledged:', construct.node.path, finding)\n"
    "infra.common.nag.acknowledge = acknowledge\n"
)


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    """Assemblies of all environments, and of some without acknowledgements, in two processes once a session."""
    folder = tmp_path_factory.mktemp("assemblies")
    apps = {name: another(folder / f"{name} app", changes) for name, changes in OTHERS.items()}

    def runs(names: Iterable[str], suffix: str) -> dict[Path, tuple[str, Path]]:
        return {folder / f"{name}{suffix}": (deployed_as(name), apps.get(name, ROOT / "app.py")) for name in names}

    every, unlike = runs((*ENVIRONMENTS, *OTHERS), ""), runs(UNLIKE, ", unacknowledged")
    with ThreadPoolExecutor(max_workers=2) as pool:
        others = pool.submit(synthesize_together, unlike, UNACKNOWLEDGED)
        assemblies = [*synthesize_together(every), *others.result()]
    return {assembly.folder.name: assembly for assembly in assemblies}


@pytest.fixture(scope="session")
def extremes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Extreme]:
    """Environments with the shortest and the longest names, synthesized once a session."""
    folder = tmp_path_factory.mktemp("extremes")
    apps = {name: another(folder / f"{name} app", each, environment=NAMES[name][0]) for name, each in EXTREMES.items()}
    for assembly in synthesize_together({folder / name: (NAMES[name][0], app) for name, app in apps.items()}):
        assert assembly.returncode == 0, assembly.stderr
    return {name: Extreme(folder / name) for name in NAMES}


def deployed_as(name: str) -> str:
    """Return the name of the environment in an assembly."""
    return "prod" if name in OTHERS else name


def another(folder: Path, changes: dict[str, str], *, environment: str = "prod") -> Path:
    """Copy the application with a changed prod environment, and return its `app.py`."""
    text = (ROOT / "environments" / "prod.toml").read_text()
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "environments").mkdir(parents=True)
    (folder / "environments" / f"{environment}.toml").write_text(text)
    (folder / "app.py").write_text((ROOT / "app.py").read_text())
    return folder / "app.py"


@pytest.fixture(scope="session")
def template(synthesized: dict[str, Assembly]) -> Callable[[str, str], dict[str, Any]]:
    """`template("prod", "data")`: the synthesized template."""
    return lambda environment, stack: synthesized[environment].template(deployed_as(environment), stack)


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of a template's resources of one type, by logical id without its hash."""
    return {
        re.sub(r"[0-9A-F]{8}$", "", logical_id): resource.get("Properties", {})
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def description(kind: str) -> dict[str, Any]:
    """Return CloudFormation's schema of a type, from cfn-lint."""
    return dict(PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-central-1", kind).schema)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def readable(value: Any) -> Any:
    """Return a value with intrinsic functions as text, e.g. `<DemandBucket.Arn>/demand/*`."""
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
def definition(template: Callable[[str, str], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """`definition("prod")`: the state machine's definition, with references as text and without asset hashes."""

    def read(environment: str, state_machine: str = "WorkflowStateMachine") -> dict[str, Any]:
        machines = resources(template(environment, "forecast"), "AWS::StepFunctions::StateMachine")
        text = str(readable(machines[state_machine]["DefinitionString"]))
        states: dict[str, Any] = json.loads(re.sub(r"[0-9a-f]{64}", "<hash>", text))
        return states

    return read
