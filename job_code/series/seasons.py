"""The table of seasons: what one frequency has that another has not. docs/calendars.md shows it.

`features.feature_recipe` derives the lags and windows of the model from it.
"""

from dataclasses import dataclass

from contract.calendar.frequencies import DAY, WEEK, Calendar

MAX_SHOWN = 672  # periods of a chart: four weeks of hours


@dataclass(frozen=True, kw_only=True)
class Seasons:
    """The seasons of a calendar and the spans that depend on them, in periods.

    Attributes:
        naive: The season that seasonal naive repeats, and that scales MASE.
        long: The longest season of the model's features: a year of days, weeks or months, a week of hours.
        short: A shorter season: a week of days, a day of hours. None without one.
        window: Latest periods that measure level, scale, spread and share of zeros.
        year: Whole periods of a year. A series without demand for a year is discontinued.
        cold: A younger series is a cold start, with too little history to classify its demand.
        shown: Latest periods that a chart shows.
        change: Distance of the values whose change is the unit of errors: one period, or a day of hours.
    """

    naive: int
    long: int
    window: int
    year: int
    cold: int
    shown: int
    short: int | None = None
    change: int = 1


OF_DAYS = Seasons(naive=7, long=364, short=7, window=364, year=364, cold=91, shown=728)
OF_BUSINESS_DAYS = Seasons(naive=5, long=260, short=5, window=260, year=260, cold=65, shown=520)
OF_WEEKS = Seasons(naive=52, long=52, window=52, year=52, cold=13, shown=104)
OF_FORTNIGHTS = Seasons(naive=26, long=26, window=26, year=26, cold=7, shown=52)
OF_MONTHS = Seasons(naive=12, long=12, window=12, year=12, cold=3, shown=24)
OF_QUARTERS = Seasons(naive=4, long=4, window=4, year=4, cold=2, shown=16)
OF_YEARS = Seasons(naive=1, long=1, window=3, year=2, cold=2, shown=20)
NUMBERED = Seasons(naive=1, long=1, window=52, year=52, cold=4, shown=104)


def seasons_of(calendar: Calendar) -> Seasons:
    """Return the seasons of a calendar."""
    if calendar.kind == "months":
        return {1: OF_MONTHS, 3: OF_QUARTERS, 12: OF_YEARS}[calendar.step]
    if calendar.kind == "numbered":
        return NUMBERED
    if calendar.kind == "business":
        return OF_BUSINESS_DAYS
    if calendar.is_sub_daily:
        return _of_parts_of_day(calendar.step)
    known = {DAY: OF_DAYS, WEEK: OF_WEEKS, 2 * WEEK: OF_FORTNIGHTS}
    return known[calendar.step] if calendar.step in known else _of_multiples(calendar.step)


def _of_parts_of_day(step: int) -> Seasons:
    day, week = DAY // step, WEEK // step
    return Seasons(
        naive=day,
        long=week,
        short=day,
        window=4 * week,
        year=364 * day,
        cold=week,
        shown=min(4 * week, MAX_SHOWN),
        change=day,
    )


def _of_multiples(step: int) -> Seasons:
    """Return the seasons of several days or weeks: the year, if it has several of them."""
    year = max(1, round(365.25 * DAY / step))
    return Seasons(naive=year, long=year, window=year, year=year, cold=max(2, year // 4), shown=2 * year)
