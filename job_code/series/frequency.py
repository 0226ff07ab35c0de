"""Periods as integers: every date of a daily, weekly or monthly calendar has a period number.

With period numbers, the code for gaps and the horizon is the same for every frequency.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from contract.periods import EPOCH, Unit, period_date, period_number, unit_of


@dataclass(frozen=True)
class Frequency:
    """A calendar of equidistant periods.

    Attributes:
        name: `D`, `W-MON`...`W-SUN`, `MS` or `ME`.
    """

    name: str

    @property
    def unit(self) -> Unit:
        """Name of a period: `day`, `week` or `month`."""
        return unit_of(self.name)

    @property
    def season(self) -> int:
        """Number of periods of a season: 7 days, 52 weeks or 12 months."""
        return {"day": 7, "week": 52, "month": 12}[self.unit]

    @property
    def per_year(self) -> int:
        """Number of whole periods of a year. A series without demand for a year is discontinued."""
        return {"day": 364, "week": 52, "month": 12}[self.unit]

    def to_period(self, day: pl.Expr) -> pl.Expr:
        """Return the period number of dates.

        Args:
            day: Expression of dates.

        Returns:
            Int32 expression. Consecutive periods differ by 1.
        """
        if self.unit == "month":
            return day.dt.year().cast(pl.Int32) * 12 + day.dt.month().cast(pl.Int32) - 1
        days = day.cast(pl.Int32)
        return days if self.unit == "day" else (days - self._anchor_day) // 7

    def to_date(self, period: pl.Expr) -> pl.Expr:
        """Return the date that labels a period: the inverse of `to_period`."""
        if self.unit == "month":
            first = pl.date(period // 12, period % 12 + 1, 1)
            return first.dt.month_end() if self.name == "ME" else first
        days = period if self.unit == "day" else period * 7 + self._anchor_day
        return days.cast(pl.Int32).cast(pl.Date)

    def is_off_anchor(self, day: pl.Expr) -> pl.Expr:
        """Return whether a date does not label any period."""
        return self.to_date(self.to_period(day)) != day

    def period_of(self, day: date) -> int:
        """Return the period number of a single date, as `to_period` does."""
        return period_number(day, frequency=self.name)

    def date_of(self, period: int) -> date:
        """Return the date that labels a single period, as `to_date` does."""
        return period_date(period, frequency=self.name)

    @property
    def _anchor_day(self) -> int:
        """Label of week 0, in days since 1970-01-01."""
        return (self.date_of(0) - EPOCH).days
