"""The acceptance deploys the given settings, without schedules, addresses and protection from deletion."""

from pathlib import Path

import pytest

from cli.acceptance import environment_file
from cli.acceptance.environment_file import only_one_acceptance, write_environment
from cli.errors import CommandError
from infra.settings.environment import Settings
from infra.settings.loader import load_settings
from tests.synthesis import ROOT

ACCOUNT = "111122223333"


def written(
    source: str, file: Path, *, monkeypatch: pytest.MonkeyPatch, partitions: bool = False, budget: bool = True
) -> Settings:
    """Write the file of a source into a copy of the environments, and return its settings."""
    for path in (ROOT / "environments").glob("*.toml"):
        (file.parent / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(environment_file, "ENVIRONMENTS", file.parent)
    return write_environment(source, account=ACCOUNT, partitions=partitions, budget=budget)


@pytest.mark.parametrize("source", ["dev", "staging", "prod"])
def test_nothing_is_kept_scheduled_or_mailed(source: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = written(source, file, monkeypatch=monkeypatch)
    given = load_settings(source, ROOT / "environments")
    assert (settings.name, settings.keeps_data, settings.deployment.account) == ("onejob-acceptance", False, ACCOUNT)
    assert not settings.schedule.enabled
    assert (settings.alerts.emails, settings.alerts.deadline_cron) == ((), None)
    assert settings.partitions is None
    for name in ("training_job", "network", "retention", "athena", "functions"):
        assert getattr(settings, name) == getattr(given, name), name
    assert settings.deployment.region == given.deployment.region
    assert settings.alerts.monthly_budget_usd == given.alerts.monthly_budget_usd


@pytest.mark.parametrize("source", ["dev", "prod"])
def test_the_fleet_has_two_instances(source: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = written(source, file, monkeypatch=monkeypatch).fleet
    given = load_settings(source, ROOT / "environments")
    types = given.fleet.instance_types if given.fleet else given.training_job.instance_types[:1]
    assert fleet is not None
    assert (fleet.enabled, fleet.instances, fleet.deadline_minutes) == (False, 2, None)
    assert fleet.instance_types == types


def test_partitions_are_added(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = written("dev", file, partitions=True, monkeypatch=monkeypatch)
    assert settings.partitions is not None
    assert settings.partitions.names == ("north", "south")


def test_a_budget_that_aws_refuses_is_left_out(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings("prod", ROOT / "environments").alerts.monthly_budget_usd is not None
    assert written("prod", file, monkeypatch=monkeypatch, budget=False).alerts.monthly_budget_usd is None


def test_two_acceptances_of_a_checkout_exclude_each_other(file: Path) -> None:
    uses = f"another acceptance uses {file}"
    with only_one_acceptance(), pytest.raises(CommandError, match=uses), only_one_acceptance():
        raise AssertionError("both run")
    with only_one_acceptance():
        assert not file.exists()


def test_git_ignores_the_file() -> None:
    assert "environments/acceptance.toml" in (ROOT / ".gitignore").read_text().splitlines()
