"""Read the rows of covariate files, and find single rows again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from job_code.exogenous_files.covariate_problems import Example
from job_code.exogenous_files.covariate_shuffle_files import TableColumns
from job_code.files.unreadable import UnreadableFileError
from job_code.tables.column_types import as_numbers, as_types
from job_code.tables.decimal_signs import DecimalSigns
from job_code.tables.file_splits import Batch, Part
from job_code.tables.key_columns import cast_keys, key_checks, series_name, with_plain_text
from job_code.tables.key_hashes import hash_keys
from job_code.tables.key_matches import KeyMatches, split_by_type
from job_code.tables.row_checks import drop_bad_rows, infinite_check
from job_code.tables.table_files import TableFile
from job_code.tables.validation_report import ValidationReport
from job_code.times.moments import MOMENT, TimeColumn
from job_code.times.zone_use import ZoneKinds

SOURCE = "covariates"
SHOWN_ROWS = 2  # of one key and time
_AT = "_at"


@dataclass(frozen=True, kw_only=True)
class TableReading:
    """How the files of a table are read.

    Attributes:
        table: Layout of the rows in the shards.
        own_key_types: Types of the key columns over all files of the table.
        key_types: The demand's types of these columns.
        types: Types of the other columns.
        time: The time column.
        signs: Decimal signs of the configuration, or those that the files show.
        batch: Maximum number of rows of a batch.
    """

    table: TableColumns
    own_key_types: Mapping[str, pl.DataType]
    key_types: Mapping[str, pl.DataType]
    types: Mapping[str, pl.DataType]
    time: TimeColumn
    signs: DecimalSigns
    batch: int

    def clean(self, batch: Batch, findings: ValidationReport) -> tuple[pl.DataFrame, KeyMatches, ZoneKinds]:
        """Return valid rows with the demand's key types, counts of rows that cannot have them, and kinds of times."""
        batch = self.signs.read(batch, self.table.numbers)
        rows = with_plain_text(batch.rows)
        rows = rows.with_columns(as_numbers(rows.schema, self.table.numbers))
        rows = rows.with_columns(as_types(rows.schema, {name: self.types[name] for name in self.table.texts}))
        rows, checks, kinds = self.time.read(rows)
        checks |= {f"infinite {name}": infinite_check(name, pl.col(name)) for name in self.table.numbers}
        if self.own_key_types:
            checks |= key_checks(rows.schema, self.own_key_types)
        own = rows.schema
        rows = drop_bad_rows(replace(batch, rows=rows), checks, findings, source=SOURCE)
        return *split_by_type(rows.with_columns(cast_keys(own, self.own_key_types)), self.key_types), kinds

    def find(self, examples: Iterable[Example], files: Iterable[TableFile]) -> dict[Example, str]:
        """Return the key, the time and the places of rows, for messages: `A17 2026-11-16 in row 5 of a.parquet`.

        The files are read up to the last of the rows, so this is for runs that fail.

        Args:
            examples: The rows. Other rows with their key and time are also shown.
            files: Files of the table.
        """
        found: dict[Example, list[str]] = {example: [] for example in examples}
        names: dict[Example, str] = {}
        moments = [example.moment for example in found]
        keys = np.array([example.hash for example in found], np.uint64)
        for file in files:
            try:
                for batch in Part(file).batches(self.batch):
                    numbered = replace(batch, rows=batch.rows.with_row_index(_AT))
                    rows, *_ = self.clean(numbered, ValidationReport())
                    rows = rows.filter(pl.col(MOMENT).is_in(moments))
                    key = self.table.key
                    hashes = hash_keys(rows, key) if key else np.zeros(rows.height, np.uint64)
                    own = np.flatnonzero(np.isin(hashes, keys))
                    for own_hash, row in zip(hashes[own].tolist(), rows[own].iter_rows(named=True), strict=True):
                        example = Example(own_hash, row[MOMENT])
                        if example in found and len(found[example]) < SHOWN_ROWS:
                            found[example] += batch.places([row[_AT]])
                            name = series_name(tuple(row[each] for each in key)) + " " if key else ""
                            names.setdefault(example, f"{name}{row[self.time.name]}")
                    if all(len(places) == SHOWN_ROWS for places in found.values()):
                        return _texts(names, found)
            except UnreadableFileError:
                continue  # it is reported already
        return _texts(names, found)


def _texts(names: Mapping[Example, str], places: Mapping[Example, list[str]]) -> dict[Example, str]:
    return {example: f"{name} in {' and '.join(places[example])}" for example, name in names.items()}
