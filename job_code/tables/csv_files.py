"""CSV files: find out the dialect, stream rows with DuckDB, and prove by an independent count that none is lost.

DuckDB reads every column of every row, so a quote or a missing value in an unused column is noticed. Every value is
text: a type inferred from the first rows could turn the article 00123 into 123.
"""

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import polars as pl

from job_code.tables.unreadable import UnreadableFileError

BEGINNING = 1_000_000  # bytes that hold the header and show the delimiter
DELIMITERS = (",", ";", "\t", "|")
GZIP_MAGIC = b"\x1f\x8b"
# The byte order mark at the beginning of a file, and the encoding that it announces.
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# Python's names of the encodings. Its decoders then skip the mark.
DECODERS = {"utf-8": "utf-8-sig", "utf-16": "utf-16"}
MAX_ROW_BYTES = 1_000_000  # a longer row is a quote that does not close
MAX_REJECTED = 1_000  # DuckDB keeps so many invalid rows
BLOCK = 1 << 20  # bytes of one read while lines are counted
SHOWN = 60  # characters of a row in a message
# DuckDB's name of a defect; how the message continues after the line number; and the cure.
DEFECTS = {
    "MISSING COLUMNS": ("has fewer values than the header", "Complete the row; if the file was cut, write it again"),
    "TOO MANY COLUMNS": ("has more values than the header", "Put values that contain the delimiter in quotes"),
    "UNQUOTED VALUE": ("has a quote that does not close", "Close the quote, and double each quote inside a value"),
    "LINE SIZE OVER MAXIMUM": ("has a quote that does not close", "Close the quote"),
    "INVALID ENCODING": ("is not UTF-8", "Save the file as UTF-8"),
}


@dataclass(frozen=True, kw_only=True)
class CsvDialect:
    """How a CSV file is written.

    Attributes:
        encoding: `utf-8` or `utf-16`.
        compressed: Whether the file is compressed by gzip.
        delimiter: The character between two values.
        header: Names of all columns, without blanks around them.
    """

    encoding: str
    compressed: bool
    delimiter: str
    header: tuple[str, ...]


def read_beginning(path: Path, missing: Callable[[tuple[str, ...]], int]) -> tuple[CsvDialect, int]:
    """Find out how a CSV file is written, from its content alone, and estimate its number of rows.

    Args:
        path: The file.
        missing: Returns how many wanted columns a header lacks. The delimiter is the one that leaves the fewest.

    Returns:
        The dialect and the approximate number of rows, which is 0 only if there are none.

    Raises:
        UnreadableFileError: The beginning of the file is not text.
    """
    with path.open("rb") as file:
        compressed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    with _open(path, compressed=compressed) as opened:
        beginning, has_more = opened.read(BEGINNING), bool(opened.read(1))
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if beginning.startswith(mark)), "utf-8")
    text = _decoded(beginning, encoding)
    headers = [_header(text, delimiter) for delimiter in DELIMITERS]
    best = min(range(len(DELIMITERS)), key=lambda number: (missing(headers[number]), -len(headers[number])))
    dialect = CsvDialect(encoding=encoding, compressed=compressed, delimiter=DELIMITERS[best], header=headers[best])
    if has_more:
        return dialect, max(1, beginning.count(b"\n") * path.stat().st_size // len(beginning))
    return dialect, max(0, sum(1 for line in text.splitlines() if line.strip()) - 1)


def csv_batches(path: Path, dialect: CsvDialect, columns: Sequence[str], size: int) -> Iterator[pl.DataFrame]:
    """Stream columns of a CSV file as text, null where a value is empty. After the last batch, prove the file whole.

    Args:
        path: The file.
        dialect: How it is written.
        columns: Names of the columns.
        size: Maximum number of rows of a batch.

    Raises:
        UnreadableFileError: A row is invalid, or the file was cut, or the independent count finds another number of
            rows. The rows before are already yielded.
    """
    import duckdb
    from arro3.core import RecordBatchReader

    numbers = {dialect.header.index(column): column for column in columns}
    rows = 0
    with duckdb.connect() as database:
        try:
            found = database.sql(_query(dialect, list(numbers)), params=[_escaped(path)])
            for batch in RecordBatchReader.from_stream(found):
                frame = pl.Series(cast("Any", batch)).struct.unnest()
                frame.columns = list(numbers.values())
                rows += frame.height
                yield from frame.iter_slices(size)
        except duckdb.Error as error:
            raise UnreadableFileError(str(error).strip().splitlines()[0], remedy="Write the file again") from None
        _raise_if_rejected(
            database.sql("SELECT line, error_type, csv_line FROM reject_errors ORDER BY line").fetchall()
        )
    _prove_whole(path, dialect, rows)


def _open(path: Path, *, compressed: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if compressed else path.open("rb")


def _decoded(beginning: bytes, encoding: str) -> str:
    """Decode the first bytes of a file. The last character may be cut."""
    try:
        return beginning.decode(DECODERS[encoding])
    except UnicodeDecodeError as error:
        if error.start > len(beginning) - 4:
            return beginning[: error.start].decode(DECODERS[encoding])
        line = beginning[: error.start].count(b"\n") + 1
        raise UnreadableFileError(f"line {line} is not UTF-8", remedy="Save the file as UTF-8") from None


def _header(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        first = next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row), [])
    except csv.Error:
        return ()
    return tuple(name.strip() for name in first)


def _query(dialect: CsvDialect, numbers: Sequence[int]) -> str:
    """Return the query for columns by their numbers, because names may repeat."""
    names = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(dialect.header)))
    options = {
        "auto_detect": "false",
        "header": "true",
        "delim": f"'{dialect.delimiter}'",
        "quote": "'\"'",
        "escape": "'\"'",
        "nullstr": "''",
        "encoding": f"'{dialect.encoding}'",
        "compression": "'gzip'" if dialect.compressed else "'none'",
        "strict_mode": "true",
        "store_rejects": "true",
        "rejects_limit": str(MAX_REJECTED),
        "max_line_size": str(MAX_ROW_BYTES),
        "columns": f"{{{names}}}",
    }
    wanted = ", ".join(f"c{number}" for number in numbers)
    given = ", ".join(f"{name}={value}" for name, value in options.items())
    return f"SELECT {wanted} FROM read_csv(?, {given})"  # nosec B608 # no part comes from the file


def _escaped(path: Path) -> str:
    """Return a path in which DuckDB sees no pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _raise_if_rejected(rejected: Sequence[tuple[int, str, str]]) -> None:
    if not rejected:
        return
    line, defect, text = rejected[0]
    what, remedy = DEFECTS.get(defect, (f"is invalid ({defect.lower()})", "Correct the row"))
    others = len({line for line, *_ in rejected}) - 1
    more = f"; {others:,}{' or more' if len(rejected) >= MAX_REJECTED else ''} other rows are invalid" if others else ""
    first = text.splitlines()[0] if text else ""
    shown = first if len(first) <= SHOWN else f"{first[:SHOWN]}..."
    raise UnreadableFileError(f"line {line} {what}: {shown!r}{more}", remedy=remedy)


def _prove_whole(path: Path, dialect: CsvDialect, rows: int) -> None:
    """Compare the number of rows with the lines of the file.

    Where no value holds a line break and no line is empty, every line is a row. Otherwise Python's own reader counts.

    Raises:
        UnreadableFileError: The file holds another number of rows, or its last line was cut.
    """
    lines, last = 0, b""
    with _open(path, compressed=dialect.compressed) as opened:
        while block := opened.read(BLOCK):
            lines += block.count(b"\n")
            last = block[-1:]
    complete = last in (b"\n", b"\r") or dialect.encoding != "utf-8"
    if dialect.encoding == "utf-8" and complete and lines == rows + 1:
        return
    try:
        counted, windows = _count_with_python(path, dialect)
    except csv.Error as error:
        raise UnreadableFileError(f"its rows cannot be counted: {error}", remedy="Check the quotes") from None
    if counted != rows:
        raise UnreadableFileError(f"{rows:,} rows were read, but it has {counted:,}", remedy="Check the quotes")
    if not complete and not windows:
        raise UnreadableFileError(
            f"line {lines + 1} ends without a line break, so the file may have been cut",
            remedy="Write the file again; if it is complete, add a line break at its end",
        )


def _count_with_python(path: Path, dialect: CsvDialect) -> tuple[int, bool]:
    """Return the number of rows, and whether the lines end as on Windows.

    Raises:
        UnreadableFileError: A quoted value holds whole rows, because a quote is missing.
    """
    csv.field_size_limit(MAX_ROW_BYTES)
    delimiters, rows = len(dialect.header) - 1, -1
    opened = _open(path, compressed=dialect.compressed)
    with io.TextIOWrapper(opened, encoding=DECODERS[dialect.encoding], newline="") as text:
        windows = text.readline().endswith("\r\n")
        text.seek(0)
        reader = csv.reader(text, delimiter=dialect.delimiter, strict=True)
        for row in reader:
            rows += bool(row)
            for value in row:
                if "\n" in value and any(
                    delimiters and inside.count(dialect.delimiter) == delimiters for inside in value.splitlines()[1:-1]
                ):
                    raise UnreadableFileError(
                        f"a quoted value before line {reader.line_num} holds whole rows",
                        remedy="Close the quote, and double each quote inside a value",
                    )
    return rows, windows
