"""Key columns: the common type over all files, rows with an incomplete key, and keys of other tables."""

from collections.abc import Sequence

import polars as pl

from job_code.tables.table_files import TableFile
from job_code.tables.validation_report import ValidationReport


def with_key_types(rows: pl.DataFrame, types: dict[str, pl.DataType]) -> pl.DataFrame:
    """Cast key columns to the demand's types. Drop rows whose key cannot have the demand's type.

    Args:
        rows: Rows with all columns of `types`, without null keys.
        types: The demand's type of each key column of the table.
    """
    for name, dtype in types.items():
        own = rows.schema[name]
        if own == dtype:
            continue
        text = rows[name].cast(pl.String)
        keys = rows[name].cast(dtype, strict=False) if own.is_integer() else text.cast(dtype, strict=False)
        # The text 007 and the number 7 are different keys.
        same = keys.is_not_null() & (
            pl.Series([own.is_integer() and dtype.is_integer()]) | (keys.cast(pl.String) == text)
        )
        rows = rows.with_columns(keys).filter(same)
    return rows


def common_types(files: Sequence[TableFile], columns: Sequence[str]) -> dict[str, pl.DataType]:
    """Return the common type of each column over all files.

    A column becomes text if it is a number in some files and another type in others. Empty files do not count.
    """
    with_rows = [file for file in files if file.rows] or list(files)
    common = {}
    for column in columns:
        types = {_plain(file.columns[column]) for file in with_rows}
        if len(types) > 1:
            types.discard(pl.Null())  # a column that is null in one file has its type from the other files
            if any(dtype.is_numeric() for dtype in types):
                types = {pl.Int8() if dtype == pl.Boolean else dtype for dtype in types}
        if len(types) > 1:
            if all(dtype.is_numeric() for dtype in types):
                empty = [pl.DataFrame(schema={column: dtype}) for dtype in types]
                types = {pl.concat(empty, how="vertical_relaxed").schema[column]}
            else:
                types = {pl.String()}
        common[column] = types.pop()
    return common


def clean_key(
    rows: pl.DataFrame, types: dict[str, pl.DataType], findings: ValidationReport, *, source: str
) -> pl.DataFrame:
    """Cast the key columns, and drop and report the rows with an incomplete key.

    Args:
        rows: Rows of one file.
        types: Type of each key column.
        findings: Takes the finding.
        source: The input that the file belongs to (`demand`).
    """
    rows = rows.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))  # dictionary-encoded text is text
    rows = rows.with_columns(pl.col(name).cast(dtype) for name, dtype in types.items())
    incomplete = pl.any_horizontal(pl.col(name).is_null() for name in types)
    bad = int(rows.select(incomplete.sum()).item())
    findings.add(
        source,
        "row",
        f"without a complete key ({', '.join(types)})",
        remedy="Fill in all key columns in every row",
        count=bad,
        examples=[],
    )
    return rows.filter(~incomplete) if bad else rows


def series_name(values: tuple[object, ...]) -> str:
    """Return the name of a series for messages: `A17` or `(A17, M2)`."""
    return str(values[0]) if len(values) == 1 else f"({', '.join(map(str, values))})"


def _plain(dtype: pl.DataType) -> pl.DataType:
    """Return the type with dictionary-encoded text as plain text."""
    return pl.String() if isinstance(dtype, pl.Categorical | pl.Enum) else dtype
