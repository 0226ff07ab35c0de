"""Periods as whole numbers: every date of a weekly, daily or monthly calendar is one integer.

Arithmetic on integers finds gaps, fills them and steps over the horizon alike for every frequency.
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
        """What one period is called."""
        return unit_of(self.name)

    @property
    def season(self) -> int:
        """Periods after which demand tends to repeat: 7 days, 52 weeks, 12 months."""
        return {"day": 7, "week": 52, "month": 12}[self.unit]

    @property
    def per_year(self) -> int:
        """Whole periods in a year, the span after which a series without demand counts as ended."""
        return {"day": 364, "week": 52, "month": 12}[self.unit]

    def to_period(self, day: pl.Expr) -> pl.Expr:
        """Number of the period that a date belongs to.

        Args:
            day: Dates.

        Returns:
            Int32 expression; consecutive periods differ by 1.
        """
        if self.unit == "month":
            return day.dt.year().cast(pl.Int32) * 12 + day.dt.month().cast(pl.Int32) - 1
        days = day.cast(pl.Int32)
        return days if self.unit == "day" else (days - self._anchor_day) // 7

    def to_date(self, period: pl.Expr) -> pl.Expr:
        """Date that labels a period: the inverse of `to_period`."""
        if self.unit == "month":
            first = pl.date(period // 12, period % 12 + 1, 1)
            return first.dt.month_end() if self.name == "ME" else first
        days = period if self.unit == "day" else period * 7 + self._anchor_day
        return days.cast(pl.Int32).cast(pl.Date)

    def is_off_anchor(self, day: pl.Expr) -> pl.Expr:
        """Whether a date is not one that labels a period."""
        return self.to_date(self.to_period(day)) != day

    def period_of(self, day: date) -> int:
        """Number of the period that one date belongs to: `to_period` of a single date."""
        return period_number(day, frequency=self.name)

    def date_of(self, period: int) -> date:
        """Date that labels one period: `to_date` of a single period."""
        return period_date(period, frequency=self.name)

    @property
    def _anchor_day(self) -> int:
        """Day, counted from 1970-01-01, of the first week's label."""
        return (self.date_of(0) - EPOCH).days
