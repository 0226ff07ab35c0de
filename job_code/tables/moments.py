"""Read the time column: every row has a moment, in whole minutes."""

from dataclasses import dataclass
from typing import Self

import polars as pl

from contract.calendar.frequencies import DAY, EPOCH, HOUR, NUMBERED, calendar_of, is_partial
from contract.limits import MAX_DATE, MIN_DATE
from job_code.config import ForecastConfig
from job_code.tables.row_checks import RowCheck
from job_code.tables.time_texts import read_times

MOMENT = "_moment"  # minutes since 1970-01-01, or the number of a numbered period
FIRST_DAY, LAST_DAY = (MIN_DATE - EPOCH).days, (MAX_DATE - EPOCH).days
MAX_NUMBER = 2_000_000_000  # leaves room for the periods to forecast
MINUTE = 60_000_000  # microseconds
FIXED_ZONES = ("UTC", "GMT", "Etc/UTC")
LOCAL, OFFSET = "local", "offset"


@dataclass(frozen=True, kw_only=True)
class TimeColumn:
    """The time column of a table.

    Attributes:
        name: Its name.
        is_numbered: Whether it numbers the periods.
        has_dates_only: Whether the configured periods are days or longer, so that a time of day is an error.
        time_zone: The configured zone of the periods; None for the zone that each time is written in.
        smallest: Smallest unit of time that a row may have, in microseconds; None if rows are combined into periods.
        day_begins_at: Minute at which a day begins.
    """

    name: str
    is_numbered: bool = False
    has_dates_only: bool = False
    time_zone: str | None = None
    smallest: int | None = MINUTE
    day_begins_at: int = 0

    @classmethod
    def of(cls, config: ForecastConfig) -> Self:
        """Return the configured column."""
        asked = config.frequency
        known = asked is not None and asked != NUMBERED
        has_dates_only = known and (is_partial(str(asked)) or not calendar_of(str(asked)).is_sub_daily)
        smallest = {"auto": None, "none": DAY * MINUTE} if has_dates_only else {"auto": MINUTE, "none": MINUTE}
        return cls(
            name=config.time,
            is_numbered=asked == NUMBERED,
            has_dates_only=has_dates_only,
            time_zone=config.time_zone,
            smallest=smallest.get(config.aggregate),
            day_begins_at=config.day_begins_at * HOUR,
        )

    def moment(self, dtype: pl.DataType) -> pl.Expr:
        """Return the expression for the moment of each row (Int32); null if the value is unreadable.

        A moment outside the valid range is just outside of it, and never overflows.

        Args:
            dtype: Type of the column.
        """
        column = pl.col(self.name)
        if self.is_numbered:
            return _number(dtype, column)
        if dtype == pl.Date and (self.time_zone is None or self.has_dates_only):
            return column.cast(pl.Int32).clip(FIRST_DAY - 1, LAST_DAY + 1) * DAY
        micros = self._microseconds(dtype)
        if self.day_begins_at:
            # A column of midnights holds dates.
            micros -= self.day_begins_at * MINUTE * (micros % (DAY * MINUTE) != 0).any().cast(pl.Int64)
        return (micros // MINUTE).clip((FIRST_DAY - 1) * DAY, (LAST_DAY + 1) * DAY).cast(pl.Int32)

    def checks(self, dtype: pl.DataType) -> dict[str, RowCheck]:
        """Return the checks of rows that also have the column `MOMENT`, the result of `moment`.

        Args:
            dtype: Type of the column.
        """
        moment, name = pl.col(MOMENT), self.name
        if self.is_numbered:
            return {
                "unnumbered": RowCheck(
                    (name,),
                    moment.is_null(),
                    f"without a whole number from 0 to {MAX_NUMBER:,} in {name}",
                    "Number the periods, or set another frequency",
                )
            }
        checks = {
            "undated": RowCheck(
                (name,),
                moment.is_null(),
                f"without a readable date in {name}",
                self._readable,
            ),
            "implausible": RowCheck(
                (name,),
                ~moment.is_between(FIRST_DAY * DAY, (LAST_DAY + 1) * DAY - 1),
                f"dated before {MIN_DATE.year} or after {MAX_DATE.year} in {name}",
                "Correct the dates or remove the rows",
            ),
        }
        if isinstance(dtype, pl.Datetime | pl.String):
            checks |= self._time_check(dtype)
        if self.time_zone is None and not self.has_dates_only:
            checks |= self._zone_check(dtype)
        return checks

    @property
    def _readable(self) -> str:
        if self.time_zone is not None and not self.has_dates_only:
            return f"Write every time with its zone: the clocks of {self.time_zone} show some times twice or never"
        return "Use a date type or text like 2026-11-16. If the column numbers the periods, set frequency=1"

    def _time_check(self, dtype: pl.DataType) -> dict[str, RowCheck]:
        """Return the check of times that are too fine. Rows that are combined need a zone only to have a day."""
        needs_zone = self.has_dates_only and self.time_zone is None
        smallest = DAY * MINUTE if self.smallest is None and needs_zone else self.smallest
        if smallest is None:
            return {}
        what = "seconds" if smallest == MINUTE else "a time of day"
        wrong = self._microseconds(dtype) % smallest != 0
        remedy = f"Set aggregate, e.g. aggregate=sum, or provide one row per period, and dates without {what}"
        if self.smallest is None:
            wrong &= self._offset(dtype).is_not_null()
            what, remedy = "a time of day in a zone", "Set the time_zone of the periods, e.g. time_zone=Europe/Berlin"
        elif needs_zone and isinstance(dtype, pl.Datetime) and dtype.time_zone:
            remedy += ". If they are midnights of another zone, set time_zone, e.g. time_zone=Europe/Berlin"
        return {"timed": RowCheck((self.name,), wrong, f"with {what} in {self.name}", remedy, keeps=True)}

    def _offset(self, dtype: pl.DataType) -> pl.Expr:
        """Return the offset from UTC of each time, in seconds; null without a zone, and 1 for a named zone."""
        if dtype == pl.String:
            return pl.col(self.name).map_batches(lambda texts: read_times(texts).offset, return_dtype=pl.Int32)
        zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
        return pl.lit(None if zone is None else int(zone not in FIXED_ZONES), dtype=pl.Int32)

    def _zone_check(self, dtype: pl.DataType) -> dict[str, RowCheck]:
        """Return the check of times of day in a zone. Without it, an hour of autumn would count twice."""
        if not isinstance(dtype, pl.Datetime | pl.String):
            return {}
        wrong = (self._offset(dtype) != 0).fill_null(False) & (self._microseconds(dtype) % (DAY * MINUTE) != 0)
        remedy = "Set the time_zone of the periods, e.g. time_zone=Europe/Berlin, and the frequency"
        return {"zoned": RowCheck((self.name,), wrong, f"with a time of day in a zone in {self.name}", remedy)}

    def _microseconds(self, dtype: pl.DataType) -> pl.Expr:
        """Return the microseconds since 1970-01-01 (Int64): local, or in UTC for parts of a day in a zone."""
        column = pl.col(self.name)
        if dtype == pl.Date:
            column, dtype = column.cast(pl.Datetime("us")), pl.Datetime("us")
        if isinstance(dtype, pl.Datetime):
            local = column.dt.replace_time_zone(None) if dtype.time_zone else column
            if self.time_zone is not None:
                local = self._in_zone(column) if dtype.time_zone else self._localized(column)
            return local.dt.timestamp("us")
        if dtype == pl.String or dtype.is_integer():  # a number like 20261116 is a date
            return column.cast(pl.String).map_batches(self._from_text, return_dtype=pl.Int64)
        return pl.lit(None, dtype=pl.Int64)

    def _from_text(self, column: pl.Series) -> pl.Series:
        times = read_times(column)
        table = pl.DataFrame({LOCAL: times.local, OFFSET: times.offset})
        local = pl.col(LOCAL)
        if self.time_zone is not None:
            utc = (local - pl.duration(seconds=pl.col(OFFSET))).dt.replace_time_zone("UTC")
            local = pl.when(pl.col(OFFSET).is_null()).then(self._localized(local)).otherwise(self._in_zone(utc))
        return table.select(local.dt.timestamp("us")).to_series().alias(column.name)

    def _localized(self, local: pl.Expr) -> pl.Expr:
        """Return times without a zone as `_in_zone` does; null if the zone's clocks show the time twice or never."""
        if self.has_dates_only:  # a date needs no zone
            return local
        zoned = local.dt.replace_time_zone(str(self.time_zone), ambiguous="null", non_existent="null")
        return self._in_zone(zoned)

    def _in_zone(self, zoned: pl.Expr) -> pl.Expr:
        """Return times with a zone as local times of the configured zone, or in UTC for parts of a day."""
        return zoned.dt.convert_time_zone(str(self.time_zone) if self.has_dates_only else "UTC").dt.replace_time_zone(
            None
        )


def _number(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if dtype == pl.String:
        column = column.str.strip_chars().cast(pl.Int64, strict=False)
    elif dtype.is_float():
        column = pl.when(column.floor() == column).then(column)
    elif not dtype.is_integer():
        return pl.lit(None, dtype=pl.Int32)
    return pl.when(column.is_between(0, MAX_NUMBER)).then(column).cast(pl.Int32)
