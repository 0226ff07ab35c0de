"""Operators hear of a run that is not published by its deadline, and why."""

import pytest

from lambdas.check_late.handler import Deadline, check_late
from lambdas.run_registry.record import LATEST, Claim, begin_publishing, claim, end
from lambdas.run_registry.table import RunTable

CUTOFF, AT = "2026-11-16", "2026-11-23T05:10:00+00:00"
DUE = {"scheduled_time": "2026-11-23T08:00:00Z"}  # Monday, nine o'clock in Berlin
EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:onejob-prod-forecast:weekly"


class Topics:
    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []

    def publish(self, **message: str) -> None:
        self.sent.append(message)


@pytest.fixture
def deadline(table: RunTable) -> Deadline:
    return Deadline(table, Topics(), "arn:topic", "onejob-prod", "W-MON", "start", "Europe/Berlin")


def sent(deadline: Deadline) -> list[dict[str, str]]:
    assert isinstance(deadline.topics, Topics)
    return deadline.topics.sent


def begin(deadline: Deadline) -> None:
    deadline.table.change("all", CUTOFF, lambda run: claim(run, Claim(EXECUTION, "schedule", "f", AT, AT, 0, 60)))


def test_a_published_run_is_not_late_whatever_came_after(deadline: Deadline) -> None:
    begin(deadline)
    deadline.table.change("all", CUTOFF, lambda run: begin_publishing(run, EXECUTION, {}))
    deadline.table.change("all", CUTOFF, lambda run: end(run, EXECUTION, "published", now=AT, details={}))
    again = Claim("other", "hand", "g", AT, AT, 0, 60, force=True)
    deadline.table.change("all", CUTOFF, lambda run: claim(run, again))
    assert check_late(DUE, deadline=deadline) == {"cutoff": CUTOFF, "late": False}
    assert sent(deadline) == []


def test_a_run_that_nobody_has_started_is_late(deadline: Deadline) -> None:
    assert check_late(DUE, deadline=deadline) == {"cutoff": CUTOFF, "late": True}
    (message,) = sent(deadline)
    assert message["TopicArn"] == "arn:topic"
    assert message["Subject"] == "onejob-prod: late: no forecast from 2026-11-16"
    assert "No execution has had it" in message["Message"]


def test_a_late_run_that_is_at_work_or_has_failed_says_so(deadline: Deadline) -> None:
    begin(deadline)
    check_late(DUE, deadline=deadline)
    assert f"Execution weekly has been at work on it since {AT}" in sent(deadline)[0]["Message"]
    failed = {"summary": "demand: no files."}
    deadline.table.change("all", CUTOFF, lambda run: end(run, EXECUTION, "failed", now=AT, details=failed))
    check_late(DUE, deadline=deadline)
    assert f"Execution weekly ended as failed at {AT}: demand: no files. See" in sent(deadline)[1]["Message"]


@pytest.mark.parametrize(("begun", "said"), [(AT, "has been at work on it"), ("2026-11-16T05:10:00+00:00", "No exec")])
def test_a_run_that_was_started_by_hand_without_a_cutoff(deadline: Deadline, begun: str, said: str) -> None:
    wish = Claim(EXECUTION, "hand", "f", begun, begun, 0, 60)
    deadline.table.change("all", LATEST, lambda run: claim(run, wish))
    check_late(DUE, deadline=deadline)
    assert said in sent(deadline)[0]["Message"]


def test_the_day_is_that_of_the_time_zone(deadline: Deadline) -> None:
    # Half past midnight on Monday in Berlin is still Sunday in UTC: the week of the 9th has just ended there.
    assert check_late({"scheduled_time": "2026-11-15T23:30:00Z"}, deadline=deadline)["cutoff"] == "2026-11-09"
