"""Compare the first and last periods of the series: a wrong date in small demand, and keys that were renamed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from job_code.demand.cells import Periods
from job_code.demand.demand_checks import Calendar
from job_code.demand.shuffle_files import ShuffledShard
from job_code.plausibility.period_rows import RECENT_PERIODS, SPARSE, PeriodRows
from job_code.series.arrays import Integers
from job_code.tables.key_columns import series_name
from job_code.tables.validation_report import ValidationReport, plural

MOST = 0.5  # of the series
AT_LEAST = 2  # series that end together, which one series cannot
MIN_SHARE = 0.1  # of all series; fewer are no reason to doubt the keys
FEW_SERIES = 10  # that end together, if they are not half of all
LONGER, CLEARLY_LONGER = 2, 4  # times the next longest empty stretch: seasons of sale have similar ones
ENOUGH_PERIODS = 24  # with demand, before an empty stretch is clearly longer than all others
PERIOD, BEGUN, ENDED, FIRST_KEY, LAST_KEY = "_period", "begun", "ended", "first_key", "last_key"
SCHEMA = {PERIOD: pl.Int32, BEGUN: pl.Int64, ENDED: pl.Int64, FIRST_KEY: pl.String, LAST_KEY: pl.String}


@dataclass(frozen=True)
class SeriesEnds:
    """Number of series by their first and by their last period with a value, up to the cutoff.

    Attributes:
        table: `_period` (ascending), `begun`, `ended`, and the key of one such series: `first_key`, `last_key`.
    """

    table: pl.DataFrame

    @classmethod
    def of(cls, shard: ShuffledShard, periods: Periods, cutoff: int) -> Self:
        """Count the series of a shard.

        Args:
            shard: The rows.
            periods: Period number of each row, shape (rows,).
            cutoff: Last period of the run. Later rows do not count.
        """
        used = ~np.isnan(shard.value) & (periods <= cutoff)
        own, period = (shard.series, periods) if used.all() else (shard.series[used], periods[used])
        limits = np.iinfo(np.int32)
        first, last = (np.full(shard.keys.height, limit, dtype=np.int32) for limit in (limits.max, limits.min))
        np.minimum.at(first, own, period)
        np.maximum.at(last, own, period)
        selling = np.flatnonzero(last > limits.min)
        begun, ended = (_counted(each[selling], selling, shard.keys) for each in (first, last))
        return cls(
            pl.concat(
                [
                    pl.DataFrame({PERIOD: begun[0], BEGUN: begun[1], FIRST_KEY: begun[2]}, schema_overrides=SCHEMA),
                    pl.DataFrame({PERIOD: ended[0], ENDED: ended[1], LAST_KEY: ended[2]}, schema_overrides=SCHEMA),
                ],
                how="diagonal",
            ).select(*SCHEMA)
        )

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Add the counts of shards."""
        stacked = pl.concat([pl.DataFrame(schema=SCHEMA), *(part.table for part in parts)])
        summed = stacked.group_by(PERIOD).agg(pl.col(BEGUN, ENDED).sum(), pl.col(FIRST_KEY, LAST_KEY).min())
        return cls(summed.sort(PERIOD))

    @property
    def series(self) -> int:
        """Number of series with a value."""
        return int(self.table[ENDED].sum())


def check_stray_rows(ends: SeriesEnds, rows: PeriodRows, calendar: Calendar, findings: ValidationReport) -> None:
    """Report a few last rows behind a long empty stretch, in demand with too few rows for a usual number of rows.

    Args:
        ends: First and last periods of the series.
        rows: Number of rows by period.
        calendar: Frequency and cutoff.
        findings: Takes an error if most series end together before the stretch, otherwise a warning.
    """
    distances = np.diff(rows.periods)
    if not len(distances) or rows.are_many:
        return
    at = int(np.argmax(distances))
    end, stretch, later = int(rows.periods[at]), int(distances[at]), int(rows.rows[at + 1 :].sum())
    moved = calendar.cutoff - end
    if stretch == 1 or later > SPARSE * rows.rows.sum() or 2 * (len(distances) - at) >= moved:
        return
    ended = int(ends.table.filter(pl.col(PERIOD) == end)[ENDED].sum())
    others = int(np.delete(distances, at).max(initial=1))
    end_together = ends.series >= AT_LEAST and ended >= MOST * ends.series and stretch > LONGER * others
    is_longest = at + 1 >= ENOUGH_PERIODS and stretch > max(RECENT_PERIODS, CLEARLY_LONGER * others)
    if not end_together and not is_longest:
        return
    frequency = calendar.frequency
    last = frequency.text_of(end)
    subject = f"{ended:,} of {plural(ends.series, 'series')} end {last}" if end_together else f"it ends {last}"
    findings.add_message(
        f"demand: {subject}, but {plural(later, 'row')} until {frequency.text_of(calendar.cutoff)} would move the "
        f"cutoff of all series by {plural(moved, frequency.unit)}. Correct the dates, or set the cutoff to {last}",
        level="error" if end_together and stretch > RECENT_PERIODS and later <= rows.usual else "warning",
    )


def check_renamed_keys(ends: SeriesEnds, calendar: Calendar, findings: ValidationReport) -> None:
    """Warn if at least half of the series end in the very period before about as many others begin.

    Args:
        ends: First and last periods of the series.
        calendar: The calendar of the periods.
        findings: Takes a warning for the change of most series.
    """
    table = ends.table
    before = pl.col(PERIOD) - 1
    changes = (
        table.with_columns(active=pl.col(BEGUN).cum_sum() - pl.col(ENDED).cum_sum() + pl.col(ENDED))
        .rename({BEGUN: "_begun", FIRST_KEY: "_first_key"})
        .join(table.select(before.alias(PERIOD), BEGUN, FIRST_KEY), on=PERIOD)
        .filter(
            (pl.col(ENDED) >= MOST * pl.col("active"))
            & (pl.col(ENDED) >= max(AT_LEAST, min(FEW_SERIES, MOST * ends.series), MIN_SHARE * ends.series))
            & (pl.col(BEGUN) >= AT_LEAST)
            & (pl.col(BEGUN) >= MOST * pl.col(ENDED))
        )
        .sort(ENDED, PERIOD)
    )
    if changes.is_empty():
        return
    change = changes.row(-1, named=True)
    findings.add_message(
        f"demand: {change[ENDED]:,} of {plural(change['active'], 'series')} end "
        f"{calendar.frequency.text_of(change[PERIOD])}, e.g. {change[LAST_KEY]}, and {change[BEGUN]:,} others begin "
        f"one {calendar.frequency.unit} later, e.g. {change[FIRST_KEY]}. If they are the same series, write their keys "
        "in one way",
        level="warning",
    )


def _counted(periods: Periods, series: Integers, keys: pl.DataFrame) -> tuple[Periods, Integers, list[str]]:
    """Return the different periods, the number of series of each, and the key of the first series of each."""
    different, first, counts = np.unique(periods, return_index=True, return_counts=True)
    return different, counts, [series_name(row) for row in keys[series[first]].rows()]
