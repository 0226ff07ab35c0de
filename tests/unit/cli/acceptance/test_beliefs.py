"""Each belief has a source and a step that settles it, or a reason why none can."""

import pytest

from cli.acceptance.beliefs import Belief, read_beliefs
from cli.acceptance.costs import JobCosts
from cli.acceptance.record import Outcome
from cli.acceptance.report import report
from cli.acceptance.steps.all_steps import DESTROY, STEPS
from cli.acceptance.trial import Trial
from infra.settings.loader import load_settings
from tests.synthesis import ROOT

BELIEFS = read_beliefs()
NAMES = [step.name for step in (*STEPS, DESTROY)]


@pytest.mark.parametrize("belief", BELIEFS, ids=lambda belief: belief.claim[:40])
def test_a_belief_names_its_source_and_its_steps(belief: Belief) -> None:
    assert belief.source.startswith("https://")
    assert set(belief.steps) <= set(NAMES)
    assert bool(belief.steps) != bool(belief.unsettled)
    assert belief.claim.endswith(".")
    assert belief.only_with in ("", "network.isolated")


def test_no_belief_is_written_twice() -> None:
    claims = [belief.claim for belief in BELIEFS]
    assert len(set(claims)) == len(claims)


def test_every_step_needs_only_earlier_ones() -> None:
    for number, step in enumerate(STEPS):
        assert set(step.needs) <= set(NAMES[:number]), step.name
    assert len(set(NAMES)) == len(NAMES)


def test_the_report_says_what_is_settled(trial: Trial) -> None:
    beliefs = [
        Belief(claim="It runs.", source="https://x", steps=("run",)),
        Belief(claim="It | draws\nlines.", source="https://x", steps=("run", "query")),
        Belief(claim="It ends.", source="https://x", steps=("destroy",)),
        Belief(claim="It is alone.", source="https://x", steps=("run",), only_with="network.isolated"),
        Belief(claim="It waits.", source="https://x", unsettled="nobody can cause it"),
    ]
    trial.record.end_step("run", Outcome(verdict="passed", seen="ran", seconds=60))
    trial.record.end_step("query", Outcome(verdict="failed", seen="a | b", seconds=60))
    costs = JobCosts(jobs=3, instance_seconds=1234.0, dollars=0.047)
    text = report(trial.record, STEPS, beliefs, settings=trial.settings, costs=costs, is_aws=True)
    assert "| It runs. | https://x | run | settled |" in text
    assert "| It \\| draws<br>lines. | https://x | run, query | in doubt: query failed |" in text
    assert "| It ends. | https://x | destroy | open: not all of its steps ran |" in text
    assert "| It is alone. | https://x |  | open: the settings are without network.isolated |" in text
    assert "| It waits. | https://x |  | open: nobody can cause it |" in text
    assert "- 3 jobs, 1,234 billed instance seconds, $0.05" in text
    assert "a \\| b" in text
    rehearsed = report(trial.record, STEPS, beliefs, settings=trial.settings, costs=None, is_aws=False)
    assert "| It runs. | https://x | run | rehearsed |" in rehearsed
    isolated = load_settings("prod", ROOT / "environments")
    text = report(trial.record, STEPS, beliefs, settings=isolated, costs=None, is_aws=True)
    assert "| It is alone. | https://x | run | settled |" in text
