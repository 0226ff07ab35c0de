"""Public holidays as covariates that need no file: the holiday of each period and of its neighbors.

A week may be dated by its first or its last day, and people buy before and after a holiday. With both neighbors, the
model sees the holiday in either case.
"""

import re
from collections.abc import Iterable
from datetime import date

import holidays
import numpy as np

from job_code.exogenous.covariates import CovariateTable
from job_code.series.arrays import Integers
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
    years = range(frequency.date_of(first - 1).year, frequency.date_of(last + 2).year + 1)
    found = holidays.country_holidays(country, subdiv=part or None, years=years, language=LANGUAGE)
    days = sorted((day, QUALIFIER.sub("", name.split("; ")[0])) for day, name in found.items())
    names = known or (NO_HOLIDAY, *sorted({name for _, name in days}))
    position = {name: float(code) for code, name in enumerate(names)}
    codes = np.zeros(last - first + 3)  # one more period on each side
    at = _periods((day for day, _ in days), frequency) - (first - 1)
    for (_, name), place in reversed(list(zip(days, at.tolist(), strict=True))):  # keeps the first holiday of a period
        if 0 <= place < len(codes):
            codes[place] = position.get(name, np.nan)
    columns = [codes[1 + shift : len(codes) - 1 + shift] for shift in HOLIDAY_COLUMNS.values()]
    return CovariateTable(
        [column.astype(np.float32) for column in columns], np.array([first]), np.array([last - first + 1])
    ), names


def _periods(days: Iterable[date], frequency: Frequency) -> Integers:
    return np.array([frequency.period_of(day) for day in days], dtype=np.int64)
