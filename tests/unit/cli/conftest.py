"""Run the command line in this process."""

from collections.abc import Callable, Iterator

import pytest
from boto3 import Session
from moto import mock_aws
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from cli.main import app

Onejob = Callable[..., Result]


def commands() -> dict[str, TyperCommand]:
    """Return every command by name, in the order of the help."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return {name: command for name, command in group.commands.items() if isinstance(command, TyperCommand)}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """Return a session with an empty account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Session(region_name="eu-central-1")


@pytest.fixture
def onejob(monkeypatch: pytest.MonkeyPatch) -> Onejob:
    """Return a function that calls `onejob` without AWS credentials and raises unexpected errors."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments, prog_name="onejob", catch_exceptions=False)

    return call
