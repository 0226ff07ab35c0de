"""Demand as gapless series of consecutive periods, ready for a model."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from job_code.frequency import Frequency

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Panel:
    """Series of one frequency, one behind the other in `values`, sorted by key.

    Attributes:
        keys: One row a series, in the order of the series; the key columns.
        frequency: What the period numbers count.
        first_period: Number of each series' first period, shape (series,).
        lengths: Periods each series has, all at least 1, shape (series,).
        values: Demand, finite, shape (sum of lengths,).
        observed: Whether the value was given and not filled in, shape (sum of lengths,).
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
        return np.concatenate([[0], np.cumsum(self.lengths)[:-1]]).astype(np.int64)

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

    def select(self, series: Booleans) -> Self:
        """Keeps some of the series."""
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

    def last(self, periods: int) -> Floats:
        """The last values of every series, shape (series, periods); all must be at least that long."""
        ends = self.starts + self.lengths
        tail: Floats = self.values[ends[:, None] - periods + np.arange(periods)]
        return tail

    def mean_of_last(self, values: Floats, periods: int) -> Floats:
        """Mean over the last periods of every series, or over all it has where that is less.

        Args:
            values: What to average, shape (sum of lengths,).
            periods: How many of the last values count.

        Returns:
            Shape (series,).
        """
        counted = np.where(self.periods_left < periods, values, 0.0)
        totals: Floats = np.add.reduceat(counted, self.starts)
        return totals / np.minimum(self.lengths, periods)
