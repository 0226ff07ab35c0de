"""Number of demand rows by period, and what few rows are."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from job_code.demand.moment_counts import WITH_VALUE, MomentCounts
from job_code.series.arrays import Integers
from job_code.series.frequency import Frequency
from job_code.times.moments import MOMENT

ENOUGH_ROWS = 10  # rows of a usual period; with fewer, the number of rows says little
SPARSE = 0.1  # of the rows of a usual period; a period with fewer is not where the demand ends
INCOMPLETE = 0.5  # of the rows, or of the smallest total, of the periods before
RECENT_PERIODS = 8


@dataclass(frozen=True)
class PeriodRows:
    """Number of rows with a value, by period.

    Attributes:
        periods: Numbers of the periods that have such rows, ascending, shape (periods,).
        rows: Number of rows of each, shape (periods,).
    """

    periods: Integers
    rows: Integers

    @classmethod
    def of(cls, counts: MomentCounts, frequency: Frequency) -> Self:
        """Add the rows of each period."""
        observed = counts.table.filter(pl.col(WITH_VALUE) > 0)
        numbers = frequency.periods(observed[MOMENT].to_numpy()).astype(np.int64)
        different, place = np.unique(numbers, return_inverse=True)
        return cls(different, np.bincount(place, weights=observed[WITH_VALUE].to_numpy()).astype(np.int64))

    def until(self, period: int) -> Self:
        """Return the periods up to one."""
        chosen = self.periods <= period
        return type(self)(self.periods[chosen], self.rows[chosen])

    def without_stray_ends(self) -> Self:
        """Return the periods from the first to the last with more than a few rows."""
        main = self.periods[self.rows >= SPARSE * self.usual]
        chosen = (self.periods >= main[0]) & (self.periods <= main[-1])
        return type(self)(self.periods[chosen], self.rows[chosen])

    @property
    def usual(self) -> float:
        """Usual number of rows of a period, 0 without any."""
        return float(np.median(self.rows)) if len(self.rows) else 0.0

    @property
    def are_many(self) -> bool:
        """Whether the number of rows of a period says something."""
        return self.usual >= ENOUGH_ROWS
