"""`onejob acceptance` on AWS: agreement, place, records of earlier acceptances, and removal alone."""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.acceptance import accept, environment_file
from cli.acceptance.accept import AcceptanceRequest, accept_on_aws
from cli.acceptance.record import Record
from cli.acceptance.trial import Trial
from cli.errors import CommandError
from tests.synthesis import ROOT
from tests.unit.cli.acceptance.test_leftovers import TEMPLATE

pytestmark = pytest.mark.usefixtures("account")
Steps = Callable[..., list[str]]


@pytest.fixture
def account(file: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An account without anything in it, and a copy of the environment dev."""
    (file.parent / "dev.toml").write_bytes((ROOT / "environments" / "dev.toml").read_bytes())
    monkeypatch.setattr(environment_file, "ENVIRONMENTS", file.parent)
    with mock_aws():
        yield


@pytest.fixture
def request_of(tmp_path: Path) -> AcceptanceRequest:
    return AcceptanceRequest(
        environment="dev", keep=True, only_clean_up=False, confirmed=True, output=tmp_path / "out", local=False
    )


def passes(_: Trial) -> str:
    return "seen"


def fails(_: Trial) -> str:
    raise KeyError("run_id")


def record_of(request: AcceptanceRequest) -> Record:
    record = Record.read(request.folder / "record.json")
    assert record is not None
    return record


def test_without_agreement_nothing_is_done(
    steps: Steps, request_of: AcceptanceRequest, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = steps(deploy=passes)
    monkeypatch.setattr("sys.stdin", StringIO("yes\n"))  # it is no terminal
    with pytest.raises(CommandError, match="onejob deployed nothing"):
        accept_on_aws(replace(request_of, confirmed=False))
    assert done == []
    assert not file.exists()
    assert not request_of.folder.exists()


def test_a_failed_acceptance_continues_with_its_record(steps: Steps, request_of: AcceptanceRequest) -> None:
    steps(deploy=passes, run=fails)
    assert accept_on_aws(request_of) == 1
    first = record_of(request_of)
    done = steps(deploy=passes, run=passes)
    assert accept_on_aws(request_of) == 0
    assert done == ["run", "destroy"]
    finished = (request_of.folder / "record.json").read_text()
    assert first.acceptance_id in finished
    assert Record.read(request_of.folder / "record.json") is None


def test_an_acceptance_continues_only_where_it_started(
    steps: Steps, request_of: AcceptanceRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps(deploy=fails)
    accept_on_aws(request_of)
    monkeypatch.setattr(accept, "session_of", lambda _settings: boto3.Session(region_name="us-east-1"))
    with pytest.raises(CommandError, match=r"started in account \d+, eu-central-1, not in account \d+, us-east-1"):
        accept_on_aws(request_of)


def test_the_stacks_of_another_acceptance_are_left_alone(steps: Steps, request_of: AcceptanceRequest) -> None:
    done = steps(deploy=passes)
    cloudformation = boto3.client("cloudformation", region_name="eu-central-1")
    cloudformation.create_stack(StackName="onejob-acceptance-data", TemplateBody=TEMPLATE)
    with pytest.raises(CommandError, match=r"stack onejob-acceptance-data exists.*--clean-up"):
        accept_on_aws(request_of)
    assert done == []


def test_a_removal_keeps_the_last_report_and_log(steps: Steps, request_of: AcceptanceRequest) -> None:
    steps(deploy=passes)
    assert accept_on_aws(request_of) == 0
    kept = {name: (request_of.folder / name) for name in ("record.json", "report.md", "commands.log")}
    kept["commands.log"].write_text("$ onejob deploy\n")
    before = {name: path.read_text() for name, path in kept.items()}
    done = steps(deploy=passes)
    assert accept_on_aws(replace(request_of, only_clean_up=True)) == 0
    assert done == ["destroy"]
    assert {name: path.read_text() for name, path in kept.items()} == before


def test_a_rehearsal_has_a_record_of_its_own(request_of: AcceptanceRequest) -> None:
    assert replace(request_of, local=True).folder != request_of.folder
