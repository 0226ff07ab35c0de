"""Periods that a missing file leaves without rows are a warning. Closed shops are not."""

from datetime import date

import numpy as np
import pytest

from job_code.plausibility.missing_periods import check_missing_periods
from job_code.plausibility.period_rows import PeriodRows
from job_code.series.arrays import Integers
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import ValidationReport

WEEKLY = Frequency("W-MON")
FIRST = WEEKLY.period_of(date(2026, 6, 1))


def warnings_of(rows: Integers, frequency: Frequency = WEEKLY, *, first: int = FIRST) -> list[str]:
    """Return the warnings for periods with these numbers of rows; 0 for a period without a row."""
    findings = ValidationReport()
    at = np.flatnonzero(rows)
    check_missing_periods(PeriodRows(first + at, rows[at]), frequency, findings)
    assert (findings.messages(), findings.messages("note")) == ([], [])
    return findings.messages("warning")


def test_missing_weeks_are_a_warning() -> None:
    rows = np.full(30, 30)
    rows[[10, 11, 12, 13, 20]] = 0
    assert warnings_of(rows) == [
        "demand: 5 weeks without a row in any series, e.g. 2026-08-10, 2026-10-19. "
        "Upload what is missing. If there was no demand, write rows with 0"
    ]


@pytest.mark.parametrize("at", [10, 15, 28])
def test_a_week_with_few_rows_is_a_warning(at: int) -> None:
    rows = np.full(30, 30)
    rows[at] = 3
    shown = WEEKLY.text_of(FIRST + at)
    assert warnings_of(rows) == [
        f"demand: 1 week with less than half of the rows of those before and after, e.g. {shown} with 3. "
        "Upload what is missing"
    ]


@pytest.mark.parametrize(
    "rows",
    [
        np.full(30, 30),
        np.array([*range(10, 500, 10)]),  # an assortment that grows
        np.array([10] * 20 + [100] * 8 + [10] * 20),  # articles of a season
        np.array([100] * 20 + [10] * 20),
        np.array([30] * 29 + [3]),  # the last period has its own warning
        np.array([3, 0, 0, 0] * 20),  # few rare sellers
    ],
)
def test_other_numbers_of_rows_have_no_finding(rows: Integers) -> None:
    assert warnings_of(rows) == []


def test_random_sales_have_no_finding() -> None:
    random = np.random.default_rng(0)
    assert all(warnings_of(random.poisson(40, 150)) == [] for _ in range(50))


@pytest.mark.parametrize(
    ("frequency", "closed", "open_again", "count"),
    [
        ("D", date(2026, 6, 27), date(2026, 6, 29), 0),
        ("D", date(2026, 6, 22), date(2026, 6, 28), 0),
        ("D", date(2026, 6, 22), date(2026, 6, 30), 8),
        ("B", date(2026, 6, 22), date(2026, 6, 26), 0),
        ("B", date(2026, 6, 22), date(2026, 6, 30), 6),
        ("h", date(2026, 6, 22), date(2026, 6, 28), 0),
        ("h", date(2026, 6, 22), date(2026, 6, 30), 8 * 24),
        ("MS", date(2026, 6, 1), date(2026, 7, 1), 1),
    ],
)
def test_a_closure_is_shorter_than_a_week(frequency: str, closed: date, open_again: date, count: int) -> None:
    calendar = Frequency(frequency)
    first = calendar.period_of(date(2026, 1, 1))
    rows = np.full(calendar.period_of(date(2026, 11, 16)) - first, 30)
    rows[calendar.period_of(closed) - first : calendar.period_of(open_again) - first] = 0
    found = warnings_of(rows, calendar, first=first)
    assert [line.startswith(f"demand: {count:,} {calendar.unit}") for line in found] == [True] * bool(count)


@pytest.mark.parametrize(
    ("odd", "what"), [(0, "without a row in any series"), (40, "with less than half of the rows of")]
)
def test_weeks_that_come_again_every_year_are_a_note(odd: int, what: str) -> None:
    """Christmas weeks and closures in summer are no missing files."""
    rows = np.full(150, 100)
    rows[[30, 83, 134]] = odd
    rows[100] = odd
    findings = ValidationReport()
    at = np.flatnonzero(rows)
    check_missing_periods(PeriodRows(FIRST + at, rows[at]), WEEKLY, findings)
    (warning,), (note,) = findings.messages("warning"), findings.messages("note")
    assert warning.startswith(f"demand: 1 week {what}")
    assert WEEKLY.text_of(FIRST + 100) in warning
    assert note.startswith(f"demand: 3 weeks {what}")
    assert "about the same time every year" in note
