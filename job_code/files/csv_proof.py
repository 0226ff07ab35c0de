"""Prove that no row of a CSV file was lost: count its rows a second time, without the library that read them."""

import csv
import io
from pathlib import Path

from job_code.files.packing import BLOCK, Packing, opened
from job_code.files.unreadable import UnreadableFileError

MAX_VALUE = 1_000_000  # characters; a longer value is a quote that does not close


def prove_whole(path: Path, packing: Packing, delimiter: str, *, columns: int, rows: int) -> None:
    """Compare the number of rows with the lines of a file in UTF-8.

    Where no value holds a line break and no line is empty, every line is a row. Otherwise Python's own reader counts.

    Args:
        path: The file.
        packing: Its compression.
        delimiter: The character between two values.
        columns: Number of columns.
        rows: Number of rows that were read.

    Raises:
        UnreadableFileError: The file holds another number of rows, or its last line was cut.
    """
    lines, last = 0, b""
    with opened(path, packing) as content:
        while block := content.read(BLOCK):
            lines += block.count(b"\n")
            last = block[-1:]
    complete = last in (b"\n", b"\r")
    if complete and lines == rows + 1:
        return
    try:
        counted, windows = _count_with_python(path, packing, delimiter, columns)
    except csv.Error:
        raise UnreadableFileError("its rows cannot be counted", remedy="Check the quotes") from None
    if counted != rows:
        raise UnreadableFileError(f"{rows:,} rows were read, but it has {counted:,}", remedy="Check the quotes")
    if not complete and not windows:
        raise UnreadableFileError(
            f"line {lines + 1} ends without a line break, so the file may have been cut",
            remedy="Write the file again; if it is complete, add a line break at its end",
        )


def _count_with_python(path: Path, packing: Packing, delimiter: str, columns: int) -> tuple[int, bool]:
    """Return the number of rows, and whether the lines end as on Windows.

    Raises:
        UnreadableFileError: A quoted value holds whole rows, because a quote is missing.
    """
    csv.field_size_limit(MAX_VALUE)
    delimiters, rows = columns - 1, -1
    with opened(path, packing) as content, io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text:
        windows = text.readline().endswith("\r\n")
        text.seek(0)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        for row in reader:
            rows += bool(row)
            for value in row:
                if "\n" in value and any(
                    delimiters and inside.count(delimiter) == delimiters for inside in value.split("\n")[1:-1]
                ):
                    raise UnreadableFileError(
                        f"a quoted value before line {reader.line_num} holds whole rows",
                        remedy="Close the quote, and double each quote inside a value",
                    )
    return rows, windows
