"""Steps run in order, a failed one skips those that need it, and everything is removed at the end."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cli.acceptance.record import Outcome, Record
from cli.acceptance.run_acceptance import clean_up, run_acceptance
from cli.acceptance.steps.step import expect
from cli.acceptance.trial import CommandFailedError, Trial
from tests.unit.cli.acceptance.conftest import shown

Steps = Callable[..., list[str]]


def passes(_: Trial) -> str:
    return "as expected"


def fails(_: Trial) -> str:
    expect(False, "something else")
    return "never"


def test_all_steps_pass_and_everything_is_removed(trial: Trial, steps: Steps) -> None:
    done = steps(deploy=passes, run=(passes, ("deploy",)))
    assert run_acceptance(trial, keep=False)
    assert done == ["deploy", "run", "destroy"]
    assert Record.read(trial.record.file) is None  # it is over, so the next one starts at the beginning
    report = (trial.folder / "report.md").read_text()
    assert "| run | run works. | as expected | ✓ passed | 0 |" in report
    assert "3 steps passed, 0 failed, 0 skipped" in report
    assert "1 of 3: deploy" in shown(trial)


def test_a_failed_step_is_reported_and_skips_what_needs_it(trial: Trial, steps: Steps) -> None:
    done = steps(deploy=passes, run=(fails, ("deploy",)), query=(passes, ("run",)), abort=(passes, ("deploy",)))
    assert not run_acceptance(trial, keep=False)
    assert done == ["deploy", "run", "abort", "destroy"]
    report = (trial.folder / "report.md").read_text()
    assert "| run | run works. | something else | ✗ failed | 0 |" in report
    assert "| query | query works. | It needs run. | · skipped | 0 |" in report
    assert trial.record.is_over


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (CommandFailedError("onejob deploy: exit code 1:\nno quota"), "onejob deploy: exit code 1:\nno quota"),
        (KeyError("run_id"), "KeyError: 'run_id'; the traceback is in"),
    ],
)
def test_an_error_of_any_kind_is_the_steps(trial: Trial, steps: Steps, error: Exception, seen: str) -> None:
    def raises(_: Trial) -> str:
        raise error

    steps(deploy=raises)
    assert not run_acceptance(trial, keep=False)
    assert trial.record.outcomes["deploy"].seen.startswith(seen)
    assert trial.record.is_over


def test_an_error_of_aws_is_the_steps(trial: Trial, steps: Steps) -> None:
    def asks(trial: Trial) -> str:
        return str(trial.place.client("sqs").get_queue_url(QueueName="nowhere"))

    steps(deploy=asks)
    assert not run_acceptance(trial, keep=False)
    assert trial.record.outcomes["deploy"].seen.startswith("AWS: An error occurred")


def test_ctrl_c_removes_everything(trial: Trial, steps: Steps) -> None:
    def interrupted(_: Trial) -> str:
        raise KeyboardInterrupt

    done = steps(deploy=passes, run=interrupted, query=passes)
    with pytest.raises(KeyboardInterrupt):
        run_acceptance(trial, keep=False)
    assert done == ["deploy", "run", "destroy"]
    assert trial.record.is_over
    assert "The acceptance ended before this step." in (trial.folder / "report.md").read_text()


def test_a_kept_acceptance_continues_at_the_failed_step(trial: Trial, steps: Steps) -> None:
    done = steps(deploy=passes, run=fails, query=passes)
    assert not run_acceptance(trial, keep=True)
    assert done == ["deploy", "run"]
    continued = Record.read(trial.record.file)
    assert continued is not None
    assert continued == trial.record
    trial.record = continued
    done = steps(deploy=passes, run=passes, query=passes)
    assert run_acceptance(trial, keep=True)
    assert done == ["run", "query", "destroy"]


def test_a_removal_that_fails_says_how_to_repeat_it(trial: Trial, steps: Steps) -> None:
    steps(deploy=passes, destroy=fails)
    assert not run_acceptance(trial, keep=False)
    assert "onejob acceptance --environment dev --clean-up" in shown(trial)
    assert Record.read(trial.record.file) is not None
    steps(deploy=passes)
    assert clean_up(trial)
    assert trial.record.is_over


def test_a_step_that_only_aws_can_settle_is_no_failure_of_a_rehearsal(trial: Trial, steps: Steps) -> None:
    done = steps(deploy=passes, alarms=(passes, (), True))
    trial.place = replace(trial.place, is_aws=False)
    assert run_acceptance(trial, keep=False)
    assert done == ["deploy", "destroy"]
    assert trial.record.outcomes["alarms"].verdict == "skipped"


def test_a_record_keeps_facts_and_outcomes(trial: Trial) -> None:
    record = trial.record
    record.end_step("deploy", Outcome(verdict="failed", seen="no quota", seconds=3.5))
    record.keep(first_run="run-1", held_run="run-2")
    record.forget("held_run")
    record.forget("held_run")
    read: Any = Record.read(record.file)
    assert read.outcomes["deploy"] == Outcome(verdict="failed", seen="no quota", seconds=3.5)
    assert (read.facts, read.acceptance_id) == ({"first_run": "run-1"}, "20261129T031500")
    assert Record.read(record.file.with_name("other.json")) is None
