"""Numbers of periods that are dates would leave gaps at the end of every year."""

from datetime import date, timedelta

import numpy as np
import pytest

from job_code.plausibility.number_forms import check_numbers
from job_code.plausibility.period_rows import PeriodRows
from job_code.tables.validation_report import ValidationReport

MONTHS = [date(2022 + month // 12, month % 12 + 1, 1) for month in range(46)]
MONDAYS = [date(2026, 11, 16) - timedelta(weeks=week) for week in range(110)]
DAYS = [date(2026, 11, 16) - timedelta(days=day) for day in range(700)]
WEEKS = [monday.isocalendar() for monday in MONDAYS]


def findings_of(numbers: list[int]) -> ValidationReport:
    findings = ValidationReport()
    periods = np.unique(np.array(numbers, dtype=np.int64))
    check_numbers(PeriodRows(periods, np.full(len(periods), 30)), findings)
    return findings


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([day.year * 100 + day.month for day in MONTHS], "from 202201 to 202510 look like months (yyyymm): no year"),
        ([day.year * 100 + day.month for day in MONTHS[::5]], "look like months (yyyymm)"),
        ([day.year * 10 + (day.month + 2) // 3 for day in MONTHS], "look like quarters (yyyyq)"),
        ([week.year * 100 + week.week for week in WEEKS], "look like weeks (yyyyww)"),
        ([day.year * 1_000 + day.timetuple().tm_yday for day in DAYS], "look like days of the year (yyyyddd)"),
        ([int(f"{day:%Y%m%d}") for day in DAYS], "look like days (yyyymmdd)"),
        ([int(f"{day:%Y%m%d}") for day in DAYS[:20]], "look like days (yyyymmdd)"),
        ([45_579 + 7 * week for week in range(60)], "probably days of a spreadsheet: 45579 is 2024-10-14"),
        ([1_728_864_000 + 3_600 * hour for hour in range(60)], "probably seconds since 1970: 1728864000 is 2024-10-14"),
        ([*range(60), 2_000_000_000], "so the numbers are no consecutive periods"),
    ],
)
def test_dates_as_numbers_are_an_error(numbers: list[int], expected: str) -> None:
    (message,) = findings_of(numbers).messages()
    assert expected in message


def test_dates_of_one_year_are_a_warning() -> None:
    findings = findings_of([202_600 + month for month in range(1, 12)])
    assert findings.messages() == []
    (warning,) = findings.messages("warning")
    assert "look like months (yyyymm). The forecasts go on with 202612, also beyond the year" in warning


@pytest.mark.parametrize(
    "numbers",
    [
        [*range(110)],
        [*range(1, 60)],
        [*range(2_000, 2_030)],  # years
        [*range(20_001, 20_120)],
        [*range(202_601, 202_760)],
        [*range(45_579, 46_000)],  # days of a spreadsheet that follow each other
        [0, 1, 5, 900],
        [202_601],
    ],
)
def test_numbers_of_periods_have_no_finding(numbers: list[int]) -> None:
    findings = findings_of(numbers)
    assert (findings.messages(), findings.messages("warning"), findings.messages("note")) == ([], [], [])
