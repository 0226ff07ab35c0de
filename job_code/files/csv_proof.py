"""Prove that no row of a CSV file was lost: count its rows a second time, without the library that read them."""

import contextlib
import csv
import io
import itertools
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from job_code.files.packing import BLOCK, UTF8, Packing, opened
from job_code.files.unreadable import UnreadableFileError

if TYPE_CHECKING:
    from _csv import Reader

MAX_VALUE = 1_000_000  # characters; a longer value is a quote that does not close
LINE_BREAK = re.compile(r"\r\n|\r|\n")
NUMBER_OR_DATE = re.compile(r"[-+]?\d[\d.,:/ TZ+-]*")


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
    lines, last, is_windows = 0, b"", False
    with opened(path, packing) as content:
        while block := content.read(BLOCK):
            is_windows |= not lines and block.partition(b"\n")[0].endswith(b"\r")
            lines += block.count(b"\n")
            last = block[-1:]
    complete = last in (b"\n", b"\r")
    if complete and lines == rows + 1 + before:
        return
    try:
        counted = _count_with_python(path, packing, delimiter, columns, before)
    except csv.Error:
        raise UnreadableFileError("its rows cannot be counted", remedy="Check the quotes") from None
    if counted != rows:
        raise UnreadableFileError(f"{rows:,} rows were read, but it has {counted:,}", remedy="Check the quotes")
    if not complete and not is_windows:
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


@contextmanager
def one_line_end(path: Path, packing: Packing, delimiter: str) -> Iterator[Path]:
    """Provide a file in UTF-8 whose lines end in several ways as a plain copy with one kind of line ends.

    Args:
        path: The file.
        packing: Its compression.
        delimiter: The character between two values.

    Raises:
        UnreadableFileError: Its lines end in one way, or its quotes are wrong.
    """
    with tempfile.NamedTemporaryFile("w", prefix="lines-", encoding=UTF8, newline="") as copy:
        with python_rows(path, packing, delimiter) as (reader, text):
            try:
                csv.writer(copy, delimiter=delimiter, lineterminator="\n").writerows(reader)
            except csv.Error:
                reason = f"its rows cannot be separated; the first invalid quote is before line {reader.line_num + 1}"
                raise UnreadableFileError(reason, remedy="Check the quotes") from None
            if not isinstance(text.newlines, tuple):
                raise UnreadableFileError("its rows cannot be separated", remedy="Check the quotes")
        copy.flush()
        yield Path(copy.name)


@contextmanager
def python_rows(
    path: Path, packing: Packing, delimiter: str, *, before: int = 0
) -> Iterator[tuple["Reader", io.TextIOWrapper]]:
    """Open a file in UTF-8 with Python's own reader.

    Args:
        path: The file.
        packing: Its compression.
        delimiter: The character between two values.
        before: Number of lines before the header, which are skipped.

    Yields:
        The reader, and the text that it reads, which knows the line ends so far.
    """
    csv.field_size_limit(MAX_VALUE)
    with opened(path, packing) as content, io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text:
        yield csv.reader(itertools.islice(text, before, None), delimiter=delimiter, strict=True), text


def _count_with_python(path: Path, packing: Packing, delimiter: str, columns: int, before: int) -> int:
    """Return the number of rows.

    Raises:
        UnreadableFileError: A quoted value holds whole rows, because a quote is missing.
    """
    rows, usual = -1, list[str]()
    with python_rows(path, packing, delimiter, before=before) as (reader, _):
        for row in reader:
            rows += bool(row)
            if rows > 0 and any("\n" in value or "\r" in value for value in row):
                if columns > 1 and any(_is_row(each, usual) for each in _rows_inside(row, delimiter)):
                    last = before + reader.line_num
                    first = last - max(len(LINE_BREAK.findall(value)) for value in row)
                    raise UnreadableFileError(
                        f"a quoted value in the lines {first} to {last} holds whole rows",
                        remedy="Close the quote, and double each quote inside a value",
                    )
            elif rows > 0 and not usual:
                usual = row
    return rows


def _rows_inside(row: list[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the values of each line inside a quoted value that has as many values as a row.

    The last line continues after the value. It counts if the first line, which begins before the value, is a row too.
    """
    for column, value in enumerate(row):
        first, *inside = LINE_BREAK.split(value)
        yield from (line.split(delimiter) for line in inside[:-1] if line.count(delimiter) == len(row) - 1)
        if inside and column + first.count(delimiter) == len(row) - 1 and inside[-1].count(delimiter) == column:
            yield [*inside[-1].split(delimiter), *row[column + 1 :]]


def _is_row(values: list[str], usual: list[str]) -> bool:
    """Return whether the values of a line look like a row, not like a sentence with as many commas."""
    if usual and _follow_blanks(values) and not _follow_blanks(usual):
        return False
    numbers = [value for value, example in zip(values, usual, strict=False) if NUMBER_OR_DATE.fullmatch(example)]
    return not numbers or any(map(NUMBER_OR_DATE.fullmatch, numbers))


def _follow_blanks(values: list[str]) -> bool:
    return all(value[:1].isspace() for value in values[1:])
