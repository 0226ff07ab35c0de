"""Covariates on disk, between the check and the forecast: with each piece its own, and those that many pieces share."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from job_code.covariate_rows import AlignedRows, align_rows
from job_code.covariate_spill import SpilledTable, group_of
from job_code.covariates import NO_GROUP, Covariates, CovariateTable
from job_code.frequency import Frequency
from job_code.known_keys import Hashes, hash_keys
from job_code.panel import Booleans, Integers, Panel

SOURCE = "covariates"
_GROUPS = "covariate_groups.npy"


@dataclass(frozen=True)
class StoredTable:
    """Where one table is.

    Attributes:
        spilled: What it holds.
        folder: Where its values are; None where each piece has those of its own series.
    """

    spilled: SpilledTable
    folder: Path | None

    def file(self, piece: Path) -> Path:
        """Where its values for the series of a piece are."""
        return (self.folder or piece) / f"covariates-{self.spilled.columns.number}.npy"


@dataclass(frozen=True)
class StoredCovariates:
    """Where covariates are, and what they are.

    Attributes:
        tables: By key.
        horizon: Periods after the cutoff that they are known for.
    """

    tables: tuple[StoredTable, ...] = ()
    horizon: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Of all columns, table by table."""
        return tuple(name for table in self.tables for name in table.spilled.names)

    def read(self, piece: Path, panel: Panel, *, only: Booleans | None = None) -> Covariates:
        """Reads what is known of a piece's series.

        Args:
            piece: Folder of the piece.
            panel: Its series, those chosen by `only`.
            only: Series to read, shape (series of the piece,); all when absent.
        """
        if not self.tables:
            return Covariates.none(len(panel))
        group = np.load(piece / _GROUPS).astype(np.int64)
        first, lengths = np.load(piece / "first_period.npy"), np.load(piece / "lengths.npy")
        chosen = np.ones(group.shape[1], dtype=bool) if only is None else only
        tables, groups = [], []
        for stored, own in zip(self.tables, group, strict=True):
            values = np.load(stored.file(piece), mmap_mode="r")
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
        every = [table.spilled for table in self.tables]
        return Covariates(
            tuple(tables),
            tuple(stored.folder is not None for stored in self.tables),
            np.array(groups).reshape(len(tables), -1),
            self.names,
            tuple(name for table in every for name in table.categories),
            tuple(name for table in every for name in table.positive),
        )

    def of_shard(
        self, shard: int, hashes: Hashes, frequency: Frequency, problems: Counter[str]
    ) -> list[AlignedRows | None]:
        """Takes the rows about the series of a shard from where they were spilled.

        Args:
            shard: Number of the shard.
            hashes: Hashes of its series' keys.
            frequency: The demand's calendar.
            problems: Takes the counts of what is wrong with them.

        Returns:
            One for each table; None for one that is shared.
        """
        return [
            None if stored.folder else align_rows(stored.spilled.read(shard), hashes, frequency, problems)
            for stored in self.tables
        ]

    def write(self, piece: Path, panel: Panel, rows: Sequence[AlignedRows | None]) -> None:
        """Writes what is known of a piece's series beside them.

        Args:
            piece: Folder of the piece.
            panel: Its series.
            rows: For each table, the rows about them; None for one that is shared.
        """
        if not self.tables:
            return
        groups = []
        for stored, own in zip(self.tables, rows, strict=True):
            if own is None:
                assert stored.folder is not None
                groups.append(_groups(panel, stored.spilled.columns.key, np.load(stored.folder / "hashes.npy")))
                continue
            table = CovariateTable.empty(len(stored.spilled.names), panel.first_period, panel.lengths + self.horizon)
            table.put(own.series, own.period, own.rows.values)
            np.save(stored.file(piece), table.values)
            groups.append(np.arange(len(panel)))
        np.save(piece / _GROUPS, np.array(groups, dtype=np.int32))


def _groups(panel: Panel, key: tuple[str, ...], known: Hashes) -> Integers:
    hashes = hash_keys(panel.keys, key) if key else np.zeros(len(panel), np.uint64)
    return group_of(hashes, known, NO_GROUP)
