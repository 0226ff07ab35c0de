"""Public holidays as covariates that need no file: the holiday of each period and of its neighbors.

A week may be dated by its first or its last day, and people buy before and after a holiday. With both neighbors, the
model sees the holiday in either case. For periods shorter than a day, the neighbors are the days before and after.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import holidays
import numpy as np

from contract.calendar.frequencies import EPOCH
from job_code.exogenous.covariates import CovariateTable
from job_code.series.arrays import Floats, Integers
from job_code.series.frequency import Frequency

NO_HOLIDAY = "no holiday"
HOLIDAY_COLUMNS = {"holiday": 0, "holiday before": -1, "holiday after": 1}
LANGUAGE = "en_US"  # if the library has no English names, it uses the country's language, never the locale
QUALIFIER = re.compile(r"( \([^()]*\))+$")  # "(observed)" and "(estimated)" do not make another holiday


def holiday_table(
    code: str, frequency: Frequency, first: int, last: int, *, known: tuple[str, ...] | None = None
) -> tuple[CovariateTable, tuple[str, ...]]:
    """Return the holidays of a country in a span of periods.

    Args:
        code: Country or region: `US`, `DE-BY`.
        frequency: Calendar of the periods.
        first: Number of the first period.
        last: Number of the last period.
        known: Categories of a trained model. Other holidays become missing values.

    Returns:
        A table of one group with a column for each of `HOLIDAY_COLUMNS`, and the categories of the columns. The first
        category is `NO_HOLIDAY`.
    """
    country, _, part = code.partition("-")
    days = frequency.local_days(np.arange(first - 1, last + 3))
    years = range(_date(days[0]).year, _date(days[-1]).year + 1)
    found = holidays.country_holidays(country, subdiv=part or None, years=years, language=LANGUAGE)
    names_of_days = sorted((day, QUALIFIER.sub("", name.split("; ")[0])) for day, name in found.items())
    names = known or (NO_HOLIDAY, *sorted({name for _, name in names_of_days}))
    position = {name: float(code) for code, name in enumerate(names)}
    coded = [(day, position.get(name, np.nan)) for day, name in names_of_days]
    if frequency.calendar.is_sub_daily:
        columns = list(_of_days(coded, days[1:-2]))
    else:
        codes = np.zeros(last - first + 3)  # one more period on each side
        at = np.array([frequency.period_of(day) for day, _ in coded], dtype=np.int64) - (first - 1)
        for (_, value), place in reversed(list(zip(coded, at.tolist(), strict=True))):  # keeps the first of a period
            if 0 <= place < len(codes):
                codes[place] = value
        columns = [codes[1 + shift : len(codes) - 1 + shift] for shift in HOLIDAY_COLUMNS.values()]
    return CovariateTable(
        [column.astype(np.float32) for column in columns], np.array([first]), np.array([last - first + 1])
    ), names


def _of_days(coded: Iterable[tuple[date, float]], days: Integers) -> Iterator[Floats]:
    """Yield the codes of periods shorter than a day: of their day, of the day before, and of the day after."""
    first = int(days[0]) - 1
    codes = np.zeros(int(days[-1]) - first + 2)
    for day, value in coded:
        place = (day - EPOCH).days - first
        if 0 <= place < len(codes):
            codes[place] = value
    for shift in HOLIDAY_COLUMNS.values():
        yield codes[days - first + shift]


def _date(day: int) -> date:
    return EPOCH + timedelta(days=int(day))
