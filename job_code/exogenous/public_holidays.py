"""Public holidays as covariates that need no file: which one lies in a period, and in the ones beside it.

A week may be dated by its first day or by its last, and people buy before a holiday and after it: seen with both
neighbours, the holiday is found whichever it is.
"""

import re
from collections.abc import Iterable
from datetime import date

import holidays
import numpy as np

from job_code.exogenous.covariates import CovariateTable
from job_code.series.arrays import Integers
from job_code.series.frequency import Frequency

NONE = "no holiday"
BESIDE = {"holiday": 0, "holiday before": -1, "holiday after": 1}
LANGUAGE = "en_US"  # where there are names in it; else the country's own: never that of the machine
QUALIFIER = re.compile(r"( \([^()]*\))+$")  # "(observed)", "(estimated)": the same holiday all the same


def holiday_table(
    code: str, frequency: Frequency, first: int, last: int, *, known: tuple[str, ...] | None = None
) -> tuple[CovariateTable, tuple[str, ...]]:
    """The holidays of a country in a span of periods.

    Args:
        code: Country, or part of one: `US`, `DE-BY`.
        frequency: What a period is.
        first: Number of the first period.
        last: Number of the last one.
        known: The categories as a model knows them; holidays that are none of them are unknown.

    Returns:
        A table of one group with a column for each of `BESIDE`, and the categories that these hold: `NONE` first.
    """
    country, _, part = code.partition("-")
    years = range(frequency.date_of(first - 1).year, frequency.date_of(last + 2).year + 1)
    found = holidays.country_holidays(country, subdiv=part or None, years=years, language=LANGUAGE)
    days = sorted((day, QUALIFIER.sub("", name.split("; ")[0])) for day, name in found.items())
    names = known or (NONE, *sorted({name for _, name in days}))
    position = {name: float(code) for code, name in enumerate(names)}
    codes = np.zeros(last - first + 3)  # a period more on both sides
    at = _periods((day for day, _ in days), frequency) - (first - 1)
    for (_, name), place in reversed(list(zip(days, at.tolist(), strict=True))):  # the first of a period is kept
        if 0 <= place < len(codes):
            codes[place] = position.get(name, np.nan)
    columns = [codes[1 + shift : len(codes) - 1 + shift] for shift in BESIDE.values()]
    return CovariateTable(
        [column.astype(np.float32) for column in columns], np.array([first]), np.array([last - first + 1])
    ), names


def _periods(days: Iterable[date], frequency: Frequency) -> Integers:
    return np.array([frequency.period_of(day) for day in days], dtype=np.int64)
