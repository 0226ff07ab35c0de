"""Tells numbers from text, also where a file has no types: a column of text that holds nothing but numbers is one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from job_code.tables.table_files import TableFile, UnreadableFileError

ROWS_AT_A_TIME = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ColumnKinds:
    """Which columns of a table hold what.

    Attributes:
        numbers: Columns of numbers.
        texts: Columns of text.
        others: Columns of anything else.
    """

    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    others: tuple[str, ...]


def infer_column_kinds(files: Sequence[TableFile], types: Mapping[str, pl.DataType]) -> ColumnKinds:
    """Sort columns by what they hold.

    Args:
        files: The files of one table; read where they have no types.
        types: Type of each column.
    """
    read_as_text = [name for name, dtype in types.items() if dtype == pl.String]
    hidden = [] if all(file.typed for file in files) else _numbers_among(read_as_text, files)
    numbers = tuple(
        name for name, dtype in types.items() if name in hidden or dtype.is_numeric() or dtype == pl.Boolean
    )
    texts = tuple(name for name in read_as_text if name not in hidden)
    return ColumnKinds(
        numbers=numbers, texts=texts, others=tuple(name for name in types if name not in (*numbers, *texts))
    )


def holds_numbers(column: pl.Series) -> bool:
    """Say whether a column of text holds nothing but numbers."""
    return column.cast(pl.Float64, strict=False).null_count() == column.null_count()


def _numbers_among(columns: Sequence[str], files: Sequence[TableFile]) -> list[str]:
    """Read which columns of text hold nothing but numbers, in all files."""
    left = list(columns)
    for file in files if left else ():
        try:
            for batch in file.batches(ROWS_AT_A_TIME):
                left = [name for name in left if holds_numbers(batch[name])]
        except UnreadableFileError:
            continue  # it is noted when its rows are read
    return left
