"""The Markdown report of an acceptance: what each step expected and saw, the costs, and what is still believed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cli.acceptance.beliefs import Belief
from cli.acceptance.costs import JobCosts
from cli.acceptance.record import Outcome, Record
from cli.acceptance.steps.step import Step
from infra.settings.environment import Settings

MARKS = {"passed": "✓ passed", "failed": "✗ failed", "skipped": "· skipped"}
NOT_RUN = Outcome(verdict="skipped", seen="The acceptance ended before this step.")


def report(
    record: Record,
    steps: Sequence[Step],
    beliefs: Sequence[Belief],
    *,
    settings: Settings,
    costs: JobCosts | None,
    is_aws: bool,
) -> str:
    """Return the report.

    Args:
        record: The record of the acceptance.
        steps: All steps, in order.
        beliefs: All beliefs.
        settings: The settings of the deployment. A belief about a setting that they lack stays open.
        costs: Costs of the jobs; None if AWS did not answer.
        is_aws: False if the acceptance was a rehearsal in the local cloud, which settles no belief.
    """
    open_beliefs = [_without_setting(belief, settings) for belief in beliefs]
    lines = [*_head(record, steps, costs), "", *_steps(record, steps), "", *_beliefs(record, open_beliefs, is_aws)]
    return "\n".join(lines)


def outcome_of(record: Record, step: Step) -> Outcome:
    """Return the outcome of a step; a skipped one if the step was not reached."""
    return record.outcomes.get(step.name, NOT_RUN)


def count_verdicts(record: Record, steps: Sequence[Step]) -> str:
    """Return how many steps passed, failed and were skipped, for example `21 steps passed, 0 failed, 1 skipped`."""
    counts = dict.fromkeys(MARKS, 0)
    for step in steps:
        counts[outcome_of(record, step).verdict] += 1
    return f"{counts['passed']} steps passed, {counts['failed']} failed, {counts['skipped']} skipped"


def _head(record: Record, steps: Sequence[Step], costs: JobCosts | None) -> Iterator[str]:
    seconds = sum(outcome.seconds for outcome in record.outcomes.values())
    yield f"# Acceptance of {record.environment} in {record.place}"
    yield ""
    yield f"- Started {record.started_at}, commit {record.revision or 'unknown'}"
    yield f"- {count_verdicts(record, steps)}"
    yield f"- {seconds / 60:.0f} minutes"
    if costs is not None:
        price = "no price for a type" if costs.dollars is None else f"${costs.dollars:.2f}"
        yield f"- {costs.jobs} jobs, {costs.instance_seconds:,.0f} billed instance seconds, {price}"
    yield f"- Everything removed: {'yes' if record.is_over else 'no'}"


def _steps(record: Record, steps: Sequence[Step]) -> Iterator[str]:
    yield "## Steps"
    yield ""
    yield "| Step | Expected | Seen | Result | Seconds |"
    yield "| --- | --- | --- | --- | --- |"
    for step in steps:
        outcome = outcome_of(record, step)
        cells = (step.name, step.expects, outcome.seen, MARKS[outcome.verdict], f"{outcome.seconds:.0f}")
        yield f"| {' | '.join(map(_cell, cells))} |"


def _beliefs(record: Record, beliefs: Sequence[Belief], is_aws: bool) -> Iterator[str]:
    yield "## Beliefs about AWS"
    yield ""
    yield "| Belief | Source | Steps | Result |"
    yield "| --- | --- | --- | --- |"
    for belief in beliefs:
        cells = (belief.claim, belief.source, ", ".join(belief.steps), _verdict(record, belief, is_aws))
        yield f"| {' | '.join(map(_cell, cells))} |"


def _without_setting(belief: Belief, settings: Settings) -> Belief:
    """Return the belief; if the deployment lacks its setting, as one that no step settles."""
    table, _, setting = belief.only_with.partition(".")
    if not belief.only_with or getattr(getattr(settings, table), setting, False):  # a table may be absent
        return belief
    return replace(belief, steps=(), unsettled=f"the settings are without {belief.only_with}")


def _verdict(record: Record, belief: Belief, is_aws: bool) -> str:
    if not belief.steps:
        return f"open: {belief.unsettled}"
    if all(map(record.passed, belief.steps)):
        return "settled" if is_aws else "rehearsed"
    failed = [name for name in belief.steps if name in record.outcomes and record.outcomes[name].verdict == "failed"]
    return f"in doubt: {', '.join(failed)} failed" if failed else "open: not all of its steps ran"


def _cell(text: str) -> str:
    """Return text for one cell of a table. Line breaks and bars would end the cell."""
    return "<br>".join(text.replace("|", "\\|").splitlines())
