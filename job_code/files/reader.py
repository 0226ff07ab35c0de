"""What every reader of a file format offers."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import polars as pl

from job_code.files.packing import Packing

INTERVAL = pl.Struct({"months": pl.Int32(), "days": pl.Int32(), "nanoseconds": pl.Duration("ns")})  # as polars sees it
MAX_DIGITS = 38  # of a decimal that polars reads


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something unusual that a reader accepted.

    Attributes:
        noun: The counted noun, singular: `row`, `value`.
        problem: What it is, worded to follow the counted noun.
        count: Number of occurrences.
        example: One occurrence; empty if there is nothing to show.
        remedy: What to do if it is wrong: an imperative sentence without its period.
    """

    noun: str
    problem: str
    count: int
    example: str = ""
    remedy: str = "Remove them if they are a mistake"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How to read a file once.

    Attributes:
        size: Maximum number of rows of a batch.
        first: Number of rows to skip. Only a divisible file is read in parts.
        rows: Maximum number of rows to read; None for all.
        remarks: Takes what is unusual, after the last batch.
    """

    size: int
    first: int = 0
    rows: int | None = None
    remarks: list[Remark] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Reader(ABC):
    """A file whose header has been read.

    Attributes:
        path: The file.
        format_name: Name of the file format, for messages.
        schema: Type of each column.
        rows: Number of rows. For a CSV file an estimate, and 0 only if there are no rows.
        packing: Its compression.
        layouts: The first different sets of columns that rows have, in a format where rows differ in columns.
        typed: Whether the format has column types. If not, all values are text.
    """

    path: Path
    format_name: str
    schema: dict[str, pl.DataType]
    rows: int
    packing: Packing = "none"
    layouts: frozenset[frozenset[str]] = frozenset()
    typed: ClassVar[bool] = True

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in the order of the file. CSV files may repeat one."""
        return tuple(self.schema)

    @property
    def unknown_types(self) -> dict[str, str]:
        """Columns that cannot be read, with the names of their types."""
        found = {name: _unknown_type(dtype) for name, dtype in self.schema.items()}
        return {name: dtype for name, dtype in found.items() if dtype is not None}

    @property
    def divisible(self) -> bool:
        """Whether a span of rows can be read without the rows before."""
        return False

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return where some rows are in the file, for messages: `row 6`, or `line 7` of a text file.

        Args:
            rows: Numbers of rows, as `batches` yields them, from 0, ascending.
        """
        return [f"row {row + 1:,}" for row in rows]

    @abstractmethod
    def batches(self, columns: Sequence[str], reading: Reading) -> Iterator[pl.DataFrame]:
        """Stream columns of the file.

        Args:
            columns: Names of the columns.
            reading: The rows to read, and the size of the batches.

        Raises:
            UnreadableFileError: The content is damaged or invalid.
        """


def _unknown_type(dtype: object) -> str | None:
    """Return the name of a type, or of one inside of it, that cannot be read."""
    if dtype == INTERVAL:
        return "interval"
    if isinstance(dtype, pl.Decimal) and (dtype.precision or 0) > MAX_DIGITS:
        return f"decimal of {dtype.precision} digits"
    inner: list[object] = []
    if isinstance(dtype, pl.Struct):
        inner = [field.dtype for field in dtype.fields]
    elif isinstance(dtype, pl.List | pl.Array):
        inner = [dtype.inner]
    return next((name for each in inner if (name := _unknown_type(each)) is not None), None)


def numbered_lines(lines: Iterable[int], rows: Sequence[int]) -> list[str]:
    """Return the places of some rows of a text file.

    Args:
        lines: Number of the line of each row.
        rows: Numbers of rows from 0, ascending.
    """
    wanted = set(rows)
    until = itertools.islice(lines, max(wanted, default=-1) + 1)
    return [f"line {line:,}" for row, line in enumerate(until) if row in wanted]
