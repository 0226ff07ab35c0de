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
    """Series of one frequency, one behind the other in `values`, sorted by key.

    Attributes:
        keys: One row a series, in the order of the series; the key columns.
        frequency: What the period numbers count.
        first_period: Number of each series' first period, shape (series,).
        lengths: Periods each series has, all at least 1, shape (series,).
        values: Demand, finite, shape (sum of lengths,).
        observed: Whether the value tells of demand: it was given, or no row stands for no sale; it was neither carried
            forward nor estimated; shape (sum of lengths,).
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
        """Position of each series' first value in `values`, shape (series,)."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def last_period(self) -> Integers:
        """Number of each series' last period: the cutoff it is forecast from, shape (series,)."""
        return self.first_period + self.lengths - 1

    @property
    def series_of_value(self) -> Integers:
        """Index of the series that each value belongs to, shape (sum of lengths,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def period_of_value(self) -> Integers:
        """Period number of each value, shape (sum of lengths,)."""
        return np.arange(len(self.values)) + np.repeat(self.first_period - self.starts, self.lengths)

    @property
    def age(self) -> Integers:
        """Position of each value within its series, from 0, shape (sum of lengths,)."""
        return np.arange(len(self.values)) - np.repeat(self.starts, self.lengths)

    @property
    def periods_left(self) -> Integers:
        """Values of the same series that follow each value, shape (sum of lengths,)."""
        return np.repeat(self.lengths, self.lengths) - 1 - self.age

    @classmethod
    def stack(cls, panels: Sequence[Self]) -> Self:
        """Puts the series of several panels, of one frequency, into one, in the order of their keys."""
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
        """The series at some positions, in that order."""
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
        """Keeps some of the series."""
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
        """Cuts the last periods off every series; all must be longer than that."""
        kept = self.periods_left >= periods
        return replace(self, lengths=self.lengths - periods, values=self.values[kept], observed=self.observed[kept])

    def recent(self, periods: int) -> Self:
        """Keeps the last periods of every series, or all it has where that is less."""
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
        """The last values of every series, shape (series, periods); all must be at least that long."""
        return self.values[self._last_positions(periods)]

    def last_observed(self, periods: int) -> Booleans:
        """Whether the values that `last` gives tell of demand, same shape."""
        return self.observed[self._last_positions(periods)]

    def mean_of_last(self, values: Floats, periods: int) -> Floats:
        """Mean over the last periods of every series, or over all it has where that is less.

        Args:
            values: What to average, shape (sum of lengths,).
            periods: How many of the last values count.

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
        """Positions of the last values of every series, as many of each as `lengths` says."""
        ends = self.starts + self.lengths
        return np.arange(int(lengths.sum())) + np.repeat(ends - np.cumsum(lengths), lengths)
