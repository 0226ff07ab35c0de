"""Collect all findings about the input, with counts and a few examples, so that the user sees them together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from contract.error_codes import one_line
from job_code.errors import InputError

EXAMPLES = 3

# An error ends the run. A warning says that forecasts are probably wrong: the quality gate may reject the run.
# A note says how the job read something unusual.
Level = Literal["error", "warning", "note"]


@dataclass(kw_only=True)
class _Finding:
    level: Level
    source: str
    noun: str
    problem: str
    remedy: str
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        shown = f", e.g. {', '.join(self.examples)}" if self.examples else ""
        return f"{self.source}: {plural(self.count, self.noun)} {self.problem}{shown}. {self.remedy}"


class ValidationReport:
    """Findings so far. The same problem in many files is one finding.

    Attributes:
        dropped: The inputs with invalid rows that later checks do not see: `demand`.
    """

    def __init__(self) -> None:
        self.dropped: set[str] = set()
        self._findings: dict[tuple[Level, str, str, str], _Finding] = {}
        self._statements: list[tuple[Level, str]] = []

    def add(
        self,
        source: str,
        noun: str,
        problem: str,
        *,
        remedy: str,
        count: int,
        examples: Sequence[str],
        level: Level = "error",
    ) -> None:
        """Add occurrences of a problem. A count of 0 adds nothing.

        Args:
            source: The input: `demand`, `static` or `covariates`.
            noun: The counted noun, singular: `row`, `file`.
            problem: The problem, worded to follow the counted noun.
            remedy: What the user must do: an imperative sentence without its period.
            count: Number of additional occurrences.
            examples: Some occurrences. Only the first few are kept.
            level: Consequence of the finding.
        """
        if count:
            found = self._findings.setdefault(
                (level, source, problem, remedy),
                _Finding(level=level, source=source, noun=noun, problem=problem, remedy=remedy),
            )
            found.count += count
            found.examples += examples[: EXAMPLES - len(found.examples)]

    def room(self, source: str, problem: str, *, remedy: str, level: Level = "error") -> int:
        """Return how many examples of a problem are still missing. The arguments are those of `add`."""
        found = self._findings.get((level, source, problem, remedy))
        return EXAMPLES - (len(found.examples) if found else 0)

    def merge(self, others: "ValidationReport") -> None:
        """Append the findings of another report, e.g. of a worker."""
        self.dropped |= others.dropped
        for found in others._findings.values():
            self.add(
                found.source,
                found.noun,
                found.problem,
                remedy=found.remedy,
                count=found.count,
                examples=found.examples,
                level=found.level,
            )
        self._statements += others._statements

    def add_message(self, message: str, *, level: Level = "error") -> None:
        """Add a finding without a count. The message names the input, the problem and the remedy."""
        self._statements.append((level, message))

    def messages(self, level: Level = "error") -> list[str]:
        """Return one line per finding of a level. Counted findings come first."""
        counted = [str(found) for found in self._findings.values() if found.level == level]
        stated = [message for its_level, message in self._statements if its_level == level]
        return [one_line(message) for message in (*counted, *stated)]

    def raise_if_any(self) -> None:
        """Fail if there is any error.

        Raises:
            InputError: With every error found so far.
        """
        messages = self.messages()
        if messages:
            raise InputError(messages)


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 row`, `2,000 rows`, `3 series`."""
    ending = "" if count == 1 or noun.endswith("s") else "s"
    return f"{count:,} {noun}{ending}"
