"""Covariates on disk, between the check and the forecast: with each chunk its own, and those that many chunks share."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from job_code.exogenous.covariate_alignment import AlignedRows
from job_code.exogenous.covariate_mask import HiddenShares
from job_code.exogenous.covariate_schema import CovariateSchema
from job_code.exogenous.covariate_shuffle_files import group_of
from job_code.exogenous.covariates import NO_GROUP, Covariates, CovariateTable
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.panel import Panel
from job_code.tables.key_hashes import Hashes, hash_keys

_GROUPS = "covariate_groups.npy"
MOSTLY = 0.5  # of the periods to forecast: a column unknown for more tells of the past alone
MIN_HIDDEN = 0.01


@dataclass(frozen=True, kw_only=True)
class StoredTable:
    """What one table holds, and where its values are.

    Attributes:
        number: Tells its files from those of other tables.
        key: The key columns it has, of those that name a series.
        schema: Its columns.
        folder: Where its values are; None where each chunk has those of its own series.
    """

    number: int
    key: tuple[str, ...]
    schema: CovariateSchema
    folder: Path | None

    def file(self, chunk: Path) -> Path:
        """Where its values for the series of a chunk are."""
        return (self.folder or chunk) / f"covariates-{self.number}.npy"


@dataclass(frozen=True)
class StoredCovariates:
    """Where covariates are, and what they are.

    Attributes:
        tables: By key.
        horizon: Periods after the cutoff that they may be known for.
        dropped: Columns that are not used, as they are mostly unknown there.
        hidden: How often each column that is used is hidden while learning.
    """

    tables: tuple[StoredTable, ...] = ()
    horizon: int = 0
    dropped: tuple[str, ...] = ()
    hidden: HiddenShares | None = None

    def known_ahead(self, unknown: Floats, *, seed: int) -> Self:
        """Settles what is used, by what is known of the periods to forecast.

        What the model learns from and is tested on must be known as often as it will be when it forecasts; and it
        must have met what is unknown, or it would take that for 0.

        Args:
            unknown: Share of series for which each column is unknown at each step, shape (columns, horizon).
            seed: Of what is hidden.
        """
        used = unknown.mean(axis=1) <= MOSTLY
        dropped = tuple(name for name, kept in zip(self.names, used, strict=True) if not kept)
        settled = replace(self, dropped=dropped)
        shares = np.maximum(unknown[used], MIN_HIDDEN)
        return replace(settled, hidden=HiddenShares(names=settled.names, shares=shares, seed=seed))

    def only(self, names: Collection[str]) -> Self:
        """Settles what is used by what a model knows, however much of it is known of the periods to forecast."""
        dropped = tuple(name for table in self.tables for name in table.schema.names if name not in names)
        return replace(self, dropped=dropped, hidden=None)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all columns that are used, table by table."""
        return tuple(name for table in self.tables for name in self._used(table))

    def past_only(self, last_day: int) -> list[bool]:
        """Whether each column ends with the demand: what a later cutoff would not know, an earlier one must not.

        Args:
            last_day: Of the demand, whatever the cutoff, counted from 1970-01-01.
        """
        return [
            table.schema.known_until.get(name, last_day + 1) <= last_day
            for table in self.tables
            for name in self._used(table)
        ]

    @property
    def columns_of_series(self) -> int:
        """Number of columns that each series has values of its own in."""
        return sum(len(table.schema.names) for table in self.tables if table.folder is None)

    def _used(self, table: StoredTable) -> tuple[str, ...]:
        return tuple(name for name in table.schema.names if name not in self.dropped)

    def read(self, chunk: Path, panel: Panel, *, only: Booleans | None = None) -> Covariates:
        """Reads what is known of a chunk's series.

        Args:
            chunk: Folder of the chunk.
            panel: Its series, those chosen by `only`.
            only: Series to read, shape (series of the chunk,); all when absent.
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
        )

    def write(self, chunk: Path, panel: Panel, rows: Mapping[int, AlignedRows]) -> None:
        """Write what is known of a chunk's series beside them.

        Args:
            chunk: Folder of the chunk.
            panel: Its series.
            rows: For each table that is not shared, by its number: the rows about them.
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
            table.put(own.series, own.period, own.values)
            np.save(stored.file(chunk), np.array(table.values))
            groups.append(np.arange(len(panel)))
        np.save(chunk / _GROUPS, np.array(groups, dtype=np.int32))


def _groups(panel: Panel, key: tuple[str, ...], known: Hashes) -> Integers:
    hashes = hash_keys(panel.keys, key) if key else np.zeros(len(panel), np.uint64)
    return group_of(hashes, known, NO_GROUP)
