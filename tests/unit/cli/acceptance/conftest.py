from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from cli.acceptance import environment_file, run_acceptance
from cli.acceptance.place import Place
from cli.acceptance.record import Record
from cli.acceptance.steps.step import Step
from cli.acceptance.trial import Trial
from cli.rehearsal.display import Display
from infra.settings.loader import load_settings
from tests.synthesis import ROOT

ACCOUNT = "123456789012"


@pytest.fixture
def place() -> Iterator[Place]:
    """An account without anything in it."""
    with mock_aws():
        session = boto3.Session("x", "x", region_name="eu-central-1")
        yield replace(Place.on_aws(session, account=ACCOUNT, variables={}), poll_seconds=0.01)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The acceptance's environment file, in a folder of its own."""
    monkeypatch.setattr(environment_file, "FILE", tmp_path / "acceptance.toml")
    return tmp_path / "acceptance.toml"


@pytest.fixture
def trial(place: Place, tmp_path: Path) -> Trial:
    record = Record.new(
        tmp_path / "record.json",
        environment="dev",
        place=place.title,
        revision="abc",
        now=datetime(2026, 11, 29, 3, 15, tzinfo=UTC),
    )
    settings = load_settings("dev", ROOT / "environments")
    display = Display(console=Console(file=StringIO(), width=200))
    return Trial(place=place, settings=settings, record=record, display=display, folder=tmp_path)


def shown(trial: Trial) -> str:
    """Return what the trial has printed."""
    return cast("StringIO", trial.display.console.file).getvalue()


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Replace all steps and the last one; return a list of the steps that are done."""

    def replace_steps(destroy: Callable[[Trial], str] | None = None, **functions: Any) -> list[str]:
        done: list[str] = []

        def step(
            name: str, function: Callable[[Trial], str], needs: tuple[str, ...] = (), only_on_aws: bool = False
        ) -> Step:
            def perform(trial: Trial) -> str:
                done.append(name)
                return function(trial)

            return Step(name=name, expects=f"{name} works.", perform=perform, needs=needs, only_on_aws=only_on_aws)

        made = [step(name, *(given if isinstance(given, tuple) else (given,))) for name, given in functions.items()]
        monkeypatch.setattr(run_acceptance, "STEPS", tuple(made))
        monkeypatch.setattr(run_acceptance, "DESTROY", step("destroy", destroy or (lambda _: "removed")))
        return done

    return replace_steps
