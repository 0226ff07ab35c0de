"""Shuffle covariates from the input files into shards.

A row takes 12 bytes and four bytes per column. Each writer encodes text with its own codes. The reader translates
them to common categories after all files are read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from job_code.demand.moment_counts import MomentCounts
from job_code.exogenous_files.covariate_schema import CovariateSchema
from job_code.exogenous_files.text_categories import MAX_CATEGORIES
from job_code.series.arrays import Cells, Integers
from job_code.tables.key_hashes import Hashes, hash_keys, shard_of
from job_code.tables.key_matches import KeyMatches, KeySample
from job_code.tables.validation_report import ValidationReport
from job_code.times.moments import MOMENT
from job_code.times.zone_use import NO_TIMES, ZoneUse

NEVER = -(2**31)
NO_GROUP = -1
SHOWN_NAMES = 5  # of columns in a message
Categories = dict[str, tuple[str, ...] | None]  # by column, in the order of the codes; None: too many categories


@dataclass(frozen=True, kw_only=True)
class TableColumns:
    """Layout of the rows of one table in its shuffle files.

    Attributes:
        number: Number of the table, part of the file names.
        key: Key columns of the table, a part of the demand's key.
        numbers: Numeric columns.
        texts: Text columns.
    """

    number: int
    key: tuple[str, ...]
    numbers: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def row(self) -> np.dtype[np.void]:
        """Data type of a row on disk."""
        return np.dtype([("hash", np.uint64), ("moment", np.int32), ("values", np.float32, (len(self.names),))])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in the order on disk."""
        return (*self.numbers, *self.texts)

    def file(self, folder: Path, shard: int, writer: int) -> Path:
        """Return the file to which one writer writes the rows of a shard."""
        return folder / f"covariates-{self.number}-{shard:05d}-{writer}.bin"


class CovariateWriter:
    """Write batches of one table to one file per shard.

    Args:
        table: Layout of the rows.
        folder: Folder of the shuffle files.
        writer: Number of this writer, part of the file names.
        shards: Number of shards.
    """

    def __init__(self, table: TableColumns, folder: Path, writer: int, shards: int) -> None:
        self._table, self._folder, self._writer, self._shards = table, folder, writer, shards
        self._codes: dict[str, dict[str, int] | None] = {name: {} for name in table.texts}
        self.lowest = dict.fromkeys(table.numbers, np.inf)
        self.last_moment = dict.fromkeys(table.names, NEVER)

    def add(self, batch: pl.DataFrame) -> None:
        """Write rows with the columns of the table and `MOMENT`."""
        table = self._table
        hashes = hash_keys(batch, table.key) if table.key else np.zeros(batch.height, np.uint64)
        rows = np.empty(batch.height, dtype=table.row)
        rows["hash"], rows["moment"] = hashes, batch[MOMENT].to_numpy()
        for at, name in enumerate(table.numbers):
            values = batch[name].cast(pl.Float32).fill_null(np.nan).to_numpy()
            rows["values"][:, at] = np.where(np.isfinite(values), values, np.nan)
            self.lowest[name] = min(self.lowest[name], float(np.nanmin(values, initial=np.inf)))
        for at, name in enumerate(table.texts, len(table.numbers)):
            rows["values"][:, at] = self._encode(name, batch[name])
        for at, name in enumerate(table.names):
            known = rows["moment"][~np.isnan(rows["values"][:, at])]
            self.last_moment[name] = max(self.last_moment[name], int(known.max(initial=NEVER)))
        shard = shard_of(hashes, self._shards)
        rows = rows[np.argsort(shard, kind="stable")]
        begin = 0
        for number, end in enumerate(np.cumsum(np.bincount(shard, minlength=self._shards)).tolist()):
            if end > begin:
                with table.file(self._folder, number, self._writer).open("ab") as file:
                    file.write(rows[begin:end].tobytes())
            begin = end

    @property
    def categories(self) -> Categories:
        """Categories by the codes of this writer."""
        return {name: None if codes is None else tuple(codes) for name, codes in self._codes.items()}

    def _encode(self, name: str, column: pl.Series) -> npt.NDArray[np.float32]:
        codes = self._codes[name]
        if codes is None:
            return np.full(len(column), np.nan, np.float32)
        for text in sorted(set(column.drop_nulls().unique().to_list()) - codes.keys()):
            codes[text] = len(codes)
        if len(codes) > MAX_CATEGORIES:
            self._codes[name] = None
            return np.full(len(column), np.nan, np.float32)
        known = np.arange(len(codes), dtype=np.float32)
        encoded = column.replace_strict(list(codes), known, default=None, return_dtype=pl.Float32)
        return encoded.fill_null(np.nan).to_numpy()


@dataclass(frozen=True, kw_only=True)
class ShuffledTable:
    """One table in shards.

    Attributes:
        schema: Usable columns of the table.
        columns: Layout of the rows in the shuffle files.
        folder: Folder of the shuffle files.
        per_series: Whether the table has the demand's key. If so, it is in the shards of the demand.
        shards: Number of shards.
        booleans: Columns with booleans in all files.
        moments: Number of rows by moment; None after the rules are known.
        automatic: Whether the rows show the rules, and the configuration does not have them.
        own_codes: Categories by the codes of each writer.
        unmatched: Rows whose key cannot have the demand's type.
        sample: Some keys of the table, for messages.
        zones: Files whose times have a zone, and files whose times have none.
    """

    schema: CovariateSchema
    columns: TableColumns
    folder: Path
    per_series: bool
    shards: int
    booleans: tuple[str, ...]
    moments: MomentCounts | None
    automatic: bool = False
    own_codes: tuple[Categories, ...]
    unmatched: KeyMatches
    sample: KeySample
    zones: ZoneUse = NO_TIMES

    @property
    def description(self) -> str:
        """The table in words, with its columns and its key."""
        key = f"whose key is {', '.join(self.columns.key)}" if self.columns.key else "which has no key column"
        return f"the table of {self._shown_names}, {key}"

    @property
    def _shown_names(self) -> str:
        names = self.schema.names
        more = f" and {len(names) - SHOWN_NAMES:,} more" if len(names) > SHOWN_NAMES else ""
        return f"{', '.join(names[:SHOWN_NAMES])}{more}"

    def report_matches(self, shards: Iterable[KeyMatches], findings: ValidationReport) -> None:
        """Report rows without a series, and series without a row.

        Args:
            shards: The matches of each shard.
            findings: Takes the findings.
        """
        if not self.columns.key:
            return
        shards = list(shards)
        matches = KeyMatches.total([self.unmatched, *shards])
        if not self.per_series:  # every shard counts all keys of the table, unless it has one of them
            others = 0 if matches.matched else max((each.unmatched for each in shards), default=0)
            matches = replace(matches, unmatched=self.unmatched.unmatched + others)
        matches.report(
            findings,
            source="covariates",
            table=f" in the table of {self._shown_names}",
            noun="row" if self.per_series else "key",
        )

    def read(self, shard: int) -> "ShuffledRows":
        """Read the rows that all writers wrote for one shard."""
        names = self.schema.names
        used = [self.columns.names.index(name) for name in names]
        parts = [ShuffledRows(np.empty(0, np.uint64), np.empty(0, np.int32), np.empty((len(names), 0), np.float32))]
        for writer, codes in enumerate(self.own_codes):
            file = self.columns.file(self.folder, shard, writer)
            if not file.exists():
                continue
            own = np.fromfile(file, dtype=self.columns.row)
            values = np.ascontiguousarray(own["values"].T[used])
            for name, known in self.schema.categorical.items():
                at, position = names.index(name), {text: code for code, text in enumerate(known)}
                target = [position.get(text, np.nan) for text in codes[name] or ()]
                values[at] = _translate(values[at], np.array([*target, np.nan], dtype=np.float32))
            parts.append(ShuffledRows(own["hash"], own["moment"], values))
        return ShuffledRows.stack(parts)

    def delete(self, shard: int) -> None:
        """Delete the files that all writers wrote for one shard."""
        for writer in range(len(self.own_codes)):
            self.columns.file(self.folder, shard, writer).unlink(missing_ok=True)


@dataclass(frozen=True)
class ShuffledRows:
    """Rows of one shard: hash of the key, moment in minutes since 1970-01-01, values of shape (columns, rows)."""

    hash: Hashes
    moment: npt.NDArray[np.int32]
    values: Cells

    def where(self, rows: npt.NDArray[Any]) -> "ShuffledRows":
        """Return some rows.

        Args:
            rows: Whether to take each row, or the positions of the wanted rows.
        """
        return ShuffledRows(self.hash[rows], self.moment[rows], self.values[:, rows])

    @classmethod
    def stack(cls, parts: "list[ShuffledRows]") -> "ShuffledRows":
        """Concatenate the rows of several writers."""
        return cls(
            np.concatenate([part.hash for part in parts]),
            np.concatenate([part.moment for part in parts]),
            np.concatenate([part.values for part in parts], axis=1),
        )


def group_of(hashes: Hashes, known: Hashes, missing: int) -> Integers:
    """Return the position of each hash among the known hashes, or `missing` if it is unknown."""
    if not len(known):
        return np.full(len(hashes), missing, np.int64)
    order = np.argsort(known)
    at = order[np.minimum(np.searchsorted(known, hashes, sorter=order), len(known) - 1)]
    return np.where(known[at] == hashes, at, missing)


def _translate(codes: npt.NDArray[np.float32], target: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Translate the codes of a writer. The last element of `target` is the translation of a missing value."""
    missing = np.isnan(codes)
    translated: npt.NDArray[np.float32] = target[np.where(missing, len(target) - 1, codes).astype(np.int64)]
    return translated
