"""The results of preflight checks."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

# Characters of an error in a line.
MAX_ERROR = 400

Verdict = Literal["ok", "warning", "failed", "unknown"]


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Attributes:
        verdict: `ok`: the check passed. `warning`: the run may succeed, but someone should act. `unknown`: the check
            could not run. `failed`: the run would fail. Only `failed` stops the execution.
        line: The result, and the fix if one is needed.
    """

    verdict: Verdict
    line: str


def ok(line: str) -> CheckResult:
    """Return a passed check."""
    return CheckResult("ok", line)


def warning(line: str) -> CheckResult:
    """Return a warning: the run may succeed, but someone should act."""
    return CheckResult("warning", line)


def failed(line: str) -> CheckResult:
    """Return a failed check: the run would fail."""
    return CheckResult("failed", line)


def unknown(line: str) -> CheckResult:
    """Return a check that has no result."""
    return CheckResult("unknown", line)


def run_check(what: str, check: Callable[[], list[CheckResult]]) -> list[CheckResult]:
    """Run a check; if it raises an error, return `unknown`, so that the run goes on.

    Args:
        what: Name of the check, with which its lines begin.
        check: Function that returns the results.
    """
    try:
        return check()
    except (ClientError, BotoCoreError, ResponseParserError, OSError, ValueError, KeyError) as error:
        # A proxy may answer with a whole page.
        return [unknown(f"{what}: the check could not run: {textwrap.shorten(str(error), MAX_ERROR)}")]
