"""Periods as whole numbers: every date of a weekly, daily or monthly calendar is one integer.

Arithmetic on integers finds gaps, fills them and steps over the horizon alike for every frequency.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from job_code.calendar_counts import DayCounts
from job_code.errors import InputError
from job_code.row_checks import DAY

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
MAJORITY = 0.6  # a shared weekday or day of the month counts as the anchor from this share of the rows on

Unit = Literal["day", "week", "month"]


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
        return "day" if self.name == "D" else "month" if self.name in ("MS", "ME") else "week"

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
        """Number of the period that one date belongs to."""
        return int(pl.select(self.to_period(pl.lit(day))).item())

    def date_of(self, period: int) -> date:
        """Date that labels one period."""
        labelled = pl.select(self.to_date(pl.lit(period, dtype=pl.Int32))).item()
        assert isinstance(labelled, date)
        return labelled

    @property
    def _anchor_day(self) -> int:
        """Day, counted from 1970-01-01, of the first period's label."""
        return (WEEKDAYS.index(self.name.removeprefix("W-")) - EPOCH_WEEKDAY) % 7


def resolve_frequency(asked: str | None, days: DayCounts) -> Frequency:
    """Takes the configured frequency, and reads off the data what it leaves open.

    What is read off must fit: where no two dates lie one period apart, the demand is of a longer period than any there
    is here (fortnights, quarters), and most of what would be forecast would be gaps.

    Args:
        asked: The configuration's frequency; None leaves all of it open, `W` the weekday.
        days: The demand's rows by date.

    Raises:
        InputError: If the data cannot tell, because it holds fewer than two different dates, or does not fit.
    """
    if asked is not None and asked != "W":
        return Frequency(asked)
    if asked is None and days.table.height < 2:
        problem = "demand: one date alone, of the rows that can be used, does not tell the frequency"
        raise InputError([f"{problem}; configure it, e.g. frequency=W-MON"])
    frequency = _read_off(asked, days)
    periods = days.table.select(frequency.to_period(pl.col(DAY)).unique().sort()).to_series()
    nearest = periods.diff().min()
    if isinstance(nearest, int) and nearest > 1:
        raise InputError(
            [
                f"demand: the dates read like {frequency.name}, yet no two of them lie less than {nearest} "
                f"{frequency.unit}s apart; sum the demand up by day, week or month, or configure the frequency"
            ]
        )
    return frequency


def _read_off(asked: str | None, days: DayCounts) -> Frequency:
    day = days.table[DAY]
    shares = [days.share(day.dt.weekday() == number + 1) for number in range(len(WEEKDAYS))]
    weekly = Frequency(f"W-{WEEKDAYS[shares.index(max(shares))]}")
    if asked == "W":
        return weekly
    if days.share(day.dt.day() == 1) > MAJORITY:
        return Frequency("MS")
    if days.share(day == day.dt.month_end()) > MAJORITY:
        return Frequency("ME")
    return weekly if max(shares) > MAJORITY else Frequency("D")
