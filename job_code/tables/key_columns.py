"""Key columns: one type over all files, the checks of their values, and the keys of other tables."""

from collections.abc import Mapping, Sequence

import polars as pl

from job_code.tables.row_checks import RowCheck
from job_code.tables.table_files import TableFile
from job_code.tables.validation_report import ValidationReport

# From here on, a 64-bit float cannot represent every whole number, so two keys may have become one.
MAX_WHOLE_FLOAT = 2**53
TEXT_OF_WHOLE_NUMBER = r"^(-?\d+)\.0+$"  # how a CSV file writes a whole number of a float column
_SIGNED = (pl.Int8, pl.Int16, pl.Int32, pl.Int64)


def key_types(
    files: Sequence[TableFile], key: Sequence[str], findings: ValidationReport, *, source: str
) -> dict[str, pl.DataType]:
    """Return the type of each key column over all files: a type that pandas, Arrow, Athena and DuckDB can read.

    Whole numbers are `Int64`, or the signed type that all files share. A column with text in any file is text. Empty
    files do not count. The type of a column that cannot be a key is Null.

    Args:
        files: Files of one table, which have all key columns.
        key: The key columns.
        findings: Takes columns whose type cannot be a key.
        source: The input that the files belong to (`demand`).
    """
    with_rows = [file for file in files if file.rows] or list(files)
    types = {}
    for column in key:
        own = {_plain(file.columns[column]) for file in with_rows} - {pl.Null()}
        invalid = [str(dtype) for dtype in own if not _can_be_key(dtype) or (dtype == pl.Binary and len(own) > 1)]
        if invalid:
            findings.add_message(
                f"{source}: the key column {column} has the type {', '.join(sorted(invalid))}. "
                "Use text, whole numbers or dates"
            )
        types[column] = pl.Null() if invalid else _key_type(own)
    return types


def common_types(files: Sequence[TableFile], columns: Sequence[str]) -> dict[str, pl.DataType]:
    """Return the common type of each column without keys over all files.

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


def with_plain_text(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with dictionary-encoded text as plain text."""
    return rows.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))


def cast_keys(own: Mapping[str, pl.DataType], types: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    """Return the key columns in their types. A value that the type cannot represent becomes null.

    Args:
        own: Types of the columns in the rows.
        types: Wanted types of the key columns, from `key_types`.
    """
    return [_cast(name, own[name], dtype) for name, dtype in types.items()]


def key_checks(own: Mapping[str, pl.DataType], types: Mapping[str, pl.DataType]) -> dict[str, RowCheck]:
    """Return the checks of key columns.

    Args:
        own: Types of the columns in the rows.
        types: Wanted types of the key columns, from `key_types`.
    """
    missing = [_is_missing(name, own[name]) for name in types]
    casts = zip(types, cast_keys(own, types), missing, strict=True)
    return {
        "incomplete": RowCheck(
            columns=tuple(types),
            wrong=pl.any_horizontal(missing),
            problem=f"without a complete key ({', '.join(types)})",
            remedy="Fill in all key columns in every row",
        ),
    } | {
        f"key {name}": RowCheck(
            columns=(name,),
            wrong=cast.is_null() & ~missing,
            problem=f"with a key that is no exact whole number in {name}",
            remedy="Write the key as text, or as a whole number of at most 64 bits; a float is exact below 2**53",
        )
        for name, cast, missing in casts
        if own[name].is_numeric() and own[name] not in _SIGNED
    }


def with_key_types(rows: pl.DataFrame, types: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Cast the key columns of another table to the demand's types. A key that no series can have becomes null.

    Args:
        rows: Rows with all columns of `types`, in the types of the table's own `key_types`.
        types: The demand's type of each key column of the table.
    """
    casts = []
    for name, dtype in types.items():
        own, column = rows.schema[name], pl.col(name)
        if own == dtype:
            continue
        if own == pl.String and dtype.is_integer():
            text = column.str.replace(TEXT_OF_WHOLE_NUMBER, "$1")
            keys = text.cast(dtype, strict=False)
            # The text 007 and the number 7 are different keys.
            casts.append(pl.when(keys.cast(pl.String) == text).then(keys).alias(name))
        elif own.is_integer() and dtype.is_integer():
            casts.append(column.cast(dtype, strict=False))
        else:
            text = column.cast(pl.String)
            keys = text.cast(dtype, strict=False)
            casts.append(pl.when(keys.cast(pl.String) == text).then(keys).alias(name))
    return rows.with_columns(casts)


def series_name(values: tuple[object, ...]) -> str:
    """Return the name of a series for messages: `A17` or `(A17, M2)`."""
    return str(values[0]) if len(values) == 1 else f"({', '.join(map(str, values))})"


def _can_be_key(dtype: pl.DataType) -> bool:
    return not (dtype.is_nested() or isinstance(dtype, pl.Time | pl.Duration | pl.Object | pl.Unknown))


def _key_type(own: set[pl.DataType]) -> pl.DataType:
    if len(own) == 1:
        (only,) = own
        if only in _SIGNED or only in (pl.Date, pl.Boolean, pl.Binary) or isinstance(only, pl.Datetime):
            return only
    if own and all(dtype.is_numeric() for dtype in own):
        return pl.Int64()
    return pl.String()


def _plain(dtype: pl.DataType) -> pl.DataType:
    """Return the type with dictionary-encoded text as plain text."""
    return pl.String() if isinstance(dtype, pl.Categorical | pl.Enum) else dtype


def _cast(name: str, own: pl.DataType, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if own.is_float() or isinstance(own, pl.Decimal):
        exact = (column.abs() < MAX_WHOLE_FLOAT) if own.is_float() else pl.lit(True)
        whole = column.cast(pl.Int64, strict=False)
        column = pl.when(exact & (whole.cast(own) == column)).then(whole).alias(name)
    return column.cast(dtype, strict=False) if own != dtype else column


def _is_missing(name: str, own: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if own == pl.String:
        return column.is_null() | (column.str.len_bytes() == 0)
    return column.is_null() | column.is_nan() if own.is_float() else column.is_null()
