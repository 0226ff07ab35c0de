"""Invalid rows of covariates: how many there are, and which the first ones are."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from job_code.exogenous_files.covariate_shuffle_files import ShuffledRows
from job_code.series.arrays import Integers
from job_code.tables.validation_report import EXAMPLES


class Problem(NamedTuple):
    """A kind of invalid rows of a table, by its number, with a column that they concern."""

    kind: Literal["off_calendar", "duplicates", "repeated", "conflicts"]
    table: int
    column: str


class Example(NamedTuple):
    """Hash of the key and moment of an invalid row. The rows in the shards have no more."""

    hash: int
    moment: int


@dataclass(frozen=True)
class Problems:
    """Invalid rows by their problem.

    Attributes:
        counts: Number of rows.
        examples: The first rows.
    """

    counts: Counter[Problem] = field(default_factory=Counter)
    examples: dict[Problem, list[Example]] = field(default_factory=dict)

    def add(self, problem: Problem, at: Integers, rows: ShuffledRows) -> None:
        """Count the rows at some positions."""
        if not len(at):
            return
        self.counts[problem] += len(at)
        examples = self.examples.setdefault(problem, [])
        first = at[: EXAMPLES - len(examples)]
        examples += map(Example, rows.hash[first].tolist(), rows.moment[first].tolist())

    def __add__(self, other: "Problems") -> "Problems":
        examples = {problem: list(own) for problem, own in self.examples.items()}
        for problem, more in other.examples.items():
            examples[problem] = [*examples.get(problem, []), *more][:EXAMPLES]
        return Problems(self.counts + other.counts, examples)

    def __bool__(self) -> bool:
        return bool(self.counts)
