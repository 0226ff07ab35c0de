"""Classify columns as numbers or text. In files without types, a text column with only numeric values is a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from job_code.files.unreadable import UnreadableFileError
from job_code.tables.decimal_signs import DecimalSign, DecimalSigns
from job_code.tables.file_splits import Batch, Part
from job_code.tables.table_files import TableFile
from job_code.tables.validation_report import EXAMPLES, ValidationReport, plural

BATCH_ROWS = 1_000_000
FEW = 0.1  # of the values; if fewer are no numbers, the column was probably meant to be one
_DECIMAL_COMMA = r"^\s*[+-]?\d+,\d+\s*$"


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


@dataclass(kw_only=True)
class TextColumn:
    """The values of a text column, counted over all batches.

    Attributes:
        values: Number of values that are not null.
        texts: Number of values that are no numbers.
        commas: Number of values that are numbers with a decimal comma.
        examples: Some values that are no numbers, with their places.
    """

    values: int = 0
    texts: int = 0
    commas: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_number(self) -> bool:
        """Whether all values are numbers."""
        return not self.texts

    def add(self, column: pl.Series, batch: Batch) -> None:
        """Count the values of the column in a batch. In files with types, the column may hold numbers or booleans."""
        text = column.cast(pl.Float64, strict=False).is_null() & column.is_not_null()
        rows = text.arg_true()
        self.values += len(column) - column.null_count()
        self.texts += len(rows)
        self.commas += int(column.gather(rows).cast(pl.String).str.contains(_DECIMAL_COMMA).sum())
        shown = rows.head(EXAMPLES - len(self.examples)).to_list()
        places = zip(shown, batch.places(shown), strict=True)
        self.examples += [f"{column[row]!r} in {place}" for row, place in places]

    def report(self, name: str, findings: ValidationReport, *, source: str) -> None:
        """Warn if the column was probably meant to be a number.

        Args:
            name: Name of the column.
            findings: Takes the warning.
            source: The input that the column belongs to.
        """
        shown = ", ".join(self.examples)
        if self.texts and self.texts == self.commas:
            findings.add_message(
                f"{source}: {name} is text, because of a decimal comma in {plural(self.commas, 'value')} among "
                f"{self.values:,}, e.g. {shown}. Write a decimal point",
                level="warning",
            )
        elif 0 < self.texts <= FEW * self.values:
            findings.add_message(
                f"{source}: {name} is text, because of {plural(self.texts, 'value')} among {self.values:,}, "
                f"e.g. {shown}. Write numbers, or leave them empty",
                level="warning",
            )


def infer_column_types(
    files: Sequence[TableFile],
    types: Mapping[str, pl.DataType],
    findings: ValidationReport,
    *,
    decimal: DecimalSign | None,
    source: str,
) -> ColumnTypes:
    """Classify the columns of a table.

    Args:
        files: Files of one table. If any file has no types, the function reads the text columns of all files.
        types: Type of each column.
        findings: Takes a warning for each text column that was probably meant to be a number, and unclear numbers.
        decimal: The decimal sign of text numbers; None to find it out.
        source: The input that the files belong to.
    """
    read_as_text = [name for name, dtype in types.items() if dtype == pl.String]
    signs = DecimalSigns(decimal)
    columns = {} if all(file.typed for file in files) else _text_columns(read_as_text, files, signs)
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


def _text_columns(names: Sequence[str], files: Sequence[TableFile], signs: DecimalSigns) -> dict[str, TextColumn]:
    """Return the counts of the values of text columns over all files."""
    columns = {name: TextColumn() for name in names}
    for file in files if names else ():
        try:
            for batch in Part(file).batches(BATCH_ROWS):
                read = signs.read(batch, names)
                for name, column in columns.items():
                    column.add(read.rows[name], read)
        except UnreadableFileError:
            continue  # the caller reports the file when it reads the rows
    return columns
