"""A table in Markdown."""

from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table.

    Args:
        head: Names of the columns.
        rows: Cells; a row may lack some at its end.
    """
    every = [[*row, *[""] * (len(head) - len(row))] for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(f"| {' | '.join(row)} |" for row in every)
