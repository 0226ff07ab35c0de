"""`onejob run` rejects invalid input before it starts anything."""

from pathlib import Path

import pytest

from cli.rehearsal import run_rehearsal
from tests.unit.cli.conftest import Onejob


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_arguments: object, **_named: object) -> None:
        pytest.fail("a local cloud was started")

    monkeypatch.setattr(run_rehearsal, "LocalCloud", started)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--demand", "/absent"], "demand: file or folder /absent does not exist"),
        (["--demand", "pyproject.toml", "--static", "/absent"], "static: file or folder /absent does not exist"),
        (["--static", "README.md"], "--static: add --demand; --static cannot be combined with synthetic demand"),
        (["--input", "{bad"], "--input: {bad is not JSON: "),
        (["--input", "[1]"], "--input: [1] is not a JSON object; write {} or"),
        (["--set", "horizon"], "--set horizon: write it as key=value"),
    ],
)
def test_an_input_error_is_one_line(onejob: Onejob, tmp_path: Path, arguments: list[str], message: str) -> None:
    refused = onejob("run", "--output", str(tmp_path / "out"), *arguments)
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"input error: {message}")
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_each_input_error_is_a_line(onejob: Onejob) -> None:
    refused = onejob("run", "--set", "horizon", "--set", "key", "--input", "[]")
    assert [line.split(": ")[1] for line in refused.stderr.splitlines()] == ["--set horizon", "--set key", "--input"]


def test_a_folder_that_cannot_be_written_is_one_line(onejob: Onejob) -> None:
    refused = onejob("run", "--output", "README.md/out")
    assert refused.exit_code == 1
    assert refused.stderr.endswith("README.md/out: Not a directory\n")
