"""The metadata of Arrow files and streams: types of columns that polars cannot read, dictionaries that grow, UUIDs."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from job_code.files.packing import SAVE_AGAIN
from job_code.files.unreadable import UnknownTypeError, UnreadableFileError

MARKER = b"\xff\xff\xff\xff"  # before the size of a message, since 2019
MARK, SIZE_BYTES = b"ARROW1", 4  # at the end of a file, and of the size of the footer before it
# Fields of the tables Message, Footer, Schema, Field, Decimal, KeyValue and DictionaryBatch in Arrow's format.
MESSAGE_HEADER, FOOTER_SCHEMA, FIELDS, NAME, TYPE, TYPE_DETAILS, CHILDREN, BITS = 2, 1, 1, 0, 2, 3, 5, 2
METADATA, KEY, VALUE, FOOTER_DICTIONARIES, IS_DELTA = 6, 0, 1, 2, 2
BLOCK = "<qi4xq"  # where a message begins, the size of its metadata, and that of its body
# Numbers of types. polars panics where a table has a column with such a type, even if it is not read.
UNKNOWN_TYPES = {14: "union", 22: "run-end encoded", 25: "list view", 26: "large list view"}
DECIMAL, MAX_BITS = 7, 128
WIDE = "decimal256"  # polars reads the other columns of a Parquet file
UUID = ("ARROW:extension:name", "arrow.uuid")


def prove_known_file(path: Path) -> None:
    """Check that polars knows the types of all columns of an Arrow file with a footer, and that no dictionary grows.

    Args:
        path: The file, not compressed.

    Raises:
        UnreadableFileError: A column has another type, a dictionary grows, or the file is damaged.
    """
    footer = _footer(path)
    prove_known_schema(footer, FOOTER_SCHEMA)
    with of_whole_content(), path.open("rb") as content:
        for begin, length, _ in Flatbuffer.root(footer).structs(FOOTER_DICTIONARIES, BLOCK):
            content.seek(begin)
            prove_no_delta(metadata_of(content.read(length)))


def uuid_columns_of_file(path: Path) -> frozenset[str]:
    """Return the columns of an Arrow file with a footer that hold UUIDs. For polars they are bytes."""
    return uuid_columns(_footer(path), FOOTER_SCHEMA)


def uuid_columns(metadata: bytes, field: int = MESSAGE_HEADER) -> frozenset[str]:
    """Return the columns of an Arrow schema that hold UUIDs. The arguments are those of `prove_known_schema`."""
    with of_whole_content():
        return frozenset(
            column.text(NAME)
            for column in Flatbuffer.root(metadata).table(field).tables(FIELDS)
            if UUID in [(each.text(KEY), each.text(VALUE)) for each in column.tables(METADATA)]
        )


def prove_known_schema(metadata: bytes, field: int = MESSAGE_HEADER, *, wide: bool = False) -> None:
    """Check that polars knows the types of all columns of an Arrow schema.

    Args:
        metadata: The metadata of the schema's message, without its size, or a footer.
        field: The field that has the schema.
        wide: Whether decimals of 256 bits may occur.

    Raises:
        UnreadableFileError: A column has another type, or the message is damaged.
    """
    with of_whole_content():
        for column in Flatbuffer.root(metadata).table(field).tables(FIELDS):
            unknown = next((each for each in _unknown_types(column) if not (wide and each == WIDE)), None)
            if unknown is not None:
                raise UnknownTypeError(column.text(NAME), unknown)


def metadata_of(message: bytes) -> bytes:
    """Return the metadata of a message without its size, which has a marker before it since 2019."""
    return message[8 if message.startswith(MARKER) else 4 :]


def prove_no_delta(metadata: bytes) -> None:
    """Check that a dictionary of an Arrow file is whole: polars cannot add to one.

    Args:
        metadata: The metadata of the dictionary's message, without its size.

    Raises:
        UnreadableFileError: It adds to an earlier dictionary, or the message is damaged.
    """
    with of_whole_content():
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


def _footer(path: Path) -> bytes:
    with path.open("rb") as content:
        end = path.stat().st_size - len(MARK) - SIZE_BYTES
        content.seek(end)
        size = int.from_bytes(content.read(SIZE_BYTES), "little")
        content.seek(max(0, end - size))
        return content.read(size)


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
def of_whole_content() -> Iterator[None]:
    """Raise `UnreadableFileError` where metadata leads nowhere."""
    try:
        yield
    except (struct.error, IndexError, ValueError, RecursionError):
        raise UnreadableFileError("its content is damaged", remedy=SAVE_AGAIN) from None
