"""Format tables in Markdown."""

from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown.

    Args:
        head: Names of the columns.
        rows: Cells of each row. Missing cells at the end are empty.
    """
    every = [[*row, *[""] * (len(head) - len(row))] for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(f"| {' | '.join(row)} |" for row in every)
