"""Help and error messages of the commands."""

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.core import TyperArgument, TyperOption

from cli.checkout import CHECKOUT
from cli.main import app
from tests.unit.cli.conftest import Onejob, commands

COMMANDS = ["run", "train", "infer", "preflight", "bootstrap", "diff", "deploy", "acceptance", "destroy", "plan-fleet"]
HEAVY = ("polars", "boto3", "pydantic", "matplotlib", "aws_cdk", "moto")


def test_help_lists_every_command_in_its_panel(onejob: Onejob) -> None:
    shown = onejob("--help")
    assert shown.exit_code == 0
    begins = [line.strip("│ ").split(" ")[0] for line in shown.stdout.splitlines()]
    assert [word for word in begins if word in COMMANDS] == COMMANDS
    for panel in ("On this computer", "On AWS", "Planning"):
        assert f"─ {panel} ─" in shown.stdout
    assert list(commands()) == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(onejob: Onejob, name: str) -> None:
    command = commands()[name]
    shown = onejob(name, "--help")
    assert shown.exit_code == 0
    assert command.help is not None
    assert command.help.splitlines()[0].endswith(".")
    for parameter in command.params:
        assert isinstance(parameter, TyperOption | TyperArgument)
        assert parameter.help, parameter.name
        assert parameter.help.split(" ")[0] in shown.stdout
        if isinstance(parameter, TyperOption):
            assert parameter.opts[0] in shown.stdout


def test_help_imports_no_slow_module() -> None:
    program = f"import sys, cli.main; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_onejob_without_a_command_shows_help(onejob: Onejob) -> None:
    shown = onejob()
    assert shown.exit_code == 2
    assert "plan-fleet" in shown.stdout
    assert shown.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rnu"], "onejob: No such command 'rnu'. Did you mean 'run'? See: onejob --help"),
        (
            ["run", "--demnad", "x"],
            "onejob run: No such option: --demnad (Possible options: --demand). See: onejob run --help",
        ),
        (["train"], "onejob train: Missing option '--demand'. See: onejob train --help"),
        (["infer", "--demand", "x"], "onejob infer: Missing option '--model'. See: onejob infer --help"),
        (
            ["plan-fleet", "--deadline", "15"],
            "onejob plan-fleet: Invalid value for '--deadline': 15 is invalid: write a whole number and s, m or h, "
            "for example 15m. See: onejob plan-fleet --help",
        ),
        (
            ["plan-fleet", "--series", "0"],
            "onejob plan-fleet: Invalid value for '--series': Input should be greater than or equal to 1. "
            "See: onejob plan-fleet --help",
        ),
    ],
)
def test_an_invalid_option_is_one_line(onejob: Onejob, arguments: list[str], message: str) -> None:
    refused = onejob(*arguments)
    assert (refused.exit_code, refused.stdout, refused.stderr) == (2, "", f"{message}\n")


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("train", "infer")])
def test_an_unknown_environment_is_one_line(onejob: Onejob, name: str) -> None:
    refused = onejob(name, "--environment", "prd")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == (
        "environment 'prd' is unknown; did you mean prod? (environments/ has: dev, prod, staging)\n"
    )


@pytest.mark.parametrize("name", ["bootstrap", "destroy", "preflight"])
def test_missing_credentials_are_one_line(onejob: Onejob, name: str) -> None:
    refused = onejob(name)
    assert refused.exit_code == 1
    first = (refused.stderr or refused.stdout).splitlines()[0]
    assert first.endswith("credentials: none found; run aws sso login, or set AWS_PROFILE")


def test_an_environment_that_keeps_its_data_is_not_destroyed(onejob: Onejob) -> None:
    refused = onejob("destroy", "--environment", "prod", "--yes")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("environments/prod.toml: removal_policy is retain, so onejob deletes nothing")


def test_the_installed_command_is_the_app() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    module, _, name = project["project"]["scripts"]["onejob"].partition(":")
    assert getattr(importlib.import_module(module), name) is app
    packages = {pattern.rstrip("*") for pattern in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    code = "\n".join(file.read_text() for file in Path(CHECKOUT / "cli").rglob("*.py"))
    folders = {file.parent.name for file in CHECKOUT.glob("*/__init__.py")}
    assert {name for name in folders if f"from {name}" in code} <= packages
