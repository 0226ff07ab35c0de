"""Synthesis as the CDK CLI runs it: offline, without findings, and with clear errors for an invalid environment."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.conftest import CODEBUILD, ENVIRONMENTS, EVERY, OTHERS, UNLIKE, deployed_as
from tests.synthesis import ROOT, Assembly, synthesize


@pytest.mark.parametrize("environment", [*ENVIRONMENTS, *OTHERS])
def test_every_environment_synthesizes_offline_without_findings(
    synthesized: dict[str, Assembly], environment: str
) -> None:
    assembly = synthesized[environment]
    assert assembly.returncode == 0, assembly.stderr
    assert "AwsSolutions" not in assembly.stderr
    assert "NIST" not in assembly.stderr
    assert "WARNING" not in assembly.stderr
    stacks = {path.name.partition(".")[0] for path in assembly.folder.glob("*.template.json")}
    # A personal environment has no budget.
    expected = ("data", "forecast") if environment == "dev" else ("data", "forecast", "budget")
    assert stacks == {f"onejob-{deployed_as(environment)}-{stack}" for stack in expected}


@pytest.mark.parametrize("environment", UNLIKE)
def test_acknowledgements_and_findings_match_one_to_one(synthesized: dict[str, Assembly], environment: str) -> None:
    """Both rule packs run, no acknowledgement is obsolete, and none hides a second finding."""
    assembly = synthesized[f"{environment}, unacknowledged"]
    assert assembly.returncode != 0
    report = json.loads((assembly.folder / "validation-report.json").read_text())["pluginReports"]
    assert {plugin["pluginName"] for plugin in report if plugin["violations"]} == {"AwsSolutions", "NIST.800.53.R5"}
    found = [
        (place["constructPath"], violation["ruleName"])
        for plugin in report
        for violation in plugin["violations"]
        for place in violation["violatingConstructs"]
    ]
    acknowledged = re.findall(r"^not acknowledged: (\S+) (.*)$", assembly.stdout, flags=re.MULTILINE)
    for path, finding in acknowledged:
        (covered,) = [place for place in found if f"{place[0]}/".startswith(f"{path}/") and place[1] == finding]
        found.remove(covered)
    assert not found


def test_cfn_lint_finds_nothing(synthesized: dict[str, Assembly]) -> None:
    templates = [str(path) for name in (*EVERY, CODEBUILD) for path in synthesized[name].folder.glob("*.template.json")]
    assert len(templates) == 14
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--", *templates]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_unknown_environment_is_one_line_on_stderr(tmp_path: Path) -> None:
    assembly = synthesize(tmp_path / "out", "prd")
    assert assembly.returncode == 1
    assert (
        assembly.stderr == "environment 'prd' is unknown; did you mean prod? (environments/ has: dev, prod, staging)\n"
    )
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_each_invalid_value_is_one_line_on_stderr(tmp_path: Path) -> None:
    shutil.copy(ROOT / "app.py", tmp_path)
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    dev = tmp_path / "environments" / "dev.toml"
    dev.write_text(dev.read_text().replace("horizon = 12", "horizon = 0").replace("volume_gb = 30", "volume_gb = 0"))
    assembly = synthesize(tmp_path / "out", "dev", str(tmp_path / "app.py"))
    assert assembly.returncode == 1
    assert [line.partition(": must be")[0] for line in assembly.stderr.splitlines()] == [
        "environments/dev.toml: forecast.horizon",
        "environments/dev.toml: training_job.volume_gb",
    ]
