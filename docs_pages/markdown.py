"""Write Markdown, with one line for each row of a table."""

import re
from collections.abc import Iterable, Sequence

# First line of a generated page, which readers of the rendered page do not see.
NOTE = "<!-- `python -m docs_pages` writes this page from the code. Change the code, not the page. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. A cell may have several lines of text, which become one; pipes are escaped."""
    lines = [[*map(cell, row)] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *lines])


def cell(text: str) -> str:
    """Return the text as one line that cannot end the cell, or begin a tag or an emphasis, outside code spans."""
    spans = " ".join(text.split()).replace("|", r"\|").split("`")
    return "`".join(span if number % 2 else _escape(span) for number, span in enumerate(spans))


def _escape(text: str) -> str:
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text.replace("<", "&lt;").replace("*", r"\*"))
