"""Covariates on their way from the input files, in any order, to the shards of the demand.

A row is 12 bytes and four for every column. Text travels as a code that is its writer's own; what it means is settled
once all files are read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from job_code.exogenous.covariate_schema import CovariateSchema
from job_code.exogenous.covariates import Cells
from job_code.exogenous.static_features import MAX_CATEGORIES
from job_code.series.arrays import Integers
from job_code.tables.key_hashes import Hashes, hash_keys, shard_of
from job_code.tables.row_checks import DAY

NEVER = -(2**31)
Categories = dict[str, tuple[str, ...] | None]  # by column, in the order of their codes; None: too many to be of use


@dataclass(frozen=True, kw_only=True)
class TableColumns:
    """How the rows of one table of covariates lie in its shuffle files.

    Attributes:
        number: Tells its files from those of other tables.
        key: The key columns it has, of those that name a series.
        numbers: Columns that are used as they are.
        texts: Columns that hold categories.
    """

    number: int
    key: tuple[str, ...]
    numbers: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def row(self) -> np.dtype[np.void]:
        """Layout of a spilled row."""
        return np.dtype([("hash", np.uint64), ("day", np.int32), ("values", np.float32, (len(self.names),))])

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, in the order they are spilled."""
        return (*self.numbers, *self.texts)

    def file(self, folder: Path, shard: int, writer: int) -> Path:
        """Where one writer spills the rows of a shard."""
        return folder / f"covariates-{self.number}-{shard:05d}-{writer}.bin"


class CovariateWriter:
    """StratumCodes batches of one table into one file a shard.

    Args:
        table: What it holds.
        folder: Where the shards' files are.
        writer: Tells the files of this writer from those of others.
        shards: Number of shards.
    """

    def __init__(self, table: TableColumns, folder: Path, writer: int, shards: int) -> None:
        self._table, self._folder, self._writer, self._shards = table, folder, writer, shards
        self._codes: dict[str, dict[str, int] | None] = {name: {} for name in table.texts}
        self.lowest = dict.fromkeys(table.numbers, np.inf)
        self.last_day = dict.fromkeys(table.names, NEVER)

    def add(self, batch: pl.DataFrame) -> None:
        """Spills rows with the table's columns and `DAY`."""
        table = self._table
        hashes = hash_keys(batch, table.key) if table.key else np.zeros(batch.height, np.uint64)
        rows = np.empty(batch.height, dtype=table.row)
        rows["hash"], rows["day"] = hashes, batch[DAY].to_physical().to_numpy()
        for at, name in enumerate(table.numbers):
            given = batch[name].cast(pl.Float32).fill_null(np.nan).to_numpy()
            rows["values"][:, at] = np.where(np.isfinite(given), given, np.nan)
            self.lowest[name] = min(self.lowest[name], float(np.nanmin(given, initial=np.inf)))
        for at, name in enumerate(table.texts, len(table.numbers)):
            rows["values"][:, at] = self._encode(name, batch[name])
        for at, name in enumerate(table.names):
            known = rows["day"][~np.isnan(rows["values"][:, at])]
            self.last_day[name] = max(self.last_day[name], int(known.max(initial=NEVER)))
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
        """What the codes of this writer mean."""
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
class SpilledTable:
    """One table in shards.

    Attributes:
        schema: Its columns that are used.
        columns: How its rows lie in the files.
        folder: Where its files are.
        of_series: Whether its key is the demand's; if so, it lies in the demand's shards, else in a single one.
        own_codes: What each writer's codes mean.
    """

    schema: CovariateSchema
    columns: TableColumns
    folder: Path
    of_series: bool
    own_codes: tuple[Categories, ...]

    def read(self, shard: int) -> "SpilledRows":
        """Reads what all writers spilled of one shard, and deletes it."""
        no_values = np.empty((len(self.schema.names), 0), np.float32)
        nothing = SpilledRows(np.empty(0, np.uint64), np.empty(0, np.int32), no_values)
        rows = SpilledRows.stack([nothing, *self.batches(shard)])
        self.delete(shard)
        return rows

    def batches(self, shard: int, size: int | None = None) -> Iterator["SpilledRows"]:
        """Streams what all writers spilled of one shard.

        Args:
            shard: Its number.
            size: Rows a batch at most; all of a writer's when absent.
        """
        names = self.schema.names
        used = [self.columns.names.index(name) for name in names]
        row = self.columns.row
        for writer, codes in enumerate(self.own_codes):
            file = self.columns.file(self.folder, shard, writer)
            rows = file.stat().st_size // row.itemsize if file.exists() else 0
            step = size or max(1, rows)
            for first in range(0, rows, step):
                own = np.fromfile(file, dtype=row, count=min(step, rows - first), offset=first * row.itemsize)
                values = np.ascontiguousarray(own["values"].T[used])
                for name, known in self.schema.categorical.items():
                    at, position = names.index(name), {text: code for code, text in enumerate(known)}
                    meaning = [position.get(text, np.nan) for text in codes[name] or ()]
                    values[at] = _translate(values[at], np.array([*meaning, np.nan], dtype=np.float32))
                yield SpilledRows(own["hash"], own["day"], values)

    def delete(self, shard: int) -> None:
        """Deletes what all writers spilled of one shard."""
        for writer in range(len(self.own_codes)):
            self.columns.file(self.folder, shard, writer).unlink(missing_ok=True)


@dataclass(frozen=True)
class SpilledRows:
    """Rows of one shard: hash of the key, date in days since 1970-01-01, values of shape (columns, rows)."""

    hash: Hashes
    day: npt.NDArray[np.int32]
    values: Cells

    @classmethod
    def stack(cls, parts: "list[SpilledRows]") -> "SpilledRows":
        """Puts the rows of several writers one behind the other."""
        return cls(
            np.concatenate([part.hash for part in parts]),
            np.concatenate([part.day for part in parts]),
            np.concatenate([part.values for part in parts], axis=1),
        )


def group_of(hashes: Hashes, known: Hashes, missing: int) -> Integers:
    """Position of each hash among the known ones, `missing` where it is not one of them."""
    if not len(known):
        return np.full(len(hashes), missing, np.int64)
    order = np.argsort(known)
    at = order[np.minimum(np.searchsorted(known, hashes, sorter=order), len(known) - 1)]
    return np.where(known[at] == hashes, at, missing)


def _translate(codes: npt.NDArray[np.float32], meaning: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    unknown = np.isnan(codes)
    translated: npt.NDArray[np.float32] = meaning[np.where(unknown, len(meaning) - 1, codes).astype(np.int64)]
    return translated
