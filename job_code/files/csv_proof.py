"""Prove that no row of a CSV file was lost: count its rows a second time, without the library that read them."""

import contextlib
import csv
import io
import itertools
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from job_code.files.packing import BLOCK, UTF8, Packing, opened
from job_code.files.unreadable import UnreadableFileError

if TYPE_CHECKING:
    from _csv import Reader

MAX_VALUE = 1_000_000  # characters; a longer value is a quote that does not close
LINE_BREAK = re.compile(r"\r\n|\r|\n")
SAMPLED_ROWS = 50  # that show what the values of each column look like
MOST = 0.8  # of these
NUMBER, LONG_NUMBER, LONG = "9", "99", 8  # forms, and the digits of a long number, such as 20261116
IS_NUMBER = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?")
DIGIT, LETTER, REPEATED = re.compile(r"\d"), re.compile(r"[^\W\d_]"), re.compile(r"([9a])\1+")


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
    count, usual = -1, None
    with python_rows(path, packing, delimiter, before=before) as (reader, _):
        last = 0
        for row in reader:
            first, last = last, reader.line_num
            count += bool(row)
            if last - first > 1 and columns > 1 and count > 0:
                usual = usual or _UsualRows.of(path, packing, delimiter, before)
                if any(map(usual.have, _lines_inside(row, delimiter))):
                    line = before + last
                    begin = line - max(len(LINE_BREAK.findall(value)) for value in row)
                    raise UnreadableFileError(
                        f"a quoted value in the lines {begin} to {line} holds whole rows",
                        remedy="Close the quote, and double each quote inside a value. If the value is right, replace "
                        "its line breaks, or write the file as Parquet",
                    )
    return count


def _lines_inside(row: list[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the values of each line inside a quoted value that has as many values as a row.

    In a text, few lines have so many. The last line continues after the value. It counts if the first line, which
    begins before the value, is a row too.
    """
    for column, value in enumerate(row):
        first, *inside = LINE_BREAK.split(value)
        lines = [line.split(delimiter) for line in inside[:-1] if line.strip()]
        whole = [line for line in lines if len(line) == len(row)]
        yield from whole if 2 * len(whole) >= len(lines) else ()
        if inside and column + first.count(delimiter) == len(row) - 1 and inside[-1].count(delimiter) == column:
            yield [*inside[-1].split(delimiter), *row[column + 1 :]]


@dataclass(frozen=True)
class _UsualRows:
    """What rows look like.

    Attributes:
        forms: Form of most values of each column; empty if they have several forms, or are words.
        follow_blanks: Whether there is a blank before the values of a column.
    """

    forms: tuple[str, ...]
    follow_blanks: bool

    @classmethod
    def of(cls, path: Path, packing: Packing, delimiter: str, before: int) -> Self:
        with python_rows(path, packing, delimiter, before=before) as (reader, _):
            _, *rows = itertools.islice(filter(None, reader), 1 + SAMPLED_ROWS)
        columns = list(zip(*rows, strict=False))
        blanks = [sum(value[:1].isspace() for value in values) >= MOST * len(rows) for values in columns[1:]]
        return cls(tuple(map(_usual_form, columns)), any(blanks))

    def have(self, values: list[str]) -> bool:
        """Return whether the values of a line look like a row, not like a sentence with as many commas.

        Dates and codes say more than numbers. A line that could be both counts as a row.
        """
        if not self.follow_blanks and all(value[:1].isspace() for value in values[1:]):
            return False
        known = [(value, form) for value, form in zip(values, self.forms, strict=False) if form and value.strip()]
        weights = [(1 if form == NUMBER else 2) * (1 if _form(value) == form else -1) for value, form in known]
        return sum(weights) >= 0 if weights else not any(self.forms)


def _usual_form(values: Sequence[str]) -> str:
    forms = [_form(value) for value in values if value.strip() and not LINE_BREAK.search(value)]
    form, count = Counter(forms).most_common(1)[0] if forms else ("", 0)
    return form if "9" in form and count >= MOST * len(forms) else ""


def _form(value: str) -> str:
    """Return the form of a value, such as `9-9-9` for a date and `a9` for a code. Long numbers are codes."""
    text = value.strip()
    if IS_NUMBER.fullmatch(text):
        return LONG_NUMBER if text.isdigit() and len(text) >= LONG else NUMBER
    return REPEATED.sub(r"\1", LETTER.sub("a", DIGIT.sub("9", text)))
