"""Periods as integers: every moment of a calendar has a period number.

With period numbers, the code for gaps and the horizon is the same for every frequency. A moment is a number of minutes
since 1970-01-01, or the number of a numbered period.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from contract.calendar.frequencies import DAY, EPOCH, WEEK, Calendar, PeriodLabel, calendar_of, labeled
from contract.calendar.labels import Label, label_of_period, label_text, period_number, read_label
from contract.calendar.periods import MONDAY, begin_of, moment_of, period_at
from contract.calendar.zones import in_zone
from job_code.series.arrays import Booleans, Integers
from job_code.series.seasons import Seasons, seasons_of

Value = TypeVar("Value", bound=np.generic)
Moments = npt.NDArray[np.int32]  # minutes reach 4,083 years in both directions
MICROSECONDS = 60_000_000  # per minute


@dataclass(frozen=True)
class Frequency:
    """A calendar of consecutive periods.

    Attributes:
        name: A complete name of `contract.calendar.frequencies`: `h`, `D`, `W-MON`, `MS`, `QS-JAN`.
        time_zone: Zone of periods shorter than a day, whose moments are in UTC. None for local moments.
        label: Whether the begin or the end of a period labels it. The names of months already say so.
    """

    name: str
    time_zone: str | None = None
    label: PeriodLabel = "start"

    @classmethod
    def of(cls, name: str, time_zone: str | None, label: PeriodLabel) -> Self:
        """Return the calendar of a frequency in a configured zone. Days and longer periods are local.

        Raises:
            ValueError: If the calendar cannot have this label.
        """
        calendar = labeled(calendar_of(name), label)
        return cls(name, time_zone if calendar.is_sub_daily else None, label)

    @property
    def calendar(self) -> Calendar:
        """How the frequency divides time."""
        return _calendar(self.name, self.time_zone, self.label)

    @property
    def may_be_dated_by_end(self) -> bool:
        """Whether the labels, read as first days, may be last days: of weeks from any day but Monday, or of other days.

        Weeks that begin on Monday are so usual that nobody dates other weeks by their last Monday.
        """
        calendar = self.calendar
        if calendar.kind != "minutes" or calendar.step <= DAY or calendar.is_dated_by_end:
            return False
        return calendar.step % WEEK != 0 or (calendar.phase // DAY + MONDAY) % 7 != 0

    @property
    def unit(self) -> str:
        """Name of a period in messages: `hour`, `day`, `week`."""
        return self.calendar.unit

    @property
    def seasons(self) -> Seasons:
        """The seasons of the calendar."""
        return seasons_of(self.calendar)

    @property
    def season(self) -> int:
        """Number of periods of the season that seasonal naive repeats: 24 hours, 7 days, 52 weeks, 12 months."""
        return self.seasons.naive

    @property
    def per_year(self) -> int:
        """Number of whole periods of a year. A series without demand for a year is discontinued."""
        return self.seasons.year

    @property
    def window(self) -> int:
        """Number of latest periods that measure the level of a series: a year, or four weeks of hours."""
        return self.seasons.window

    def periods(self, moments: Moments) -> npt.NDArray[np.int32]:
        """Return the period number of each moment. Consecutive periods differ by 1.

        Args:
            moments: Shape (rows,).
        """
        if self.calendar.kind in ("minutes", "numbered"):
            return period_at(moments, self.calendar)
        return _by_day(moments // DAY, lambda days: period_at(days * DAY, self.calendar).astype(np.int32))

    def moments(self, periods: Integers) -> Moments:
        """Return the moment that labels each period: the inverse of `periods`."""
        return moment_of(periods.astype(np.int64), self.calendar).astype(np.int32)

    def begins(self, periods: Integers) -> Moments:
        """Return the first moment that each period contains."""
        return begin_of(periods.astype(np.int64), self.calendar).astype(np.int32)

    def is_off_anchor(self, moments: Moments) -> Booleans:
        """Return whether each moment does not label any period."""
        calendar = self.calendar
        if calendar.kind == "numbered":
            return np.zeros(len(moments), dtype=bool)
        if calendar.kind == "minutes":
            off: Booleans = (moments - calendar.phase) % calendar.step != 0
            return off
        days, minutes = np.divmod(moments, DAY)
        off_days = _by_day(days, lambda days: moment_of(period_at(days * DAY, calendar), calendar) != days * DAY)
        between: Booleans = np.not_equal(minutes, 0)
        return off_days.astype(bool) | between

    def local_minutes(self, periods: Integers) -> Integers:
        """Return the local moment that labels each period, in minutes since 1970-01-01.

        Of a period shorter than a day it is the begin: the hour before midnight belongs to its own day.
        """
        moments = self.moments(periods).astype(np.int64)
        if self.calendar.is_sub_daily and self.calendar.is_dated_by_end:
            moments -= self.calendar.step
        if self.time_zone is None:
            return moments
        local = self._times(moments).dt.replace_time_zone(None)
        return local.dt.timestamp("us").to_numpy() // MICROSECONDS

    def _times(self, moments: Integers) -> pl.Series:
        times = pl.Series(moments * MICROSECONDS).cast(pl.Datetime("us"))
        zone = self.time_zone
        return times if zone is None else times.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)

    def local_days(self, periods: Integers) -> Integers:
        """Return the local day that labels each period, in days since 1970-01-01."""
        return self.local_minutes(periods) // DAY

    @property
    def label_type(self) -> pl.DataType:
        """Type of the labels in files: a date, a time in microseconds, or a whole number."""
        if self.calendar.kind == "numbered":
            return pl.Int64()
        return pl.Datetime("us", self.time_zone) if self.calendar.is_sub_daily else pl.Date()

    def labels(self, periods: Integers) -> pl.Series:
        """Return the label of each period, of the type `label_type`."""
        moments = self.moments(periods).astype(np.int64)
        if self.calendar.is_sub_daily:
            return self._times(moments)
        return pl.Series(moments if self.calendar.kind == "numbered" else moments // DAY).cast(self.label_type)

    def period_of(self, label: Label) -> int:
        """Return the period number of a single label, as `periods` does."""
        return period_number(label, self.calendar)

    def label_of(self, period: int) -> Label:
        """Return the label of a single period, as `labels` does."""
        return label_of_period(period, self.calendar, zoned=self.time_zone is not None)

    def text_of(self, period: int) -> str:
        """Return the label of a single period as text. Texts of one calendar have the order of its periods."""
        return label_text(self.label_of(period))

    def days_text(self, period: int) -> str:
        """Return the days of a single period as text: `2026-11-16 to 2026-11-22`. A shorter one has only its label."""
        if self.calendar.kind in ("business", "numbered") or self.calendar.is_sub_daily or self.calendar.name == "D":
            return self.text_of(period)
        begin, following = (begin_of(each, self.calendar) // DAY for each in (period, period + 1))
        return f"{EPOCH + timedelta(days=begin)} to {EPOCH + timedelta(days=following - 1)}"

    def period_of_text(self, text: str) -> int:
        """Return the period number of a label as text: the inverse of `text_of`.

        Raises:
            ValueError: If the text is no label of the calendar.
        """
        return self.period_of(read_label(text))


@lru_cache(maxsize=64)
def _calendar(name: str, time_zone: str | None, label: PeriodLabel) -> Calendar:
    calendar = labeled(calendar_of(name), label)
    return calendar if time_zone is None else in_zone(calendar, ZoneInfo(time_zone))


def _by_day(days: Moments, function: Callable[[Integers], npt.NDArray[Value]]) -> npt.NDArray[Value]:
    """Apply a function to the day of each row. With many rows, it is computed once for every day."""
    if not len(days):
        return function(days.astype(np.int64))
    first, last = int(days.min()), int(days.max())
    if last - first >= len(days):
        return function(days.astype(np.int64))
    return function(np.arange(first, last + 1))[days - first]
