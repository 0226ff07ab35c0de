"""Key columns: their common type over all files, their rows without a key, and keys of other tables."""

from collections.abc import Sequence

import polars as pl

from job_code.tables.table_files import TableFile
from job_code.tables.validation_report import ValidationReport


def with_key_types(rows: pl.DataFrame, types: dict[str, pl.DataType]) -> pl.DataFrame:
    """Gives keys the demand's types; rows whose key no series can have are left out.

    Args:
        rows: With all columns of `types`, none of them null.
        types: The demand's type of each key column the table has.
    """
    for name, dtype in types.items():
        given = rows.schema[name]
        if given == dtype:
            continue
        text = rows[name].cast(pl.String)
        keys = rows[name].cast(dtype, strict=False) if given.is_integer() else text.cast(dtype, strict=False)
        # The text 007 is not the number 7.
        same = keys.is_not_null() & (
            pl.Series([given.is_integer() and dtype.is_integer()]) | (keys.cast(pl.String) == text)
        )
        rows = rows.with_columns(keys).filter(same)
    return rows


def common_types(files: Sequence[TableFile], columns: Sequence[str]) -> dict[str, pl.DataType]:
    """The type each column has over all files.

    A column that is a number in some files and something else in others is text in all; an empty file says nothing.
    """
    telling = [file for file in files if file.rows] or list(files)
    common = {}
    for column in columns:
        types = {_plain(file.columns[column]) for file in telling}
        if len(types) > 1:
            types.discard(pl.Null())  # what is null in one file says nothing of the others
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
    """Gives the key its types, and drops, and notes, rows whose key is incomplete."""
    rows = rows.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))  # dictionary-encoded text is text
    rows = rows.with_columns(pl.col(name).cast(dtype) for name, dtype in types.items())
    incomplete = pl.any_horizontal(pl.col(name).is_null() for name in types)
    bad = int(rows.select(incomplete.sum()).item())
    findings.add(
        source,
        "row",
        f"without a complete key ({', '.join(types)})",
        remedy="every row needs all key columns",
        count=bad,
        examples=[],
    )
    return rows.filter(~incomplete) if bad else rows


def series_name(values: tuple[object, ...]) -> str:
    """How a message names a series: `A17` or `(A17, M2)`."""
    return str(values[0]) if len(values) == 1 else f"({', '.join(map(str, values))})"


def _plain(dtype: pl.DataType) -> pl.DataType:
    """Dictionary-encoded text is text."""
    return pl.String() if isinstance(dtype, pl.Categorical | pl.Enum) else dtype
