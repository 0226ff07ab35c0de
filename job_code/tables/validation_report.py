"""Collect all problems of the input, with counts and a few examples, so that the user sees them together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from job_code.errors import InputError

EXAMPLES = 3


@dataclass(kw_only=True)
class _Finding:
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
    """Problems found so far. The same problem in many files is one finding."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, str], _Finding] = {}
        self._statements: list[str] = []

    def add(self, source: str, noun: str, problem: str, *, remedy: str, count: int, examples: Sequence[str]) -> None:
        """Add occurrences of a problem. A count of 0 adds nothing.

        Args:
            source: The input: `demand`, `static` or `covariates`.
            noun: The counted noun, singular: `row`, `file`.
            problem: The problem, worded to follow the counted noun.
            remedy: What the user must do: an imperative sentence without its period.
            count: Number of additional occurrences.
            examples: Some occurrences. Only the first few are kept.
        """
        if count:
            found = self._findings.setdefault(
                (source, problem), _Finding(source=source, noun=noun, problem=problem, remedy=remedy)
            )
            found.count += count
            found.examples += examples[: EXAMPLES - len(found.examples)]

    def merge(self, others: "ValidationReport") -> None:
        """Append the findings of another report, e.g. of a worker."""
        for found in others._findings.values():
            self.add(
                found.source,
                found.noun,
                found.problem,
                remedy=found.remedy,
                count=found.count,
                examples=found.examples,
            )
        self._statements += others._statements

    def add_message(self, message: str) -> None:
        """Add a problem without a count. The message names the input, the problem and the remedy."""
        self._statements.append(message)

    def messages(self) -> list[str]:
        """Return one line per problem. Counted problems come first."""
        return [*map(str, self._findings.values()), *self._statements]

    def raise_if_any(self) -> None:
        """Fail if there is any problem.

        Raises:
            InputError: With every problem found so far.
        """
        messages = self.messages()
        if messages:
            raise InputError(messages)


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 row`, `2,000 rows`, `3 series`."""
    ending = "" if count == 1 or noun.endswith("s") else "s"
    return f"{count:,} {noun}{ending}"
