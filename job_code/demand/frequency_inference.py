"""Determine the frequency of demand from the configuration or from the dates."""

import polars as pl

from contract.periods import WEEKDAYS
from job_code.demand.date_counts import DayCounts
from job_code.errors import InputError
from job_code.series.frequency import Frequency
from job_code.tables.row_checks import DAY

MAJORITY = 0.6  # share of the rows; a weekday or day of the month with a larger share is the anchor


def resolve_frequency(asked: str | None, days: DayCounts) -> Frequency:
    """Return the configured frequency, and infer the missing part from the dates.

    An inferred frequency must fit the dates: at least two dates must be one period apart. Otherwise the demand has a
    longer period that is not supported, such as two weeks or a quarter. Most periods would be gaps.

    Args:
        asked: Configured frequency. None to infer all of it, `W` to infer only the weekday.
        days: Demand rows by date.

    Raises:
        InputError: If there are fewer than two distinct dates, or if the dates do not fit.
    """
    if asked is not None and asked != "W":
        return Frequency(asked)
    if asked is None and days.table.height < 2:
        problem = "demand: the valid rows have only one date, so the frequency cannot be inferred"
        raise InputError([f"{problem}. Set it, e.g. frequency=W-MON"])
    frequency = _infer(asked, days)
    periods = days.table.select(frequency.to_period(pl.col(DAY)).unique().sort()).to_series()
    nearest = periods.diff().min()
    if isinstance(nearest, int) and nearest > 1:
        raise InputError(
            [
                f"demand: the dates look like {frequency.name}, but no two dates are less than {nearest} "
                f"{frequency.unit}s apart. Aggregate the demand by day, week or month, or set frequency"
            ]
        )
    return frequency


def _infer(asked: str | None, days: DayCounts) -> Frequency:
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
