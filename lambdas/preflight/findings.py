"""The results of preflight checks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

Verdict = Literal["fine", "note", "wrong", "unknown"]


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        verdict: `fine`: the check passed. `note`: the run may succeed, but someone should act. `unknown`: the check
            could not run. `wrong`: the run would fail. Only `wrong` stops the execution.
        line: The result, and the fix if one is needed.
    """

    verdict: Verdict
    line: str


def fine(line: str) -> Finding:
    """Return a passed check."""
    return Finding("fine", line)


def note(line: str) -> Finding:
    """Return a warning: the run may succeed, but someone should act."""
    return Finding("note", line)


def wrong(line: str) -> Finding:
    """Return a failed check: the run would fail."""
    return Finding("wrong", line)


def unknown(line: str) -> Finding:
    """Return a check that has no result."""
    return Finding("unknown", line)


def looked_at(what: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """Run a check; if it raises an error, return `unknown`, so that the run goes on.

    Args:
        what: Name of the check, with which its lines begin.
        check: Function that returns the findings.
    """
    try:
        return check()
    except (ClientError, BotoCoreError, OSError, ValueError, KeyError) as error:
        return [unknown(f"{what}: the check could not run: {error}")]
