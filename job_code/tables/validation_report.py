"""Collects all that is wrong with the input before anyone is told, with counts and a few examples."""

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
        return f"{self.source}: {plural(self.count, self.noun)} {self.problem}{shown}; {self.remedy}"


class ValidationReport:
    """Problems found so far; the same problem in many files is one finding."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, str], _Finding] = {}
        self._statements: list[str] = []

    def add(self, source: str, noun: str, problem: str, *, remedy: str, count: int, examples: Sequence[str]) -> None:
        """Adds `count` occurrences of a problem; nothing where there are none.

        Args:
            source: Which input: `demand`, `static`.
            noun: What is counted, in the singular: `row`, `file`.
            problem: What is wrong with them, as it reads after the counted noun.
            remedy: What to do about it.
            count: How many more were found.
            examples: Some of them; the first few are kept.
        """
        if count:
            found = self._findings.setdefault(
                (source, problem), _Finding(source=source, noun=noun, problem=problem, remedy=remedy)
            )
            found.count += count
            found.examples += examples[: EXAMPLES - len(found.examples)]

    def absorb(self, others: "ValidationReport") -> None:
        """Adds what was found elsewhere, after what was found here."""
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

    def state(self, message: str) -> None:
        """Adds a problem that is not counted; the message names the input, what is wrong and what to do."""
        self._statements.append(message)

    def messages(self) -> list[str]:
        """One line a problem, counted ones first."""
        return [*map(str, self._findings.values()), *self._statements]

    def raise_if_any(self) -> None:
        """Ends the job where anything was found.

        Raises:
            InputError: With every problem found so far.
        """
        messages = self.messages()
        if messages:
            raise InputError(messages)


def plural(count: int, noun: str) -> str:
    """`1 row`, `2,000 rows`, `3 series`."""
    ending = "" if count == 1 or noun.endswith("s") else "s"
    return f"{count:,} {noun}{ending}"
