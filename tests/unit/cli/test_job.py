"""`onejob train` and `onejob infer` become the container's program."""

import os
import re
import subprocess
import sys
from typing import Any

import pytest

from cli.checkout import CHECKOUT
from tests.unit.cli.conftest import Onejob, commands


class BecameError(Exception):
    """Instead of another program, which would end the tests."""


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    called: list[Any] = []

    def execve(*given: Any) -> None:
        called.extend(given)
        raise BecameError

    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    return called


def test_options_that_were_given_are_handed_on(onejob: Onejob, became: list[Any]) -> None:
    with pytest.raises(BecameError):
        onejob("train", "--demand", "a b", "--set", "key=a,b", "--set", "horizon=4", "--published", "old")
    program, command, variables = became
    assert program == command[0] == sys.executable
    assert command[1:] == [
        *("-P", "-m", "job_code", "train", "--demand=a b", "--published=old", "--output=out"),
        *("--set=key=a,b", "--set=horizon=4", "--partition=all", "--log-format=text"),
    ]
    assert variables["PYTHONPATH"] == os.pathsep.join([str(CHECKOUT), "/elsewhere"])


def test_a_model_is_handed_on(onejob: Onejob, became: list[Any]) -> None:
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
