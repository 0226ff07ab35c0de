"""Covariates on disk, between the check and the forecast: with each piece its own, and those that many pieces share."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from job_code.covariate_spill import SpilledRows, SpilledTable, group_of
from job_code.covariates import NO_GROUP, Covariates, CovariateTable
from job_code.findings import Findings
from job_code.frequency import Frequency
from job_code.known_keys import Hashes, hash_keys
from job_code.panel import Booleans, Integers, Panel
from job_code.row_checks import DAY

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
    ) -> "list[AlignedRows | None]":
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

    def write(self, piece: Path, panel: Panel, rows: Sequence["AlignedRows | None"]) -> None:
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


@dataclass(frozen=True)
class AlignedRows:
    """Rows of a table, by series and period; shape of `series` and `period` is (rows,)."""

    rows: SpilledRows
    series: Integers
    period: Integers

    def of(self, series: Integers) -> "AlignedRows":
        """The rows of some series, renumbered by their position in `series`."""
        position = group_of(self.series.astype(np.uint64), series.astype(np.uint64), NO_GROUP)
        kept = position != NO_GROUP
        rows = SpilledRows(self.rows.hash[kept], self.rows.day[kept], self.rows.values[:, kept])
        return AlignedRows(rows, position[kept], self.period[kept])


def align_rows(rows: SpilledRows, known: Hashes, frequency: Frequency, problems: Counter[str]) -> AlignedRows:
    """Tells series and period of rows, and counts those that cannot be used.

    Args:
        rows: As they were spilled; those about nothing that is known are left out.
        known: Hashes of the keys of all series, or groups.
        frequency: The demand's calendar.
        problems: Takes the counts.
    """
    series = group_of(rows.hash, known, NO_GROUP)
    kept = series != NO_GROUP
    rows, series = SpilledRows(rows.hash[kept], rows.day[kept], rows.values[:, kept]), series[kept]
    day = pl.DataFrame({DAY: rows.day}).select(pl.col(DAY).cast(pl.Date))
    told = day.select(
        frequency.to_period(pl.col(DAY)).cast(pl.Int64).alias("period"),
        frequency.is_off_anchor(pl.col(DAY)).alias("off"),
    )
    period = told["period"].to_numpy()
    problems["off_anchor"] += int(told["off"].sum())
    span = int(np.ptp(period)) + 1 if len(period) else 1
    cell = series * span + (period - period.min(initial=0) if len(period) else period)
    problems["duplicates"] += len(cell) - len(np.unique(cell))
    return AlignedRows(rows, series, period)


def report_covariate_problems(problems: Counter[str], frequency: Frequency, findings: Findings) -> None:
    """Takes note of rows that `align_rows` could not use."""
    findings.add(
        SOURCE,
        "row",
        f"dated off the calendar {frequency.name} of the demand",
        remedy=f"date every {frequency.unit} as the demand does",
        count=problems["off_anchor"],
        examples=[],
    )
    findings.add(
        SOURCE,
        "row",
        f"that repeat the key and {frequency.unit} of another",
        remedy=f"keep one row per key and {frequency.unit}",
        count=problems["duplicates"],
        examples=[],
    )


def share_table(
    table: SpilledTable, frequency: Frequency, span: tuple[int, int], problems: Counter[str], folder: Path
) -> StoredTable:
    """Puts a table of a shorter key than the demand's where all pieces find it.

    Args:
        table: As it was spilled.
        frequency: The demand's calendar.
        span: First and last period that anything is asked of.
        problems: Takes the counts of what is wrong with it.
        folder: Where it goes; it must not exist.
    """
    folder.mkdir()
    spilled = table.read(0)
    hashes = np.unique(spilled.hash)
    rows = align_rows(spilled, hashes, frequency, problems)
    inside = (rows.period >= span[0]) & (rows.period <= span[1])
    first = np.full(len(hashes), span[1])
    last = np.full(len(hashes), span[0] - 1)
    np.minimum.at(first, rows.series[inside], rows.period[inside])
    np.maximum.at(last, rows.series[inside], rows.period[inside])
    shared = CovariateTable.empty(len(table.names), first, np.maximum(last - first + 1, 0))
    shared.put(rows.series, rows.period, rows.rows.values)
    stored = StoredTable(table, folder)
    np.save(stored.file(folder), shared.values)
    np.save(folder / "first_period.npy", shared.first_period)
    np.save(folder / "lengths.npy", shared.lengths)
    np.save(folder / "hashes.npy", hashes)
    return stored


def _groups(panel: Panel, key: tuple[str, ...], known: Hashes) -> Integers:
    hashes = hash_keys(panel.keys, key) if key else np.zeros(len(panel), np.uint64)
    return group_of(hashes, known, NO_GROUP)


def store_covariates(
    spilled: Sequence[SpilledTable],
    frequency: Frequency,
    horizon: int,
    span: tuple[int, int],
    findings: Findings,
    folder: Path,
) -> StoredCovariates:
    """Settles where each table will be; those of a shorter key than the demand's are put there at once.

    Args:
        spilled: All tables.
        frequency: The demand's calendar.
        horizon: Periods that are forecast.
        span: First and last period that anything is asked of.
        findings: Takes note of what is wrong with the tables that are shared.
        folder: Where they go; it must exist.
    """
    problems, tables = Counter[str](), []
    for table in spilled:
        if table.of_series:
            tables.append(StoredTable(table, None))
        else:
            into = folder / f"covariates-{table.columns.number}"
            tables.append(share_table(table, frequency, span, problems, into))
    report_covariate_problems(problems, frequency, findings)
    return StoredCovariates(tuple(tables), horizon)
