"""Run the steps of an acceptance in order, and remove everything at the end."""

import time
import traceback

from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from cli.acceptance.beliefs import read_beliefs
from cli.acceptance.costs import job_costs
from cli.acceptance.record import Outcome
from cli.acceptance.report import count_verdicts, report
from cli.acceptance.steps.all_steps import DESTROY, STEPS
from cli.acceptance.steps.step import Step, UnexpectedError
from cli.acceptance.trial import CommandFailedError, Trial

COLORS = {"passed": "green", "failed": "red", "skipped": "yellow"}
MARKS = {"passed": "✓", "failed": "✗", "skipped": "·"}
REPORT = "report.md"


def run_acceptance(trial: Trial, *, keep: bool) -> bool:
    """Run all steps that have not passed, remove the environment, and write the report.

    Args:
        trial: The application to deploy.
        keep: Whether to stop at the first step that fails, and to keep the environment. The same command then
            continues with this step.

    Returns:
        Whether every step passed.

    Raises:
        KeyboardInterrupt: The user stopped the acceptance. The environment is removed then, unless `keep` is set.
    """
    try:
        for number, step in enumerate(STEPS, start=1):
            if trial.record.passed(step.name):
                trial.display.say(f"{step.name}: passed before")
            elif not _take(trial, step, f"{number} of {len(STEPS) + 1}") and keep:
                break  # a later step would change what this step needs
    finally:
        failed = [step.name for step in STEPS if not (trial.record.passed(step.name) or _cannot_run(trial, step))]
        if not (keep and failed):
            _clean_up(trial)
        _write_report(trial)
    return not failed and trial.record.is_over


def clean_up(trial: Trial) -> bool:
    """Remove what an interrupted acceptance has left.

    Returns:
        Whether everything is removed.
    """
    _clean_up(trial)
    return trial.record.is_over


def _take(trial: Trial, step: Step, position: str) -> bool:
    """Do one step and record its end. Return False if the step failed."""
    trial.display.heading(f"{position}: {step.name}")
    trial.display.say(f"expects: {step.expects}")
    trial.step = step.name
    started = time.monotonic()
    missing = [name for name in step.needs if not trial.record.passed(name)]
    if missing:
        outcome = Outcome(verdict="skipped", seen=f"It needs {', '.join(missing)}.")
    elif _cannot_run(trial, step):
        outcome = Outcome(verdict="skipped", seen="The local cloud does not have this service; only AWS settles it.")
    else:
        outcome = _perform(trial, step, started)
    trial.record.end_step(step.name, outcome)
    mark = (MARKS[outcome.verdict], COLORS[outcome.verdict])
    trial.display.console.print(Text.assemble("  ", mark, f" {outcome.seen} ({outcome.seconds:.0f} s)"))
    return outcome.verdict != "failed"


def _perform(trial: Trial, step: Step, started: float) -> Outcome:
    try:
        return Outcome(verdict="passed", seen=step.perform(trial), seconds=time.monotonic() - started)
    except (UnexpectedError, CommandFailedError) as error:
        seen = str(error)
    except (ClientError, BotoCoreError) as error:
        seen = f"AWS: {error}"
    except Exception as error:  # the environment must be removed after any error
        with trial.log.open("a", encoding="utf-8") as log:
            log.write(traceback.format_exc())
        seen = f"{type(error).__name__}: {error}; the traceback is in {trial.log}"
    return Outcome(verdict="failed", seen=seen, seconds=time.monotonic() - started)


def _clean_up(trial: Trial) -> None:
    _take(trial, DESTROY, "Clean-up")
    if trial.record.passed(DESTROY.name):
        trial.record.end()
    else:
        environment = trial.record.environment
        trial.display.say(f"Resources are left. Run: onejob acceptance --environment {environment} --clean-up")


def _cannot_run(trial: Trial, step: Step) -> bool:
    return step.only_on_aws and not trial.place.is_aws


def _write_report(trial: Trial) -> None:
    try:
        costs = job_costs(trial)
    except (ClientError, BotoCoreError):
        costs = None
    text = report(
        trial.record,
        (*STEPS, DESTROY),
        read_beliefs(),
        settings=trial.settings,
        costs=costs,
        is_aws=trial.place.is_aws,
    )
    file = trial.folder / REPORT
    file.write_text(f"{text}\n", encoding="utf-8")
    counts = count_verdicts(trial.record, (*STEPS, DESTROY))
    removed = "everything is removed" if trial.record.is_over else "resources are left"
    trial.display.heading(f"{counts}; {removed}")
    trial.display.say(f"report: {file}")
