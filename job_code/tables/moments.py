"""Read the time column: every row has a moment, in whole minutes."""

from dataclasses import dataclass
from typing import Self

import polars as pl

from contract.calendar.frequencies import DAY, EPOCH, NUMBERED, calendar_of, is_partial
from contract.limits import MAX_DATE, MIN_DATE
from job_code.config import ForecastConfig
from job_code.tables.row_checks import RowCheck

MOMENT = "_moment"  # minutes since 1970-01-01, or the number of a numbered period
FIRST_DAY, LAST_DAY = (MIN_DATE - EPOCH).days, (MAX_DATE - EPOCH).days
MAX_NUMBER = 2_000_000_000  # leaves room for the periods to forecast
TEXT_DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
MINUTE = 60_000_000  # microseconds


@dataclass(frozen=True, kw_only=True)
class TimeColumn:
    """The time column of a table.

    Attributes:
        name: Its name.
        is_numbered: Whether it numbers the periods.
        has_dates_only: Whether the configured periods are days or longer, so that a time of day is an error.
    """

    name: str
    is_numbered: bool = False
    has_dates_only: bool = False

    @classmethod
    def of(cls, config: ForecastConfig) -> Self:
        """Return the configured column."""
        asked = config.frequency
        known = asked is not None and asked != NUMBERED
        return cls(
            name=config.time,
            is_numbered=asked == NUMBERED,
            has_dates_only=known and (is_partial(str(asked)) or not calendar_of(str(asked)).is_sub_daily),
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
        if dtype == pl.Date:
            return column.cast(pl.Int32).clip(FIRST_DAY - 1, LAST_DAY + 1) * DAY
        micros = _microseconds(dtype, column)
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
                "Use a date type or text like 2026-11-16. If the column numbers the periods, set frequency=1",
            ),
            "implausible": RowCheck(
                (name,),
                ~moment.is_between(FIRST_DAY * DAY, (LAST_DAY + 1) * DAY - 1),
                f"dated before {MIN_DATE.year} or after {MAX_DATE.year} in {name}",
                "Correct the dates or remove the rows",
            ),
        }
        if isinstance(dtype, pl.Datetime | pl.String):
            unit, what = (DAY * MINUTE, "a time of day") if self.has_dates_only else (MINUTE, "seconds")
            checks["timed"] = RowCheck(
                (name,),
                _microseconds(dtype, pl.col(name)) % unit != 0,
                f"with {what} in {name}",
                f"Provide one row per period, and dates without {what}",
                keeps=True,
            )
        return checks


def _number(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if dtype == pl.String:
        column = column.str.strip_chars().cast(pl.Int64, strict=False)
    elif not dtype.is_integer():
        return pl.lit(None, dtype=pl.Int32)
    return pl.when(column.is_between(0, MAX_NUMBER)).then(column).cast(pl.Int32)


def _microseconds(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    """Return the microseconds since 1970-01-01 (Int64), local for a time with a zone."""
    if isinstance(dtype, pl.Datetime):
        local = column.dt.replace_time_zone(None) if dtype.time_zone else column
        return local.dt.timestamp("us")
    if dtype == pl.String:
        return _from_text(column).dt.timestamp("us")
    return pl.lit(None, dtype=pl.Int64)


def _from_text(column: pl.Expr) -> pl.Expr:
    text = column.str.strip_chars()
    days = text.str.to_date(TEXT_DATE_FORMATS[0], strict=False).cast(pl.Datetime("us"))
    times = (text.str.to_datetime(form, strict=False, time_unit="us") for form in TEXT_DATE_FORMATS[1:])
    return pl.coalesce(days, *times)
