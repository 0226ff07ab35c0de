"""Prove that a Parquet or Arrow file is one whole file, and that the job knows its types, before a library reads it.

A footer has the places of all data, counted from the beginning of the file. In two files that are one, the last footer
has the places in the second file. A library then reads the first one.
"""

import base64
import mmap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from job_code.files.arrow_schema import (
    SIZE_BYTES,
    metadata_of,
    of_whole_content,
    prove_known_file,
    prove_known_schema,
    uuid_columns_of_file,
)
from job_code.files.packing import JOINED, ONE_BY_ONE, SAVE_AGAIN, duckdb_path
from job_code.files.recognize import Format
from job_code.files.unreadable import UnreadableFileError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MARKS: dict[Format, bytes] = {"Parquet": b"PAR1", "Arrow": b"ARROW1"}  # at the beginning and at the end
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
UUIDS = "SELECT name FROM parquet_schema(?) WHERE logical_type = 'UUIDType()'"
# An Arrow library that writes Parquet keeps the schema of the table.
ARROW_SCHEMA = "SELECT value FROM parquet_kv_metadata(?) WHERE key = 'ARROW:schema'::BLOB"


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
        prove_known_file(path)
        return
    names = _columns(iter(_queried(SCHEMA, path)))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UnreadableFileError(f"two columns are named {twice!r}", remedy="Rename one of them, or leave it out")
    for (schema,) in _queried(ARROW_SCHEMA, path):
        with of_whole_content():
            prove_known_schema(metadata_of(base64.b64decode(schema)), wide=True)


def uuid_columns(path: Path, file_format: Format) -> frozenset[str]:
    """Return the columns of a file that hold UUIDs. For polars they are bytes.

    Args:
        path: The file, not compressed.
        file_format: Parquet, or Arrow with a footer.
    """
    if file_format == "Arrow":
        return uuid_columns_of_file(path)
    return frozenset(name for (name,) in _queried(UUIDS, path))
