"""A fleet that no execution uses by default must not stop a deployment."""

import pytest

from cli.environment import read_settings
from cli.preflight.deployment_checks import excuse_idle_fleet
from lambdas.preflight.check_results import failed, ok


@pytest.mark.parametrize(("enabled", "verdict"), [(True, "failed"), (False, "warning")])
def test_a_failure_of_the_fleet(enabled: bool, verdict: str) -> None:
    fleet = read_settings("prod").fleet
    assert fleet is not None
    results = [failed("quota: training"), failed("quota: fleet")]
    training, last = excuse_idle_fleet(results, fleet.model_copy(update={"enabled": enabled}))
    assert (training.verdict, last.verdict) == ("failed", verdict)
    assert last.line.startswith("quota: fleet")


def test_only_failures_of_an_existing_fleet_are_excused() -> None:
    fleet = read_settings("prod").fleet
    assert fleet is not None
    assert not fleet.enabled
    passed = [failed("quota: training"), ok("quota: fleet")]
    assert excuse_idle_fleet(passed, fleet) == passed
    without = [failed("quota: training")]
    assert excuse_idle_fleet(without, None) == without
