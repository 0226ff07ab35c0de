"""Findings, and the acknowledgments that accept them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """What a linter found.

    Attributes:
        rule: Id of the rule.
        place: Path of the construct, or of the file.
        lines: The lines of the file that it concerns.
        message: What is wrong.
    """

    rule: str
    place: str
    lines: range = range(0)
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Acknowledgment:
    """A finding that somebody accepted.

    Attributes:
        rule: Id of the rule.
        place: Path of the construct that has the finding itself or in a construct below, or of the file.
        line: Line of the file, for a rule that accepts lines and not files.
        reason: Reason to accept it.
    """

    rule: str
    place: str
    line: int | None = None
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Return whether this accepts a finding."""
        below = f"{finding.place}/".startswith(f"{self.place}/")
        return below and finding.rule == self.rule and (self.line is None or self.line in finding.lines)


def find_problems(findings: Collection[Finding], acknowledgments: Collection[Acknowledgment]) -> Iterator[str]:
    """Yield a line for each finding that nobody accepted, and for each stale or unexplained acknowledgment."""
    for finding in findings:
        if not any(each.covers(finding) for each in acknowledgments):
            at = f":{finding.lines[0]}" if finding.lines else ""
            yield f"{finding.place}{at}: {finding.rule}: {finding.message}"
    for each in acknowledgments:
        at = f":{each.line}" if each.line else ""
        if not any(each.covers(finding) for finding in findings):
            yield f"{each.place}{at}: {each.rule} is acknowledged, but the linter finds nothing there; remove it"
        if not each.reason:
            yield f"{each.place}{at}: {each.rule} is acknowledged without a reason; add it"
