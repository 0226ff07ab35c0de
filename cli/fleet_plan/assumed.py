"""A number that an answer rests on, and where it is from, so that a reader can disagree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Assumed:
    """One of them.

    Attributes:
        name: What it is of.
        value: With its unit.
        kind: How it is known.
        source: Where it is from.
    """

    name: str
    value: str
    kind: Literal["given", "measured", "published", "believed"]
    source: str


def told(assumed: Iterable[Assumed]) -> str:
    """All of them as a table."""
    rows = [[each.name, each.value, each.kind, each.source] for each in assumed]
    return aligned(["assumed", "value", "known", "from"], rows)


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in plain text: columns of numbers to the right, others to the left."""
    columns = list(zip(head, *rows, strict=True))
    lines = []
    for row in (head, *rows):
        cells = [
            cell.rjust(max(map(len, column))) if _numbers(column[1:]) else cell.ljust(max(map(len, column)))
            for cell, column in zip(row, columns, strict=True)
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def _numbers(cells: Iterable[str]) -> bool:
    return all(cell.strip("$%x+-").replace(",", "").replace(".", "").isdigit() or not cell for cell in cells)
