"""Parquet files and Arrow files with a footer, which polars reads."""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import polars as pl

from job_code.files.columnar_proof import prove_known_types, prove_one_file, uuid_columns
from job_code.files.find_files import utf8_path
from job_code.files.packing import SAVE_AGAIN, Packing, unpacked
from job_code.files.reader import Reader, Reading
from job_code.files.recognize import FileContent, Format
from job_code.files.unreadable import UnreadableFileError, hidden_panics

# Some damaged files make polars panic. PanicException is not a subclass of Exception.
DAMAGED = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
# Without it polars panics if a zone is an offset, as pandas and pyarrow write it.
os.environ.setdefault("POLARS_IGNORE_TIMEZONE_PARSE_ERROR", "1")
# Without it polars panics if a column has intervals, even if the column is not read.
os.environ.setdefault("POLARS_IMPORT_INTERVAL_AS_STRUCT", "1")
pl.Config.reload_env_vars()
IS_DAMAGED = "its content is damaged"
UUID_DIGITS = (8, 4, 4, 4, 12)  # in the groups of its text
OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


@dataclass(frozen=True, kw_only=True)
class ScannedReader(Reader):
    """A Parquet file, or an Arrow file with a footer."""

    @property
    def divisible(self) -> bool:
        """Whether a span of rows can be read without the rows before."""
        return self.packing == "none"

    def batches(self, columns: Sequence[str], reading: Reading) -> Iterator[pl.DataFrame]:
        """Stream columns of the file. The arguments are those of the class `Reader`."""
        with plain_path(self.path, self.packing) as plain, readable():
            yield from scanned(_scan(plain, cast("Format", self.format_name)), columns, reading, of=self.rows)


def open_columnar(path: Path, content: FileContent) -> ScannedReader:
    """Read the column types and the number of rows of a file.

    Args:
        path: The file.
        content: What it is.

    Raises:
        UnreadableFileError: It was cut, it is damaged, it is several files in one, or a type is unknown.
    """
    with plain_path(path, content.packing) as plain, readable():
        prove_one_file(plain, content.file_format)
        if content.file_format == "Arrow":
            prove_known_types(plain, content.file_format)
        try:
            scan = _scan(plain, content.file_format)
            schema, rows = dict(scan.collect_schema()), int(scan.select(pl.len()).collect().item())
        except DAMAGED:
            prove_known_types(plain, content.file_format)
            raise
    return ScannedReader(
        path=path,
        format_name=content.file_format,
        schema=schema,
        rows=rows,
        packing=content.packing,
    )


def scanned(scan: pl.LazyFrame, columns: Sequence[str], reading: Reading, *, of: int) -> Iterator[pl.DataFrame]:
    """Stream columns of a lazy frame in batches of limited size.

    Args:
        scan: The lazy frame.
        columns: Names of the columns.
        reading: The rows to read, and the size of the batches.
        of: Number of rows of the lazy frame.

    Raises:
        UnreadableFileError: The content is damaged.
    """
    chosen, left = scan.select(columns), of - reading.first
    if reading.first or reading.rows is not None:
        chosen = chosen.slice(reading.first, reading.rows)
        left = min(left, of if reading.rows is None else reading.rows)
    with readable():
        for batch in chosen.collect_batches(chunk_size=reading.size):
            left -= batch.height
            # The engine may return batches larger than requested.
            yield from batch.iter_slices(reading.size)
        if left:  # a thread of polars panicked
            raise UnreadableFileError(IS_DAMAGED, remedy=SAVE_AGAIN)


@contextmanager
def readable() -> Iterator[None]:
    """Raise `UnreadableFileError` where polars cannot read. Its own words name its internals, not the cure."""
    with hidden_panics():
        try:
            yield
        except DAMAGED:
            raise UnreadableFileError(IS_DAMAGED, remedy=SAVE_AGAIN) from None


@contextmanager
def plain_path(path: Path, packing: Packing) -> Iterator[Path]:
    """Provide a file without its compression, under a path that libraries can open."""
    with unpacked(path, packing) as plain, utf8_path(plain) as named:
        yield named


def _scan(path: Path, file_format: Format) -> pl.LazyFrame:
    """Return the lazy rows of a file. Its path is never a pattern."""
    if file_format == "Parquet":
        scan = pl.scan_parquet(path, glob=False, low_memory=True, hive_partitioning=False)
    else:
        scan = pl.scan_ipc(path, glob=False, hive_partitioning=False)
    schema = scan.collect_schema()
    uuids = uuid_columns(path, file_format) if pl.Binary in schema.dtypes() else ()
    return scan.with_columns(as_text(schema, uuids))


def as_text(schema: pl.Schema, uuids: Collection[str]) -> list[pl.Expr]:
    """Return the columns that are read as text: times whose zone is an offset such as `+05:30`, and UUIDs.

    polars knows named zones alone, and UUIDs as bytes.

    Args:
        schema: Types of all columns.
        uuids: Columns that hold UUIDs. Only those at the top of the schema, not in structs, count.

    Raises:
        UnreadableFileError: A zone is neither an offset nor a known name.
    """
    found = []
    for name, dtype in schema.items():
        if not isinstance(dtype, pl.Datetime) or dtype.time_zone is None:
            continue
        if offset := OFFSET.fullmatch(dtype.time_zone):
            minutes = int(offset[2]) * 60 + int(offset[3])
            plain = pl.Datetime(dtype.time_unit)
            utc = pl.col(name).cast(pl.Int64).cast(plain)
            local = (utc + pl.duration(minutes=int(f"{offset[1]}{minutes}"))).cast(plain)
            found.append((local.dt.to_string("%Y-%m-%dT%H:%M:%S%.6f") + dtype.time_zone).alias(name))
        elif not _is_known(dtype.time_zone):
            raise UnreadableFileError(
                f"the column {name} has the unknown time zone {dtype.time_zone!r}",
                remedy="Use a zone like Europe/Paris",
            )
    return found + [_uuid_text(name) for name, dtype in schema.items() if name in uuids and dtype == pl.Binary]


def _uuid_text(name: str) -> pl.Expr:
    digits, groups, begin = pl.col(name).bin.encode("hex"), [], 0
    for length in UUID_DIGITS:
        groups.append(digits.str.slice(begin, length))
        begin += length
    return pl.concat_str(groups, separator="-").alias(name)


def _is_known(zone: str) -> bool:
    try:
        pl.Series([0]).cast(pl.Datetime("us", zone)).dt.date()
    except DAMAGED:
        return False
    return True
