"""The CDK CLI as the commands call it."""

import json
import sys
from pathlib import Path

import pytest

from cli.aws import cdk
from cli.checkout import CHECKOUT
from tests.unit.cli.conftest import Onejob

# Stands where the CDK CLI is: writes how it was called, and fails if an option says so.
PROGRAM = """#!{python}
import json, os, sys
wanted = ("PATH", "BUILDX_NO_DEFAULT_ATTESTATIONS", "CDK_DISABLE_CLI_TELEMETRY")
called = {{"arguments": sys.argv[1:], "folder": os.getcwd(), **{{name: os.environ[name] for name in wanted}}}}
open({file!r}, "w").write(json.dumps(called))
sys.exit(3 if "--fail" in sys.argv else 0)
"""


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the program says how it was called."""
    program, file = tmp_path / "cdk", tmp_path / "called.json"
    program.write_text(PROGRAM.format(python=sys.executable, file=str(file)))
    program.chmod(0o755)
    monkeypatch.setattr(cdk, "CDK_PROGRAM", program)
    return file


@pytest.mark.parametrize(
    ("given", "handed_on"),
    [
        (["diff"], ["diff", "--context", "environment=dev"]),
        (["deploy"], ["deploy", "--context", "environment=dev", "--all"]),
        (
            ["deploy", "--environment", "prod", "--", "--hotswap", "--verbose"],
            ["deploy", "--context", "environment=prod", "--all", "--hotswap", "--verbose"],
        ),
    ],
)
def test_it_gets_the_environment_and_further_options(
    onejob: Onejob, called: Path, given: list[str], handed_on: list[str]
) -> None:
    assert onejob(*given).exit_code == 0
    found = json.loads(called.read_text())
    assert found["arguments"] == handed_on
    assert Path(found["folder"]) == CHECKOUT
    # The virtual environment's Node comes before the machine's own.
    assert found["PATH"].startswith(str(Path(sys.executable).parent))
    assert (found["BUILDX_NO_DEFAULT_ATTESTATIONS"], found["CDK_DISABLE_CLI_TELEMETRY"]) == ("1", "true")


@pytest.mark.usefixtures("called")
def test_its_failure_is_the_commands(onejob: Onejob) -> None:
    failed = onejob("diff", "--", "--fail")
    assert (failed.exit_code, failed.stderr) == (1, "cdk diff failed with exit code 3; its message is above\n")


def test_without_it_the_cure_is_one_line(onejob: Onejob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk, "CDK_PROGRAM", tmp_path / "absent")
    refused = onejob("deploy")
    assert (refused.exit_code, refused.stderr) == (1, "the CDK CLI is not installed; run: make setup\n")
