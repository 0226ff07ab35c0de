"""Read the time column: every row has a moment, in whole minutes."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import polars as pl

from contract.calendar.frequencies import DAY, EPOCH, HOUR, NUMBERED, calendar_of, is_partial
from contract.limits import MAX_DATE, MIN_DATE
from job_code.config import ForecastConfig
from job_code.tables.row_checks import RowCheck
from job_code.tables.validation_report import Level
from job_code.times.date_guesses import guess_remedy
from job_code.times.time_texts import LOCAL, OFFSET
from job_code.times.written_times import (
    FIXED_ZONES,
    MAX_NUMBER,
    MINUTE,
    as_written,
    is_date,
    numbers,
    plain,
    with_midnights,
)
from job_code.times.zone_use import ZoneKinds

MOMENT = "_moment"  # minutes since 1970-01-01, or the number of a numbered period
FIRST_DAY, LAST_DAY = (MIN_DATE - EPOCH).days, (MAX_DATE - EPOCH).days
MICROSECONDS = "microseconds"  # of a time since 1970-01-01, the name of a column
IS_DATE = "is_date"  # whether a time is written without a time of day, the name of a column


def may_combine(config: ForecastConfig) -> bool:
    """Return whether several rows may become one period. Without a rule, the rows of a known calendar show it."""
    return config.aggregate != "none" and (config.aggregate != "auto" or config.frequency is not None)


@dataclass(frozen=True, kw_only=True)
class TimeColumn:
    """The time column of a table.

    Attributes:
        name: Its name.
        is_numbered: Whether it numbers the periods.
        has_dates_only: Whether the configured periods are days or longer, so that dates suffice.
        is_moved_by_clocks: Whether the configured periods are several hours, whose begins clock changes move.
        time_zone: The configured zone of the periods; None for the zone that each time is written in.
        too_fine: Level of times that are finer than minutes, or than days if dates suffice; None if they are usual.
        day_begins_at: Minute at which a day begins. Dates without a time stay. See `with_day_begin`.
        setting: The setting that combines rows, with an example.
    """

    name: str
    is_numbered: bool = False
    has_dates_only: bool = False
    is_moved_by_clocks: bool = False
    time_zone: str | None = None
    too_fine: Level | None = "error"
    day_begins_at: int = 0
    setting: str = "aggregate, e.g. aggregate=sum"

    @classmethod
    def of(cls, config: ForecastConfig, *, of_covariates: bool = False, is_combined: bool = False) -> Self:
        """Return the configured column.

        Args:
            config: Names and calendar.
            of_covariates: Whether the table has covariates, whose rules have a setting of their own.
            is_combined: Whether the rows of covariates are combined by a configured rule.
        """
        asked = config.frequency
        known = asked is not None and asked != NUMBERED
        has_dates_only = known and (is_partial(str(asked)) or not calendar_of(str(asked)).is_sub_daily)
        too_fine: Level | None = None
        if not is_combined and not may_combine(config):
            too_fine = "error"
        elif not is_combined and (of_covariates or config.aggregate == "auto") and not has_dates_only:
            too_fine = "note"  # the minutes alone show whether the rows are combined
        return cls(
            name=config.time,
            is_numbered=asked == NUMBERED,
            has_dates_only=has_dates_only,
            is_moved_by_clocks=known and not has_dates_only and HOUR % calendar_of(str(asked)).step != 0,
            time_zone=config.time_zone,
            too_fine=too_fine,
            day_begins_at=config.day_begins_at * HOUR,
            setting="covariate_rules, e.g. covariate_rules=price=mean" if of_covariates else cls.setting,
        )

    def read(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, RowCheck], ZoneKinds]:
        """Read the column once.

        Returns:
            The rows with the column `MOMENT` (Int32), the checks of these rows, and the kinds of their times. The
            moment is null if the value is unreadable. A moment outside the valid range is just outside of it, and never
            overflows.
        """
        column = plain(rows[self.name])
        if self.is_numbered:
            return rows.with_columns(numbers(column).alias(MOMENT)), self._number_check(), ZoneKinds()
        times = as_written(column)
        if times.schema[LOCAL] == pl.Date and (self.time_zone is None or self.has_dates_only):
            days = times[LOCAL].cast(pl.Int32).clip(FIRST_DAY - 1, LAST_DAY + 1)
            checks = self._day_check(column.dtype, pl.col(self.name).is_not_null())
            return rows.with_columns((days * DAY).alias(MOMENT)), self._date_checks() | checks, ZoneKinds()
        zone = column.dtype.time_zone if isinstance(column.dtype, pl.Datetime) else None
        checks = self._time_checks(zone) | self._day_check(column.dtype, pl.col(IS_DATE))
        times = times.select(
            self._microseconds(times.schema[LOCAL]).alias(MICROSECONDS), OFFSET, is_date(column).alias(IS_DATE)
        )
        if self.has_dates_only or self.time_zone is None:
            times = times.with_columns(with_midnights(times[MICROSECONDS], self.time_zone or zone))
        found = times.select(self._moment(), **{name: check.wrong for name, check in checks.items()})
        read = {name: replace(check, wrong=pl.lit(found[name])) for name, check in checks.items()}
        # With a configured zone, both kinds of times are in it.
        kinds = ZoneKinds.of(times[MICROSECONDS], times[OFFSET]) if self.time_zone is None else ZoneKinds()
        return rows.with_columns(found[MOMENT]), self._date_checks() | read, kinds

    def _moment(self) -> pl.Expr:
        micros = pl.col(MICROSECONDS)
        if self.day_begins_at:
            micros -= self.day_begins_at * MINUTE * pl.col(IS_DATE).not_().cast(pl.Int64)
        return (micros // MINUTE).clip((FIRST_DAY - 1) * DAY, (LAST_DAY + 1) * DAY).cast(pl.Int32).alias(MOMENT)

    def _number_check(self) -> dict[str, RowCheck]:
        return {
            "unnumbered": RowCheck(
                columns=(self.name,),
                wrong=pl.col(MOMENT).is_null(),
                problem=f"without a whole number from 0 to {MAX_NUMBER:,} in {self.name}",
                remedy="Number the periods, or set another frequency",
                guess=guess_remedy,
            )
        }

    def _date_checks(self) -> dict[str, RowCheck]:
        moment, name = pl.col(MOMENT), self.name
        readable = "Use a date type or text like 2026-11-16"
        if self.time_zone is not None and not self.has_dates_only:
            readable = (
                f"Write every time with its zone: the clocks of {self.time_zone} show some times twice or never. If a "
                "program such as a till cannot, remove time_zone: then both hours of such a time are one"
            )
        return {
            "undated": RowCheck(
                columns=(name,),
                wrong=moment.is_null(),
                problem=f"without a readable date in {name}",
                remedy=readable,
                guess=partial(guess_remedy, column=name),
            ),
            "implausible": RowCheck(
                columns=(name,),
                wrong=~moment.is_between(FIRST_DAY * DAY, (LAST_DAY + 1) * DAY - 1),
                problem=f"dated before {MIN_DATE.year} or after {MAX_DATE.year} in {name}",
                remedy="Correct the dates or remove the rows",
            ),
        }

    def _day_check(self, dtype: pl.DataType, is_date: pl.Expr) -> dict[str, RowCheck]:
        """Return the check of dates next to times: some programs write the time of midnights, others do not."""
        if not self.day_begins_at:
            return {}
        problem = f"with a date, but no time of day, in {self.name}"
        remedy = "day_begins_at does not move dates. If they are midnights, write their time, e.g. 2026-11-16 00:00"
        level: Level = "warning" if dtype == pl.String else "note"
        return {
            "dates": RowCheck(
                columns=(self.name,), wrong=is_date, problem=problem, remedy=remedy, keeps=True, level=level
            )
        }

    def _time_checks(self, zone: str | None) -> dict[str, RowCheck]:
        """Return the checks of times, of rows with the columns `MICROSECONDS` and `OFFSET`.

        Args:
            zone: The zone of all times, as their type names it.
        """
        name, checks = (self.name,), {}
        example = "Europe/Berlin" if zone is None or zone in FIXED_ZONES else zone
        if None not in (zone, self.time_zone) and zone not in (self.time_zone, *FIXED_ZONES):
            checks["converted"] = RowCheck(
                columns=name,
                wrong=pl.col(MICROSECONDS).is_not_null(),
                problem=f"with a time of the zone {zone} in {self.name}",
                remedy=f"They are converted to {self.time_zone}. If this is wrong, correct time_zone",
                keeps=True,
                level="note",
            )
        offset, has_time = pl.col(OFFSET), pl.col(MICROSECONDS) % (DAY * MINUTE) != 0
        needs_zone = self.has_dates_only and self.time_zone is None
        if self.too_fine is not None:
            checks["timed"] = self._fineness_check(is_zoned=zone is not None)
        elif needs_zone:  # rows that are combined need a zone only to have a day
            checks["timed"] = RowCheck(
                columns=name,
                wrong=has_time & offset.is_not_null(),
                problem=f"with a time of day in a zone in {self.name}",
                remedy=f"Set the time_zone of the periods, e.g. time_zone={example}",
                keeps=True,
            )
        if self.time_zone is None and not self.has_dates_only:
            # Without it, an hour of autumn would count twice.
            checks["zoned"] = RowCheck(
                columns=name,
                wrong=(offset != 0) & has_time,
                problem=f"with a time of day in a zone in {self.name}",
                remedy=(
                    "Write the local times without their zone. In a zone without clock changes, you can set time_zone "
                    "instead, e.g. time_zone=Asia/Kolkata"
                    if self.is_moved_by_clocks
                    else f"Set the time_zone of the periods, e.g. time_zone={example}, and the frequency"
                ),
            )
        return checks

    def _fineness_check(self, *, is_zoned: bool) -> RowCheck:
        what, unit = ("a time of day", DAY * MINUTE) if self.has_dates_only else ("seconds", MINUTE)
        wrong, problem = pl.col(MICROSECONDS) % unit != 0, f"with {what} in {self.name}"
        if self.too_fine == "note":
            remedy = f"Their minute counts. If several rows make one period, set {self.setting}"
            return RowCheck(columns=(self.name,), wrong=wrong, problem=problem, remedy=remedy, keeps=True, level="note")
        remedy = f"Set {self.setting}, or provide one row per period, and dates without {what}"
        if is_zoned and self.has_dates_only and self.time_zone is None:
            remedy += ". If they are midnights of another zone, set time_zone, e.g. time_zone=Europe/Berlin"
        return RowCheck(columns=(self.name,), wrong=wrong, problem=problem, remedy=remedy, keeps=True)

    def _microseconds(self, dtype: pl.DataType) -> pl.Expr:
        """Return the microseconds since 1970-01-01 (Int64): local, or in UTC for parts of a day in a zone.

        Args:
            dtype: Type of the column `LOCAL`.
        """
        if not isinstance(dtype, pl.Date | pl.Datetime):
            return pl.lit(None, dtype=pl.Int64)
        local, offset = pl.col(LOCAL), pl.col(OFFSET)
        if dtype == pl.Date:
            local = local.cast(pl.Datetime("us"))
        if self.time_zone is None:
            local = local.dt.replace_time_zone(None)
        elif isinstance(dtype, pl.Datetime) and dtype.time_zone:
            local = self._in_zone(local)
        else:
            utc = (local - pl.duration(seconds=offset)).dt.replace_time_zone("UTC")
            local = pl.when(offset.is_null()).then(self._localized(local)).otherwise(self._in_zone(utc))
        return local.dt.timestamp("us")

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
