"""What a check comes to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

Verdict = Literal["fine", "note", "wrong", "unknown"]


@dataclass(frozen=True)
class Finding:
    """What one check came to.

    Attributes:
        verdict: `note` where the run may go well and somebody should do something all the same; `unknown` where it
            could not be looked at: neither stops anything.
        line: What was found, and what to do about it where it is wrong.
    """

    verdict: Verdict
    line: str


def fine(line: str) -> Finding:
    """It is as it should be."""
    return Finding("fine", line)


def note(line: str) -> Finding:
    """The run may go well, and somebody should do something all the same."""
    return Finding("note", line)


def wrong(line: str) -> Finding:
    """The run would fail."""
    return Finding("wrong", line)


def unknown(line: str) -> Finding:
    """Nobody can tell."""
    return Finding("unknown", line)


def looked_at(what: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """Runs a check; one that cannot be made, whatever the answer was, says so and leaves it to the run to find out.

    Args:
        what: What it looks at, as its lines begin.
        check: Makes the findings.
    """
    try:
        return check()
    except (ClientError, BotoCoreError, OSError, ValueError, KeyError) as error:
        return [unknown(f"{what}: could not be looked at: {error}")]
