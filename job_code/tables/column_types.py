"""Classify columns as numbers or text. In files without types, a text column with only numeric values is a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from job_code.tables.table_files import TableFile
from job_code.tables.unreadable import UnreadableFileError

BATCH_ROWS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ColumnTypes:
    """Columns of a table by type.

    Attributes:
        numbers: Numeric and boolean columns.
        texts: Text columns.
        others: All other columns.
    """

    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    others: tuple[str, ...]


def infer_column_types(files: Sequence[TableFile], types: Mapping[str, pl.DataType]) -> ColumnTypes:
    """Classify the columns of a table.

    Args:
        files: Files of one table. If any file has no types, the function reads the text columns of all files.
        types: Type of each column.
    """
    read_as_text = [name for name, dtype in types.items() if dtype == pl.String]
    numeric_text = [] if all(file.typed for file in files) else _numeric_text_columns(read_as_text, files)
    numbers = tuple(
        name for name, dtype in types.items() if name in numeric_text or dtype.is_numeric() or dtype == pl.Boolean
    )
    texts = tuple(name for name in read_as_text if name not in numeric_text)
    return ColumnTypes(
        numbers=numbers, texts=texts, others=tuple(name for name in types if name not in (*numbers, *texts))
    )


def holds_numbers(column: pl.Series) -> bool:
    """Return whether all values of a text column are numbers. Null values do not count."""
    return column.cast(pl.Float64, strict=False).null_count() == column.null_count()


def _numeric_text_columns(columns: Sequence[str], files: Sequence[TableFile]) -> list[str]:
    """Return the text columns whose values are numbers in all files."""
    left = list(columns)
    for file in files if left else ():
        try:
            for batch in file.batches(BATCH_ROWS):
                left = [name for name in left if holds_numbers(batch[name])]
        except UnreadableFileError:
            continue  # the caller reports the file when it reads the rows
    return left
