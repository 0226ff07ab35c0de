"""Prepared covariates on disk: per-series values with each chunk, and tables that all chunks share."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import nan
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from job_code.exogenous.covariate_mask import MaskRate
from job_code.exogenous.covariates import Covariates, CovariateTable
from job_code.exogenous_files.covariate_alignment import AlignedRows
from job_code.exogenous_files.covariate_counts import FREQUENT, TableCounts
from job_code.exogenous_files.covariate_schema import CovariateSchema
from job_code.exogenous_files.covariate_shuffle_files import NO_GROUP, ShuffledTable, group_of
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel
from job_code.tables.key_hashes import Hashes, hash_keys
from job_code.tables.key_matches import KeyMatches, example_names

_GROUPS = "covariate_groups.npy"
MAX_MISSING_SHARE = 0.5  # of the periods to forecast; a column that is missing more often is dropped
MIN_MASK_RATE = 0.01  # the model must see some missing values, or LightGBM would treat them as 0


@dataclass(frozen=True, kw_only=True)
class StoredTable:
    """Schema and location of one table.

    Attributes:
        number: Number of the table, part of the file names.
        key: Key columns of the table, a part of the demand's key.
        schema: Columns of the table.
        folder: Folder of the values of a shared table; None if each chunk has the values of its own series.
    """

    number: int
    key: tuple[str, ...]
    schema: CovariateSchema
    folder: Path | None

    def file(self, chunk: Path) -> Path:
        """Return the file with the values for the series of a chunk."""
        return (self.folder or chunk) / f"covariates-{self.number}.npy"


@dataclass(frozen=True)
class StoredCovariates:
    """Location, schema and use of all covariates.

    Attributes:
        tables: The tables.
        horizon: Number of periods after the cutoff that the tables cover.
        dropped: Columns that the run does not use.
        mask_rate: Mask rate of each used column in training and backtest; None without a mask.
        counts: Counts of the rows of the shared tables, by the number of the table.
    """

    tables: tuple[StoredTable, ...] = ()
    horizon: int = 0
    dropped: tuple[str, ...] = ()
    mask_rate: MaskRate | None = None
    counts: Mapping[int, TableCounts] = field(default_factory=dict)

    def drop_mostly_missing(self, missing: Floats, *, seed: int) -> Self:
        """Drop the columns that are mostly missing in the periods to forecast, and set the mask rate of the others.

        Training and backtest must have the same share of missing values as the forecast. They must also have at least
        some missing values, otherwise LightGBM treats missing values as 0.

        Args:
            missing: Share of series for which each column is missing at each step, shape (columns, horizon).
            seed: Seed of the mask.
        """
        used = missing.mean(axis=1) <= MAX_MISSING_SHARE
        dropped = tuple(name for name, kept in zip(self.names, used, strict=True) if not kept)
        kept = replace(self, dropped=dropped)
        shares = np.maximum(missing[used], MIN_MASK_RATE)
        return replace(kept, mask_rate=MaskRate(names=kept.names, shares=shares, seed=seed))

    def only(self, names: Collection[str]) -> Self:
        """Use only the named columns, even if they are mostly missing in the horizon. For runs that reuse a model."""
        dropped = tuple(name for table in self.tables for name in table.schema.names if name not in names)
        return replace(self, dropped=dropped, mask_rate=None)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all used columns, table by table."""
        return tuple(name for table in self.tables for name in self._used(table))

    def is_past_only(self, last: int, frequency: Frequency, counts: Mapping[int, TableCounts]) -> list[bool]:
        """Return whether each used column ends with the demand, so that it is unknown in a real horizon.

        A run with an earlier cutoff must not use such a column, although the file has values for its horizon. A column
        with a default is always known. A held value is known unless the keys used to have new values in most periods.

        Args:
            last: Last period of the demand, which may be after the cutoff.
            frequency: Calendar of the demand.
            counts: Counts of the rows of each table, by its number.
        """
        found = []
        for table in self.tables:
            schema = table.schema
            for at, name in enumerate(schema.names):
                if name not in self.dropped:
                    is_stated = schema.held[at] and counts[table.number].recent_share(at, self.horizon) <= FREQUENT
                    ends = schema.is_known_until(name, last, frequency)
                    found.append(ends and not is_stated and name not in schema.defaults)
        return found

    @property
    def columns_of_series(self) -> int:
        """Number of per-series columns."""
        return sum(len(table.schema.names) for table in self.tables if table.folder is None)

    def _used(self, table: StoredTable) -> tuple[str, ...]:
        return tuple(name for name in table.schema.names if name not in self.dropped)

    def read(self, chunk: Path, panel: Panel, *, only: Booleans | None = None) -> Covariates:
        """Read the covariates of the series of a chunk.

        Args:
            chunk: Folder of the chunk.
            panel: The series that `only` selects.
            only: Whether to read each series of the chunk, shape (series of the chunk,); None for all.
        """
        if not self.tables:
            return Covariates.none(len(panel))
        group = np.load(chunk / _GROUPS).astype(np.int64)
        first, lengths = np.load(chunk / "first_period.npy"), np.load(chunk / "lengths.npy")
        chosen = np.ones(group.shape[1], dtype=bool) if only is None else only
        tables, groups = [], []
        for stored, own in zip(self.tables, group, strict=True):
            every = zip(stored.schema.names, np.load(stored.file(chunk), mmap_mode="r"), strict=True)
            values = [column for name, column in every if name not in self.dropped]
            if stored.folder is None:
                table = CovariateTable(values, first.astype(np.int64), lengths.astype(np.int64) + self.horizon)
                tables.append(table if only is None else table.select(np.flatnonzero(chosen)))
                groups.append(np.arange(int(chosen.sum())))
            else:
                tables.append(
                    CovariateTable(
                        values, np.load(stored.folder / "first_period.npy"), np.load(stored.folder / "lengths.npy")
                    )
                )
                groups.append(own[chosen])
        schemas = [table.schema for table in self.tables]
        return Covariates(
            tables=tuple(tables),
            shared=tuple(stored.folder is not None for stored in self.tables),
            group=np.array(groups).reshape(len(tables), -1),
            names=self.names,
            categorical=tuple(name for schema in schemas for name in schema.categorical if name not in self.dropped),
            positive=tuple(name for schema in schemas for name in schema.positive if name not in self.dropped),
            defaults=tuple(table.schema.defaults.get(name, nan) for table in self.tables for name in self._used(table)),
        )

    def matches(
        self, keys: pl.DataFrame, tables: Iterable[ShuffledTable], rows: Mapping[int, AlignedRows]
    ) -> dict[int, KeyMatches]:
        """Count the rows and series of a shard that match, by the number of the table.

        A table with a shorter key than the demand counts distinct keys instead of rows and series.

        Args:
            keys: Keys of all series of the shard.
            tables: The tables in shards, with their samples of keys.
            rows: Rows of the shard, by the number of each table that is not shared.
        """
        folders = {stored.number: stored.folder for stored in self.tables}
        found = {}
        for table in tables:
            number, key = table.columns.number, table.columns.key
            if not key:
                continue
            folder = folders[number]
            if folder is None:
                own, known = keys, np.isin(np.arange(len(keys)), rows[number].series)
                matched, unknown = len(rows[number].series), rows[number].unmatched
            else:
                own, groups = keys.select(key).unique(), np.load(folder / "hashes.npy")
                known = np.isin(hash_keys(own, key), groups)
                matched, unknown = int(known.sum()), groups[:0] if known.any() else groups
            without = own.filter(pl.Series(~known))
            found[number] = KeyMatches(
                matched=matched,
                unmatched=len(unknown),
                examples=table.sample.among(unknown),
                series=own.height,
                without=without.height,
                without_examples=example_names(without),
            )
        return found

    def write(self, chunk: Path, panel: Panel, rows: Mapping[int, AlignedRows]) -> None:
        """Write the covariates of the series of a chunk to its folder.

        Args:
            chunk: Folder of the chunk.
            panel: Series of the chunk.
            rows: Rows of these series, by the number of each table that is not shared.
        """
        if not self.tables:
            return
        groups = []
        for stored in self.tables:
            if stored.folder is not None:
                groups.append(_groups(panel, stored.key, np.load(stored.folder / "hashes.npy")))
                continue
            own = rows[stored.number]
            table = CovariateTable.empty(len(stored.schema.names), panel.first_period, panel.lengths + self.horizon)
            table.put(own.series, own.period, own.values, stored.schema.held)
            np.save(stored.file(chunk), np.array(table.values))
            groups.append(np.arange(len(panel)))
        np.save(chunk / _GROUPS, np.array(groups, dtype=np.int32))


def _groups(panel: Panel, key: tuple[str, ...], known: Hashes) -> Integers:
    hashes = hash_keys(panel.keys, key) if key else np.zeros(len(panel), np.uint64)
    return group_of(hashes, known, NO_GROUP)
