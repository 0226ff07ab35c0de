"""Classify columns as numbers or text. A text column with only numeric values is a number."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from job_code.files.unreadable import UnreadableFileError
from job_code.tables.decimal_signs import DecimalSign, DecimalSigns
from job_code.tables.file_splits import Part
from job_code.tables.key_columns import TEXT_OF_WHOLE_NUMBER
from job_code.tables.table_files import TableFile
from job_code.tables.text_columns import TextColumn
from job_code.tables.validation_report import ValidationReport

BATCH_ROWS = 1_000_000
SAMPLED_ROWS = 100_000  # of a file with types, whose text is seldom a number
TRUTHS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}  # as programs write booleans


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


def infer_column_types(
    files: Sequence[TableFile],
    types: Mapping[str, pl.DataType],
    findings: ValidationReport,
    *,
    decimal: DecimalSign | None,
    source: str,
    texts: Collection[str] = (),
) -> ColumnTypes:
    """Classify the columns of a table. The function reads the text columns of all files.

    Args:
        files: Files of one table.
        types: Type of each column.
        findings: Takes a warning for each text column that was probably meant to be a number, and a note for each that
            is one. It also takes unclear numbers.
        decimal: The decimal sign of text numbers; None to find it out.
        source: The input that the files belong to.
        texts: Columns that are known to be text. Their values are not read here.
    """
    read_as_text = [name for name, dtype in types.items() if dtype == pl.String]
    signs = DecimalSigns(decimal)
    columns = _text_columns([name for name in read_as_text if name not in texts], files, signs)
    numeric_text = [name for name, column in columns.items() if column.is_number]
    for name, column in columns.items():
        column.report(name, findings, source=source)
    signs.report(numeric_text, findings, source=source)
    numbers = tuple(
        name for name, dtype in types.items() if name in numeric_text or dtype.is_numeric() or dtype == pl.Boolean
    )
    texts = tuple(name for name in read_as_text if name not in numeric_text)
    return ColumnTypes(
        numbers=numbers, texts=texts, others=tuple(name for name in types if name not in (*numbers, *texts))
    )


def with_texts(types: Mapping[str, pl.DataType], texts: Collection[str]) -> dict[str, pl.DataType]:
    """Return the types of columns. The text columns are text, even if files store them as numbers.

    Args:
        types: Type of each column.
        texts: Names of the text columns.
    """
    return {
        name: pl.String() if name in texts and (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)) else dtype
        for name, dtype in types.items()
    }


def as_types(schema: Mapping[str, pl.DataType], types: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    """Return columns in their types over all files. As text, 1 and 1.0 are the same, and so are true and True.

    Args:
        schema: Types of the columns in the rows.
        types: The wanted types.
    """
    return [
        _as_text(name, schema[name]) if dtype == pl.String else pl.col(name).cast(dtype)
        for name, dtype in types.items()
    ]


def as_numbers(schema: Mapping[str, pl.DataType], names: Sequence[str]) -> list[pl.Expr]:
    """Return columns of numbers as 64-bit floats, also those that are stored as text.

    Args:
        schema: Types of the columns in the rows.
        names: The columns.
    """
    return [
        pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
        if schema[name] == pl.String
        else pl.col(name).cast(pl.Float64)
        for name in names
    ]


def _as_text(name: str, own: pl.DataType) -> pl.Expr:
    text = pl.col(name).cast(pl.String)
    if own.is_numeric():
        return text.str.replace(TEXT_OF_WHOLE_NUMBER, "$1")
    return text.replace(TRUTHS) if own == pl.String else text


def _text_columns(names: Sequence[str], files: Sequence[TableFile], signs: DecimalSigns) -> dict[str, TextColumn]:
    """Return the counts of the values of text columns over all files.

    Files with types are read until each column is surely text. Their columns of a categorical type are not read.
    """
    typed = all(file.typed for file in files)
    columns = {
        name: TextColumn(typed=typed)
        for name in names
        if not typed or not any(isinstance(file.columns[name], pl.Categorical | pl.Enum) for file in files)
    }
    for file in files:
        wanted = {name for name, column in columns.items() if not column.is_surely_text}
        part = Part(file.only(wanted) if typed else file)  # fewer columns of a CSV file would have other rows
        try:
            for batch in part.batches(SAMPLED_ROWS if typed else BATCH_ROWS) if wanted else ():
                read = signs.read(batch, wanted)
                for name in wanted:
                    columns[name].add(read.rows[name], read)
                wanted = {name for name in wanted if not columns[name].is_surely_text}
                if not wanted:
                    break
        except UnreadableFileError:
            continue  # the caller reports the file when it reads the rows
    return columns
