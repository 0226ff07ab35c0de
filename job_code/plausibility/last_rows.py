"""Question a last period that ends early in many series, such as those of a shop whose last days were not delivered."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from contract.calendar.frequencies import DAY, WEEK
from job_code.demand.aggregation import period_ends
from job_code.demand.cells import Periods
from job_code.demand.demand_checks import Calendar, moment_text
from job_code.demand.demand_rows import SOURCE
from job_code.demand.shuffle_files import ShuffledShard
from job_code.plausibility.period_rows import RECENT_PERIODS
from job_code.series.arrays import Integers
from job_code.tables.key_columns import series_name
from job_code.tables.validation_report import EXAMPLES, ValidationReport
from job_code.times.moments import MOMENT

WITH_ROWS = 6  # of the periods before; a rare seller has no usual end
CLEARLY = 0.2  # of a period, at most of a week; a public holiday is shorter
MIN_SHARE = 0.05  # of the series
MORE = 4  # times as many series as usually end early by chance
AT_LEAST = 3  # more series than that
NO_ROW = np.iinfo(np.int32).min


@dataclass(frozen=True)
class LastRows:
    """Number of series that end clearly earlier in a period than in the eight before.

    Attributes:
        compared: Series with rows in the period and in most of those before, shape (9,), for the last period and those
            that show how many end early by chance. Ascending.
        early: Those that end early, shape (9,).
        examples: Some series that end early in the last period: the key columns, and `_moment`, the last moment.
    """

    compared: Integers
    early: Integers
    examples: pl.DataFrame

    @classmethod
    def of(cls, shard: ShuffledShard, periods: Periods, calendar: Calendar) -> Self:
        """Count the series of a shard.

        Args:
            shard: The rows, before they are combined.
            periods: Period number of each row, shape (rows,).
            calendar: Frequency and cutoff.
        """
        window = np.arange(calendar.cutoff - 2 * RECENT_PERIODS, calendar.cutoff + 1)
        used = np.flatnonzero((periods >= window[0]) & (periods <= window[-1]) & ~np.isnan(shard.value))
        last = np.full((shard.keys.height, len(window)), NO_ROW, dtype=np.int32)
        cell = shard.series[used] * len(window) + periods[used] - window[0]
        np.maximum.at(last.reshape(-1), cell, shard.moment[used])
        has_rows = last != NO_ROW
        ends = period_ends(window, calendar.frequency)
        left = np.where(has_rows, ends - last, -1)
        length = float(np.median(np.diff(ends)))
        margin = CLEARLY * min(length, WEEK)
        # All may have closed early once, but one of eight days is usually a Sunday.
        rank = -2 if length > DAY else -1
        compared, early = np.zeros((2, RECENT_PERIODS + 1), dtype=np.int64)
        for number in range(RECENT_PERIODS + 1):
            at, before = number + RECENT_PERIODS, slice(number, number + RECENT_PERIODS)
            enough = has_rows[:, at] & (np.count_nonzero(has_rows[:, before], axis=1) >= WITH_ROWS)
            usual = np.sort(left[:, before], axis=1)[:, rank]
            is_early = enough & (left[:, at] > usual + margin)
            compared[number], early[number] = np.count_nonzero(enough), np.count_nonzero(is_early)
        some = np.flatnonzero(is_early)[:EXAMPLES]
        return cls(compared, early, shard.keys[some].with_columns(pl.Series(MOMENT, last[some, -1])))

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Add the counts of shards, at least one."""
        every = list(parts)
        compared, early = (np.sum([getattr(part, name) for part in every], axis=0) for name in ("compared", "early"))
        examples = pl.concat(part.examples for part in every)
        return cls(compared, early, examples.sort(examples.columns).head(EXAMPLES))

    def report(self, calendar: Calendar, findings: ValidationReport) -> None:
        """Warn if many series end early in the last period, while others reach its end.

        Args:
            calendar: Frequency and cutoff.
            findings: Takes the warning.
        """
        compared, early = int(self.compared[-1]), int(self.early[-1])
        shares = np.sort(self.early[:-1] / np.maximum(self.compared[:-1], 1))
        by_chance = AT_LEAST + MORE * shares[:-1].mean() * compared  # without the period in which all closed early
        if not max(by_chance, MIN_SHARE * compared) <= early < compared:
            return
        frequency = calendar.frequency
        before, last = (frequency.text_of(period) for period in (calendar.cutoff - 1, calendar.cutoff))
        findings.add(
            SOURCE,
            "series",
            f"of {compared:,} end clearly earlier in the last {frequency.unit}, {last}, than in the "
            f"{RECENT_PERIODS} {frequency.unit}s before",
            remedy=f"If their rows are not complete, set cutoff={before}",
            count=early,
            examples=[
                f"{series_name(tuple(key))} {moment_text(end, frequency)}" for *key, end in self.examples.iter_rows()
            ],
            level="warning",
        )
