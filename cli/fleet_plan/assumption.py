"""Assumptions of an estimate with their sources, so that a reader can check them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Assumption:
    """One number behind an estimate.

    Attributes:
        name: The quantity.
        value: Its value, with the unit.
        basis: How the value is known.
        source: The file, option, measurement or document that has the value.
    """

    name: str
    value: str
    basis: Literal["given", "measured", "published", "assumed"]
    source: str


def format_assumptions(assumptions: Iterable[Assumption]) -> str:
    """Return a table of the assumptions in plain text."""
    rows = [[each.name, each.value, each.basis, each.source] for each in assumptions]
    return format_table(["assumption", "value", "basis", "source"], rows)


def format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in plain text. Columns of numbers are aligned right, others left."""
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
