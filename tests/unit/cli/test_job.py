"""`onejob train` and `onejob infer` exec the container's program."""

import os
import re
import subprocess
import sys
from typing import Any

import pytest

from cli.checkout import CHECKOUT
from tests.unit.cli.conftest import Onejob, commands


class BecameError(Exception):
    """Replaces the exec of another program, which would end the tests."""


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    called: list[Any] = []

    def execve(*arguments: Any) -> None:
        called.extend(arguments)
        raise BecameError

    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    return called


def test_train_passes_its_options_to_the_job(onejob: Onejob, became: list[Any]) -> None:
    with pytest.raises(BecameError):
        onejob("train", "--demand", "a b", "--set", "key=a,b", "--set", "horizon=4", "--published", "old")
    program, command, variables = became
    assert program == command[0] == sys.executable
    assert command[1:] == [
        *("-P", "-m", "job_code", "train", "--demand=a b", "--published=old", "--output=out"),
        *("--set=key=a,b", "--set=horizon=4", "--partition=all", "--log-format=text"),
    ]
    assert variables["PYTHONPATH"] == os.pathsep.join([str(CHECKOUT), "/elsewhere"])


def test_infer_passes_the_model_to_the_job(onejob: Onejob, became: list[Any]) -> None:
    with pytest.raises(BecameError):
        onejob("infer", "--demand", "a", "--model", "m")
    assert became[1][4:6] == ["infer", "--demand=a"]
    assert "--model=m" in became[1]


@pytest.mark.parametrize("entry", ["train", "infer"])
def test_both_programs_have_the_same_options(entry: str) -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "job_code", entry, "--help"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout
    accepted = set(re.findall(r"^ +(--[a-z-]+)", help_text, re.MULTILINE))
    assert {parameter.opts[0] for parameter in commands()[entry].params} == accepted
