"""Calls of the CDK CLI by the commands."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.aws import cdk, first_deployment, image_publication
from cli.checkout import CHECKOUT, revision
from tests.unit.cli.conftest import Onejob

# Replaces the CDK CLI. It records its call and fails with the option --fail.
PROGRAM = """#!{python}
import json, os, sys
wanted = ("PATH", "BUILDX_NO_DEFAULT_ATTESTATIONS", "CDK_DISABLE_CLI_TELEMETRY")
called = {{"arguments": sys.argv[1:], "folder": os.getcwd(), **{{name: os.environ[name] for name in wanted}}}}
open({file!r}, "w").write(json.dumps(called))
sys.exit(3 if "--fail" in sys.argv else 0)
"""


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file in which the program records its call."""
    program, file = tmp_path / "cdk", tmp_path / "called.json"
    program.write_text(PROGRAM.format(python=sys.executable, file=str(file)))
    program.chmod(0o755)
    monkeypatch.setattr(cdk, "CDK_PROGRAM", program)
    monkeypatch.setattr(cdk, "revision", lambda: None)
    monkeypatch.setattr(image_publication, "publish_image", lambda _settings, _session: None)
    monkeypatch.setattr(first_deployment, "failed_budget", lambda _session, _name: None)
    return file


@pytest.mark.parametrize(
    ("arguments", "passed"),
    [
        (["diff"], ["diff", "--context", "environment=dev"]),
        (["deploy"], ["deploy", "--context", "environment=dev", "--all"]),
        (
            ["deploy", "--environment", "staging", "--", "--hotswap", "--verbose"],
            ["deploy", "--context", "environment=staging", "--all", "--hotswap", "--verbose"],
        ),
    ],
)
def test_the_cli_gets_the_environment_and_more_options(
    onejob: Onejob, called: Path, arguments: list[str], passed: list[str]
) -> None:
    assert onejob(*arguments).exit_code == 0
    found = json.loads(called.read_text())
    assert found["arguments"] == passed
    assert Path(found["folder"]) == CHECKOUT
    # The virtual environment's Node precedes the system's.
    assert found["PATH"].startswith(str(Path(sys.executable).parent))
    assert (found["BUILDX_NO_DEFAULT_ATTESTATIONS"], found["CDK_DISABLE_CLI_TELEMETRY"]) == ("1", "true")


def test_the_cli_gets_the_revision_if_known(onejob: Onejob, called: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk, "revision", lambda: "0be50ce-dirty")
    assert onejob("diff").exit_code == 0
    found = json.loads(called.read_text())["arguments"]
    assert found == ["diff", "--context", "environment=dev", "--context", "revision=0be50ce-dirty"]


def test_the_revision_is_the_commit_and_marks_changed_files(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    assert revision(tmp_path) is None
    git("init")
    assert revision(tmp_path) is None
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "--message", "One")
    git("tag", "--annotate", "v1", "--message", "The revision ignores tags")
    commit = git("rev-parse", "HEAD")
    assert revision(tmp_path) == commit
    (tmp_path / "file").write_text("two")
    assert revision(tmp_path) == f"{commit}-dirty"


@pytest.mark.usefixtures("called")
def test_a_failure_of_the_cli_fails_the_command(onejob: Onejob) -> None:
    failed = onejob("diff", "--", "--fail")
    assert (failed.exit_code, failed.stderr) == (1, "cdk diff failed with exit code 3; see its message above\n")


def test_a_missing_cli_is_one_line(onejob: Onejob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk, "CDK_PROGRAM", tmp_path / "absent")
    refused = onejob("diff")
    assert (refused.exit_code, refused.stderr) == (1, "the CDK CLI is not installed; run: make setup\n")
