"""Demand as gapless series of consecutive periods, ready for a model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import polars as pl

from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.frequency import Frequency


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Series of one frequency, concatenated in `values` and sorted by key.

    Attributes:
        keys: Key columns, one row per series.
        frequency: Calendar of the period numbers.
        first_period: Number of the first period of each series, shape (series,).
        lengths: Number of periods of each series, at least 1, shape (series,).
        values: Demand, finite, shape (sum of lengths,).
        observed: Whether the value is actual demand: from a row, or zero because a missing row means no sale. False for
            values that were carried forward or estimated. Shape (sum of lengths,).
    """

    keys: pl.DataFrame
    frequency: Frequency
    first_period: Integers
    lengths: Integers
    values: Floats
    observed: Booleans

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def starts(self) -> Integers:
        """Position of the first value of each series in `values`, shape (series,)."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def last_period(self) -> Integers:
        """Number of the last period of each series, which is its cutoff, shape (series,)."""
        return self.first_period + self.lengths - 1

    @property
    def series_of_value(self) -> Integers:
        """Index of the series of each value, shape (sum of lengths,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def period_of_value(self) -> Integers:
        """Period number of each value, shape (sum of lengths,)."""
        return np.arange(len(self.values)) + np.repeat(self.first_period - self.starts, self.lengths)

    @property
    def age(self) -> Integers:
        """Position of each value in its series, from 0, shape (sum of lengths,)."""
        return np.arange(len(self.values)) - np.repeat(self.starts, self.lengths)

    @property
    def periods_left(self) -> Integers:
        """Number of later values of the same series, for each value, shape (sum of lengths,)."""
        return np.repeat(self.lengths, self.lengths) - 1 - self.age

    @classmethod
    def stack(cls, panels: Sequence[Self]) -> Self:
        """Return one panel with the series of several panels of one frequency, sorted by key."""
        keys = pl.concat(panel.keys for panel in panels)
        together = replace(
            panels[0],
            keys=keys,
            first_period=np.concatenate([panel.first_period for panel in panels]),
            lengths=np.concatenate([panel.lengths for panel in panels]),
            values=np.concatenate([panel.values for panel in panels]),
            observed=np.concatenate([panel.observed for panel in panels]),
        )
        return together.take(keys.with_row_index("_at").sort(keys.columns)["_at"].to_numpy().astype(np.int64))

    def take(self, order: Integers) -> Self:
        """Return the series at some positions, in that order."""
        lengths = self.lengths[order]
        at = np.arange(int(lengths.sum())) + np.repeat(self.starts[order] - np.cumsum(lengths) + lengths, lengths)
        return replace(
            self,
            keys=self.keys[order],
            first_period=self.first_period[order],
            lengths=lengths,
            values=self.values[at],
            observed=self.observed[at],
        )

    def select(self, series: Booleans) -> Self:
        """Return the selected series."""
        if series.all():
            return self
        kept = np.repeat(series, self.lengths)
        return replace(
            self,
            keys=self.keys.filter(pl.Series(series)),
            first_period=self.first_period[series],
            lengths=self.lengths[series],
            values=self.values[kept],
            observed=self.observed[kept],
        )

    def without_last(self, periods: int) -> Self:
        """Return the panel without the last periods of every series. All series must be longer."""
        kept = self.periods_left >= periods
        return replace(self, lengths=self.lengths - periods, values=self.values[kept], observed=self.observed[kept])

    def recent(self, periods: int) -> Self:
        """Return the last periods of every series, or the whole series if it is shorter."""
        if int(self.lengths.max(initial=0)) <= periods:
            return self
        lengths = np.minimum(self.lengths, periods)
        at = self._tails(lengths)
        return replace(
            self,
            first_period=self.first_period + self.lengths - lengths,
            lengths=lengths,
            values=self.values[at],
            observed=self.observed[at],
        )

    def last(self, periods: int) -> Floats:
        """Return the last values of every series, shape (series, periods). No series may be shorter."""
        return self.values[self._last_positions(periods)]

    def last_observed(self, periods: int) -> Booleans:
        """Return whether the values of `last` are observed, shape (series, periods)."""
        return self.observed[self._last_positions(periods)]

    def mean_of_last(self, values: Floats, periods: int) -> Floats:
        """Return the mean over the last periods of every series, or over the whole series if it is shorter.

        Args:
            values: Values to average, shape (sum of lengths,).
            periods: Number of last periods.

        Returns:
            Shape (series,).
        """
        lengths = np.minimum(self.lengths, periods)
        ends = np.cumsum(self.lengths)
        tails_and_gaps = np.column_stack([ends - lengths, ends]).ravel()[:-1]
        totals: Floats = np.add.reduceat(values, tails_and_gaps)[::2]
        return totals / lengths

    def _last_positions(self, periods: int) -> Integers:
        return (self.starts + self.lengths)[:, None] - periods + np.arange(periods)

    def _tails(self, lengths: Integers) -> Integers:
        """Return the positions of the last values of every series: `lengths` values per series."""
        ends = self.starts + self.lengths
        return np.arange(int(lengths.sum())) + np.repeat(ends - np.cumsum(lengths), lengths)
