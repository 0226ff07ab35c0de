"""Prove that a Parquet or Arrow file is one whole file, and that the job knows its types, before a library reads it.

A footer has the places of all data, counted from the beginning of the file. In two files that are one, the last footer
has the places in the second file. A library then reads the first one.
"""

import base64
import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from job_code.files.packing import JOINED, ONE_BY_ONE, SAVE_AGAIN, duckdb_path
from job_code.files.recognize import Format
from job_code.files.unreadable import UnknownTypeError, UnreadableFileError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MARKS: dict[Format, bytes] = {"Parquet": b"PAR1", "Arrow": b"ARROW1"}  # at the beginning and at the end
SIZE_BYTES = 4  # of the footer, before the mark at the end
PARQUET_START = 4
FOOTER_BEGIN, FOOTER_END = 0x15, 0  # bytes of a Parquet footer: its first field is a number
# The end of everything before the footer: pages, bloom filters and indexes.
DATA_END = """
SELECT max(greatest(
    coalesce(nullif(dictionary_page_offset, 0), data_page_offset) + total_compressed_size,
    data_page_offset,
    bloom_filter_offset + coalesce(bloom_filter_length, 0),
    column_index_offset + column_index_length,
    offset_index_offset + offset_index_length
)) FROM parquet_metadata(?)
"""
SCHEMA = "SELECT name, coalesce(num_children, 0) FROM parquet_schema(?) ORDER BY column_id"
# An Arrow library that writes Parquet keeps the schema of the table.
ARROW_SCHEMA = "SELECT value FROM parquet_kv_metadata(?) WHERE key = 'ARROW:schema'::BLOB"
MARKER = b"\xff\xff\xff\xff"  # before the size of a message, since 2019
# Fields of the tables Message, Footer, Schema, Field, Decimal and DictionaryBatch in Arrow's format.
MESSAGE_HEADER, FOOTER_SCHEMA, FIELDS, NAME, TYPE, TYPE_DETAILS, CHILDREN, BITS = 2, 1, 1, 0, 2, 3, 5, 2
FOOTER_DICTIONARIES, IS_DELTA = 2, 2
BLOCK = "<qi4xq"  # where a message begins, the size of its metadata, and that of its body
# Numbers of types. polars panics where a table has a column with such a type, even if it is not read.
UNKNOWN_TYPES = {14: "union", 22: "run-end encoded", 25: "list view", 26: "large list view"}
DECIMAL, MAX_BITS = 7, 128
WIDE = "decimal256"  # polars reads the other columns of a Parquet file


def prove_one_file(path: Path, file_format: Format) -> None:
    """Check that a file is whole, and that it is not several files in one.

    Args:
        path: The file, not compressed.
        file_format: Parquet, or Arrow with a footer.

    Raises:
        UnreadableFileError: It was cut, or it is several files in one.
    """
    mark = MARKS[file_format]
    size = path.stat().st_size
    with path.open("rb") as content:
        content.seek(-min(len(mark) + SIZE_BYTES, size), 2)
        end = content.read()
        if not end.endswith(mark):
            raise UnreadableFileError("its end is missing, so it was cut", remedy=SAVE_AGAIN)
        with mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            if file_format == "Arrow":
                is_joined = mapped.find(mark * 2) >= 0
            else:
                surplus = size - len(end) - int.from_bytes(end[:SIZE_BYTES], "little") - _data_end(path)
                is_joined = _has_file_before(mapped, mark, surplus)
    if is_joined:
        raise UnreadableFileError(JOINED, remedy=ONE_BY_ONE)


def _has_file_before(mapped: mmap.mmap, mark: bytes, surplus: int) -> bool:
    """Return whether another file ends in the first bytes, which the footer does not explain.

    The rest of a bloom filter, whose size a footer may lack, also is a surplus, but no file ends in that many bytes.
    """
    at = -1
    while (at := mapped.find(mark * 2, at + 1, max(0, surplus) + len(mark))) >= 0:
        size = at - SIZE_BYTES
        begin = size - int.from_bytes(mapped[max(0, size) : at], "little")
        # Otherwise it is text.
        if begin >= PARQUET_START and mapped[begin] == FOOTER_BEGIN and mapped[size - 1] == FOOTER_END:
            return True
    return False


@cache
def _database() -> "DuckDBPyConnection":
    """Return the connection of this process, because a new one takes 30 times as long as a query."""
    import duckdb

    return duckdb.connect()


def _queried(query: str, path: Path) -> list[tuple[Any, ...]]:
    import duckdb

    try:
        return _database().execute(query, [duckdb_path(path)]).fetchall()
    except duckdb.Error:
        raise UnreadableFileError("its content is damaged", remedy=SAVE_AGAIN) from None


def _columns(elements: Iterator[tuple[str, int]]) -> list[str]:
    """Return the names of the columns, for the elements of a tree: name and number of children, parents first."""
    _, count = next(elements)
    names = []
    for _ in range(count):
        name, left = next(elements)
        names.append(name)
        while left:
            left += next(elements)[1] - 1
    return names


def _data_end(path: Path) -> int:
    ((end,),) = _queried(DATA_END, path)
    return int(end or PARQUET_START)


def prove_known_types(path: Path, file_format: Format) -> None:
    """Check that polars knows the types of all columns of a file, and that no two have the same name.

    Args:
        path: The file, not compressed.
        file_format: Parquet, or Arrow with a footer.

    Raises:
        UnreadableFileError: A column has another type, or two have the same name, or the file is damaged.
    """
    if file_format == "Arrow":
        with path.open("rb") as content:
            end = path.stat().st_size - len(MARKS["Arrow"]) - SIZE_BYTES
            content.seek(end)
            size = int.from_bytes(content.read(SIZE_BYTES), "little")
            content.seek(max(0, end - size))
            footer = content.read(size)
            prove_known_schema(footer, FOOTER_SCHEMA)
            with _of_whole_content():
                for begin, length, _ in Flatbuffer.root(footer).structs(FOOTER_DICTIONARIES, BLOCK):
                    content.seek(begin)
                    message = content.read(length)
                    prove_no_delta(message[8 if message.startswith(MARKER) else 4 :])
        return
    names = _columns(iter(_queried(SCHEMA, path)))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UnreadableFileError(f"two columns are named {twice!r}", remedy="Rename one of them, or leave it out")
    for (schema,) in _queried(ARROW_SCHEMA, path):
        with _of_whole_content():
            message = base64.b64decode(schema)
            prove_known_schema(message[8 if message.startswith(MARKER) else 4 :], wide=True)


def prove_known_schema(metadata: bytes, field: int = MESSAGE_HEADER, *, wide: bool = False) -> None:
    """Check that polars knows the types of all columns of an Arrow schema.

    Args:
        metadata: The metadata of the schema's message, without its size, or a footer.
        field: The field that has the schema.
        wide: Whether decimals of 256 bits may occur.

    Raises:
        UnreadableFileError: A column has another type, or the message is damaged.
    """
    with _of_whole_content():
        for column in Flatbuffer.root(metadata).table(field).tables(FIELDS):
            unknown = next((each for each in _unknown_types(column) if not (wide and each == WIDE)), None)
            if unknown is not None:
                raise UnknownTypeError(column.text(NAME), unknown)


def prove_no_delta(metadata: bytes) -> None:
    """Check that a dictionary of an Arrow file is whole: polars cannot add to one.

    Args:
        metadata: The metadata of the dictionary's message, without its size.

    Raises:
        UnreadableFileError: It adds to an earlier dictionary, or the message is damaged.
    """
    with _of_whole_content():
        if Flatbuffer.root(metadata).table(MESSAGE_HEADER).number(IS_DELTA, "<B"):
            raise UnreadableFileError(
                "its dictionaries of text grow from batch to batch (delta dictionaries)",
                remedy="Write text columns without dictionaries, or write the file as Parquet",
            )


class Flatbuffer:
    """A table of a flatbuffer, in which Arrow describes schemas and messages.

    Args:
        data: The flatbuffer.
        at: Where the table begins.
    """

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    @classmethod
    def root(cls, data: bytes) -> "Flatbuffer":
        """Return the table that holds all others."""
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def number(self, field: int, form: str, *, default: int = 0) -> int:
        """Return a number in a form of `struct`."""
        place = self._place(field)
        return default if place is None else int(struct.unpack_from(form, self._data, place)[0])

    def text(self, field: int) -> str:
        """Return text."""
        place = self._target(field)
        (size,) = struct.unpack_from("<I", self._data, place)
        return self._data[place + 4 : place + 4 + size].decode()

    def table(self, field: int) -> "Flatbuffer":
        """Return a table."""
        return Flatbuffer(self._data, self._target(field))

    def tables(self, field: int) -> "Iterator[Flatbuffer]":
        """Yield the tables of a list, which may be missing."""
        if self._place(field) is not None:
            place = self._target(field)
            (count,) = struct.unpack_from("<I", self._data, place)
            for at in range(place + 4, place + 4 + 4 * count, 4):
                yield Flatbuffer(self._data, at + struct.unpack_from("<I", self._data, at)[0])

    def structs(self, field: int, form: str) -> Iterator[tuple[Any, ...]]:
        """Yield the structs of a list, which may be missing, in a form of `struct`."""
        if self._place(field) is not None:
            place = self._target(field)
            (count,) = struct.unpack_from("<I", self._data, place)
            for number in range(count):
                yield struct.unpack_from(form, self._data, place + 4 + number * struct.calcsize(form))

    def _target(self, field: int) -> int:
        place = self._place(field)
        if place is None:
            raise IndexError(field)
        return place + int(struct.unpack_from("<I", self._data, place)[0])

    def _place(self, field: int) -> int | None:
        fields = self._at - struct.unpack_from("<i", self._data, self._at)[0]
        (size,) = struct.unpack_from("<H", self._data, fields)
        at = 4 + 2 * field
        offset = struct.unpack_from("<H", self._data, fields + at)[0] if at < size else 0
        return self._at + offset if offset else None


def _unknown_types(column: Flatbuffer) -> Iterator[str]:
    """Yield the types of a column, and those inside of them, that polars does not know."""
    kind = column.number(TYPE, "<B")
    if kind in UNKNOWN_TYPES:
        yield UNKNOWN_TYPES[kind]
    elif kind == DECIMAL and column.table(TYPE_DETAILS).number(BITS, "<i", default=128) > MAX_BITS:
        yield WIDE
    for child in column.tables(CHILDREN):
        yield from _unknown_types(child)


@contextmanager
def _of_whole_content() -> Iterator[None]:
    try:
        yield
    except (struct.error, IndexError, ValueError, RecursionError):
        raise UnreadableFileError("its content is damaged", remedy=SAVE_AGAIN) from None
