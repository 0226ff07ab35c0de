"""Question numbers that number no periods: months as 202611, weeks as 202647, serial dates of a spreadsheet."""

from dataclasses import dataclass

import numpy as np

from job_code.plausibility.period_rows import SPARSE, PeriodRows
from job_code.series.arrays import Booleans, Integers
from job_code.tables.validation_report import ValidationReport, plural
from job_code.times.date_guesses import date_of_number, describe_number

MAX_MISSING_NUMBERS = 1_000
FIRST_YEAR, LAST_YEAR = 1900, 2199
AT_LEAST = 2  # numbers
DAYS_OF_MONTH = 31


@dataclass(frozen=True)
class _Form:
    """A way to write a part of a year as a number.

    Attributes:
        name: Name of the form, for messages.
        base: The number is the year times this, plus the part.
        parts: Largest part.
        as_text: How to write the period so that it is read as a date.
    """

    name: str
    base: int
    parts: int
    as_text: str

    def fits(self, numbers: Integers) -> bool:
        """Return whether all numbers have the form."""
        years, parts = np.divmod(numbers, self.base)
        is_valid: Booleans = (years >= FIRST_YEAR) & (years <= LAST_YEAR) & (parts >= 1) & (parts <= self.parts)
        return bool(is_valid.all())

    def crosses_years(self, numbers: Integers) -> bool:
        """Return whether the numbers are of several years, so that they leave out those in between."""
        return bool(numbers[0] // self.base < numbers[-1] // self.base)


MONTHS = _Form("months (yyyymm)", 100, 12, "2026-01")
FORMS = (
    _Form("quarters (yyyyq)", 10, 4, "2026-Q1"),
    MONTHS,
    _Form("weeks (yyyyww)", 100, 53, "2026-W05"),
    _Form("days of the year (yyyyddd)", 1_000, 366, "2026-01-31"),
)


def check_numbers(found: PeriodRows, findings: ValidationReport) -> None:
    """Report numbers that number no periods.

    Args:
        found: The numbers, and their rows.
        findings: Takes an error if the numbers surely are no periods, and a warning if they probably are dates.
    """
    numbers = found.periods
    first, last = int(numbers[0]), int(numbers[-1])
    numbered = f"demand: the numbers from {first} to {last}"
    form = next((form for form in FORMS if form.fits(numbers)), None)
    day = date_of_number(first)
    if len(numbers) < AT_LEAST:
        return
    if _are_days(numbers):
        findings.add_message(f"{numbered} look like days (yyyymmdd). Set frequency to their calendar, or remove it")
    elif form is not None and form.crosses_years(numbers):
        findings.add_message(
            f"{numbered} look like {form.name}: no year has all numbers up to the next. "
            f"Write dates like {form.as_text}, and set their frequency"
        )
    elif form is not None:
        findings.add_message(
            f"{numbered} look like {form.name}. The forecasts go on with {last + 1}, also beyond the year. "
            f"Write dates like {form.as_text}, and set their frequency",
            level="warning",
        )
    elif day is not None and np.median(np.diff(numbers)) > 1:
        findings.add_message(
            f"{numbered} do not follow each other. {describe_number(str(first), day)}. Write dates like {day[1]}"
        )
    elif last - first > MAX_MISSING_NUMBERS + len(numbers) / SPARSE:
        findings.add_message(
            f"demand: only {plural(len(numbers), 'period')} from {first:,} to {last:,} have rows, so the numbers are "
            "no consecutive periods. Number the periods one by one, or set a frequency of dates"
        )


def _are_days(numbers: Integers) -> bool:
    """Return whether all numbers are dates like 20261116."""
    months, days = np.divmod(numbers, 100)
    return MONTHS.fits(months) and bool(((days >= 1) & (days <= DAYS_OF_MONTH)).all())
