"""JSON Lines: one object a line. Values keep their types, and a column has one type in the whole file."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from job_code.files.packing import SAVE_AGAIN, Packing, QueryError, duckdb_frames, opened, utf8_file
from job_code.files.reader import Reader, Reading, Remark, numbered_lines
from job_code.files.recognize import FileContent
from job_code.files.unreadable import UnreadableFileError

MAX_LINE = 10_000_000  # bytes
BLOCK = 8_000_000  # bytes of the lines that are parsed together
MAX_EXACT = 2**53  # integers up to it are exact as floats
INT64, UINT64 = 2**63, 2**64
MAX_LAYOUTS = 1_000  # sets of columns
SHOWN = 60  # characters of a value in a message
TYPE_NAMES = {str: "text", bool: "a boolean", int: "a number", float: "a number"}
DUCKDB_TYPES = {
    pl.String: "VARCHAR",
    pl.Boolean: "BOOLEAN",
    pl.Int64: "BIGINT",
    pl.UInt64: "UBIGINT",
    pl.Float64: "DOUBLE",
    pl.Null: "VARCHAR",
}
ONE_TYPE = "Write one type of value into each column"


@dataclass(frozen=True, kw_only=True)
class JsonReader(Reader):
    """How a JSON Lines file is written.

    Attributes:
        encoding: Its encoding.
        empty_lines: Number of lines without an object.
        problems: The first invalid value of each column that has one.
    """

    encoding: str
    empty_lines: int
    problems: dict[str, str]

    def batches(self, columns: Sequence[str], reading: Reading) -> Iterator[pl.DataFrame]:
        """Stream columns of the file, null where an object lacks one. The arguments are those of the class `Reader`.

        DuckDB reads the rows. Their number must be that of `open_json`, which parsed every line with Python's parser.
        """
        import duckdb

        self._raise_if_invalid(columns)
        types = {name: self.schema[name] for name in columns}
        rows = 0
        with utf8_file(self.path, self.packing, self.encoding) as (plain, packing), duckdb.connect() as database:
            try:
                for frame in duckdb_frames(database, _query(types, packing), plain):
                    rows += frame.height
                    yield from frame.cast(pl.Schema(types)).iter_slices(reading.size)
            except QueryError:
                raise UnreadableFileError("its lines cannot be read", remedy=SAVE_AGAIN) from None
        if rows != self.rows:
            raise UnreadableFileError(f"{rows:,} rows were read, but it has {self.rows:,}", remedy=SAVE_AGAIN)
        if self.empty_lines:
            remark = Remark(noun="line", problem="not read, because it is empty", count=self.empty_lines)
            reading.remarks.append(remark)

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return the lines of some rows. The arguments are those of the class `Reader`."""
        with (
            opened(self.path, self.packing) as content,
            io.TextIOWrapper(content, encoding=self.encoding, newline="\n") as text,
        ):
            with_object = (number for number, line in enumerate(text, start=1) if line.strip("\ufeff \t\r\n"))
            return numbered_lines(with_object, rows)

    def _raise_if_invalid(self, columns: Sequence[str]) -> None:
        for name in columns:
            if name in self.problems:
                raise UnreadableFileError(self.problems[name], remedy=ONE_TYPE)
        if len({name.lower() for name in columns}) < len(columns):
            raise UnreadableFileError("two columns differ in upper and lower case alone", remedy="Rename one of them")


@dataclass
class _Column:
    """What the values of a column are so far."""

    kinds: set[type] = field(default_factory=set)
    lowest: int = 0
    highest: int = 0

    def add(self, values: Sequence[object]) -> str:
        """Add values. Return what is wrong with one of them, which is exact if it is the only one."""
        kinds = set(map(type, values)) - {type(None)}
        if not kinds <= TYPE_NAMES.keys():
            return "is an object or a list"
        known = {TYPE_NAMES[kind] for kind in self.kinds}
        new = {TYPE_NAMES[kind] for kind in kinds}
        if len(known | new) > 1:
            return f"is {' or '.join(new)}, and {' or '.join(known)} in lines before"
        self.kinds |= kinds
        if kinds == {int} or kinds == {int, float}:
            whole = [value for value in values if isinstance(value, int)]
            self.lowest, self.highest = min(self.lowest, *whole), max(self.highest, *whole)
        too_large = self.highest >= UINT64 or self.lowest < -INT64 or (self.lowest < 0 and self.highest >= INT64)
        inexact = {int, float} <= self.kinds and max(-self.lowest, self.highest) > MAX_EXACT
        return "is a number with too many digits" if too_large or inexact else ""

    @property
    def dtype(self) -> pl.DataType:
        """Type of the column."""
        if not self.kinds:
            return pl.Null()
        if float in self.kinds:
            return pl.Float64()
        if int in self.kinds:
            return pl.UInt64() if self.highest >= INT64 else pl.Int64()
        return pl.String() if str in self.kinds else pl.Boolean()


def open_json(path: Path, content: FileContent) -> JsonReader:
    """Parse a file once, to find its columns with their types, and what is invalid.

    Args:
        path: The file.
        content: What it is.

    Raises:
        UnreadableFileError: A line is no JSON object.
    """
    columns: dict[str, _Column] = {}
    problems: dict[str, str] = {}
    layouts: set[frozenset[str]] = set()
    count = empty = 0
    for first, lines in _blocks(path, content):
        rows = _parsed_together(lines) or [row for row in _parsed_singly(lines, first) if row is not None]
        for name in dict.fromkeys(name for row in rows for name in row):
            before = columns.get(name, _Column())
            column = columns[name] = replace(before, kinds=set(before.kinds))
            if name not in problems and column.add([row.get(name) for row in rows]):
                problems[name] = _first_problem(name, before, lines, first)
        if len(layouts) < MAX_LAYOUTS:
            layouts.update(map(frozenset, rows))
        count, empty = count + len(rows), empty + len(lines) - len(rows)
    return JsonReader(
        path=path,
        format_name="JSON Lines",
        schema={name: column.dtype for name, column in columns.items()},
        rows=count,
        packing=content.packing,
        encoding=content.encoding,
        empty_lines=empty,
        problems=problems,
        layouts=frozenset(layouts),
    )


def _blocks(path: Path, content: FileContent) -> Iterator[tuple[int, list[bytes]]]:
    """Yield blocks of lines in UTF-8, each with the number of its first line."""
    with utf8_file(path, content.packing, content.encoding) as (plain, packing), opened(plain, packing) as file:
        first = 1
        while lines := file.readlines(BLOCK):
            yield first, lines
            first += len(lines)


def _parsed_together(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return the objects of lines, parsed at once. Return none if anything is unusual.

    The number of `":` shows a name that an object has twice: the parser keeps one of the two.
    """
    stripped = [line.strip() for line in lines]
    if not all(line[:1] == b"{" and line[-1:] == b"}" and len(line) < MAX_LINE for line in stripped):
        return []
    text = b",".join(stripped)
    if b"\\ud" in text or b"\\uD" in text:
        return []
    try:
        rows: list[dict[str, Any]] = json.loads(b"[%b]" % text)
    except (ValueError, RecursionError):
        return []
    is_plain = len(rows) == len(lines) and text.count(b'":') == sum(map(len, rows))
    return rows if is_plain else []


def _parsed_singly(lines: Sequence[bytes], first: int) -> Iterator[dict[str, Any] | None]:
    """Yield the object of each line; None for an empty line."""
    for number, line in enumerate(lines, start=first):
        yield _object(line, number)


def _first_problem(name: str, column: _Column, lines: Sequence[bytes], first: int) -> str:
    """Return the first invalid value of a column, with its line."""
    for number, row in enumerate(_parsed_singly(lines, first), start=first):
        value = row.get(name) if row is not None else None
        if problem := column.add([value]):
            return f"line {number}, column {name}: {_shown(value)} {problem}"
    raise AssertionError(name)  # the caller found one


def _query(types: Mapping[str, pl.DataType], packing: Packing) -> str:
    """Return the query for columns. Names are quoted, because they come from the file."""
    quoted = {name.replace("'", "''"): DUCKDB_TYPES[type(dtype)] for name, dtype in types.items()}
    columns = ", ".join(f"'{name}': '{dtype}'" for name, dtype in quoted.items())
    options = f"format='newline_delimited', maximum_object_size={MAX_LINE}, compression='{packing}'"
    return f"SELECT * FROM read_json(?, {options}, columns={{{columns}}})"  # nosec B608 # quoted


def _object(line: bytes, number: int) -> dict[str, Any] | None:
    if len(line) >= MAX_LINE:
        raise UnreadableFileError(f"line {number} is too long", remedy="Write one object into each line")
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        found = json.loads(text, object_pairs_hook=_Pairs) if text else None
    except UnicodeDecodeError:
        raise UnreadableFileError(f"line {number} is not UTF-8", remedy="Save the file as UTF-8") from None
    except (ValueError, RecursionError):
        raise UnreadableFileError(f"line {number} is not JSON: {_shown(text)}", remedy="Correct the line") from None
    if not text:
        return None
    if not isinstance(found, _Pairs):
        raise UnreadableFileError(
            f"line {number} is no JSON object: {_shown(text)}", remedy="Write one object into each line"
        )
    row = dict(found)
    if len(row) < len(found):
        raise UnreadableFileError(f"line {number} has a column twice: {_shown(text)}", remedy="Keep one of them")
    if "\\u" in text and not _is_text(row):
        raise UnreadableFileError(f"line {number} has half a character", remedy="Correct the text")
    return row


def _is_text(row: dict[str, Any]) -> bool:
    """Return whether all names and values can be written. Half of a surrogate pair cannot."""
    try:
        json.dumps(row, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True


class _Pairs(list[tuple[str, Any]]):
    """The pairs of an object, which shows a name that occurs twice."""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
