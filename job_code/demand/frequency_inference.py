"""Find the frequency of demand: the configured one, or the one that its dates show."""

import polars as pl

from contract.periods import WEEKDAYS
from job_code.demand.date_counts import DayCounts
from job_code.errors import InputError
from job_code.series.frequency import Frequency
from job_code.tables.row_checks import DAY

MAJORITY = 0.6  # a shared weekday or day of the month counts as the anchor from this share of the rows on


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
