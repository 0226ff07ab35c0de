"""`onejob run`: what cannot be rehearsed is refused before anything starts."""

from pathlib import Path

import pytest

from cli.rehearsal import run_rehearsal
from tests.unit.cli.conftest import Onejob


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_given: object, **_named: object) -> None:
        pytest.fail("a local cloud was started")

    monkeypatch.setattr(run_rehearsal, "LocalCloud", started)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--demand", "/absent"], "demand: there is no file or folder /absent"),
        (["--demand", "pyproject.toml", "--static", "/absent"], "static: there is no file or folder /absent"),
        (["--static", "README.md"], "--static: it needs --demand beside it; the synthetic demand brings its own"),
        (["--input", "{bad"], "--input: {bad is not JSON: "),
        (["--input", "[1]"], "--input: [1] is not an object; write {} or"),
        (["--set", "horizon"], "--set horizon: write it as key=value"),
    ],
)
def test_an_input_error_is_one_line(onejob: Onejob, tmp_path: Path, arguments: list[str], said: str) -> None:
    refused = onejob("run", "--output", str(tmp_path / "out"), *arguments)
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"input error: {said}")
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_every_fault_of_the_input_has_its_line(onejob: Onejob) -> None:
    refused = onejob("run", "--set", "horizon", "--set", "key", "--input", "[]")
    assert [line.split(": ")[1] for line in refused.stderr.splitlines()] == ["--set horizon", "--set key", "--input"]


def test_a_folder_that_cannot_be_written_is_one_line(onejob: Onejob) -> None:
    refused = onejob("run", "--output", "README.md/out")
    assert refused.exit_code == 1
    assert refused.stderr.endswith("README.md/out cannot be written: Not a directory\n")
