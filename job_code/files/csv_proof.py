"""Prove that no row of a CSV file was lost: count its rows a second time, without the library that read them."""

import contextlib
import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from job_code.files.packing import BLOCK, Packing, opened
from job_code.files.unreadable import UnreadableFileError

MAX_VALUE = 1_000_000  # characters; a longer value is a quote that does not close


def prove_whole(path: Path, packing: Packing, delimiter: str, *, columns: int, rows: int, before: int = 0) -> None:
    """Compare the number of rows with the lines of a file in UTF-8.

    Where no value holds a line break and no line is empty, every line is a row. Otherwise Python's own reader counts.

    Args:
        path: The file.
        packing: Its compression.
        delimiter: The character between two values.
        columns: Number of columns.
        rows: Number of rows that were read.
        before: Number of lines before the header.

    Raises:
        UnreadableFileError: The file holds another number of rows, or its last line was cut.
    """
    lines, last = 0, b""
    with opened(path, packing) as content:
        while block := content.read(BLOCK):
            lines += block.count(b"\n")
            last = block[-1:]
    complete = last in (b"\n", b"\r")
    if complete and lines == rows + 1 + before:
        return
    try:
        counted, windows = _count_with_python(path, packing, delimiter, columns, before)
    except csv.Error:
        raise UnreadableFileError("its rows cannot be counted", remedy="Check the quotes") from None
    if counted != rows:
        raise UnreadableFileError(f"{rows:,} rows were read, but it has {counted:,}", remedy="Check the quotes")
    if not complete and not windows:
        raise UnreadableFileError(
            f"line {lines + 1} ends without a line break, so the file may have been cut",
            remedy="Write the file again; if it is complete, add a line break at its end",
        )


def lines_of_rows(content: IO[bytes], encoding: str, delimiter: str, *, before: int) -> Iterator[int]:
    """Yield the number of the first line of each row that has a value, up to the first row that is invalid.

    Args:
        content: The file.
        encoding: Its encoding.
        delimiter: The character between two values.
        before: Number of lines before the header.
    """
    csv.field_size_limit(MAX_VALUE)
    with contextlib.suppress(csv.Error, UnicodeError), io.TextIOWrapper(content, encoding, newline="") as text:
        reader = csv.reader(itertools.islice(text, before, None), delimiter=delimiter)
        line, has_header = before + 1, False
        for row in reader:
            if has_header and any(row):
                yield line
            has_header |= bool(row)
            line = before + reader.line_num + 1


def _count_with_python(path: Path, packing: Packing, delimiter: str, columns: int, before: int) -> tuple[int, bool]:
    """Return the number of rows, and whether the lines end as on Windows.

    Raises:
        UnreadableFileError: A quoted value holds whole rows, because a quote is missing.
    """
    csv.field_size_limit(MAX_VALUE)
    delimiters, rows = columns - 1, -1
    with opened(path, packing) as content, io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text:
        windows = text.readline().endswith("\r\n")
        text.seek(0)
        reader = csv.reader(itertools.islice(text, before, None), delimiter=delimiter, strict=True)
        for row in reader:
            rows += bool(row)
            for value in row:
                if "\n" in value and any(
                    delimiters and inside.count(delimiter) == delimiters for inside in value.split("\n")[1:-1]
                ):
                    raise UnreadableFileError(
                        f"a quoted value before line {before + reader.line_num} holds whole rows",
                        remedy="Close the quote, and double each quote inside a value",
                    )
    return rows, windows
