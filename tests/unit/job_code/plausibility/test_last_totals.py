"""Last periods far below all before are probably not complete."""

from datetime import date

import numpy as np
import pytest

from job_code.plausibility.last_totals import check_last_totals
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import ValidationReport

WEEKLY = Frequency("W-MON")


def warnings_of(recent: Floats, frequency: str = "W-MON") -> list[str]:
    findings = ValidationReport()
    calendar = Frequency(frequency)
    check_last_totals(recent, calendar, calendar.period_of(date(2026, 11, 23)), findings)
    assert findings.messages() == []
    return findings.messages("warning")


BEFORE = [*range(100, 152)]


@pytest.mark.parametrize("last", [[49.0], [0.0], [15.0, 20.0], [40.0] * 8, [0.0] * 11, [1.0] * 26])
def test_totals_far_below_all_before_are_a_warning(last: list[float]) -> None:
    assert len(warnings_of(np.array([*BEFORE, *last]))) == 1


@pytest.mark.parametrize(
    "last", [[51.0], [500.0], [40.0] * 9, [120.0, 15.0, 120.0], [49.0, 51.0], [1.0] * 53, [12.0] * 11]
)
def test_demand_may_fall(last: list[float]) -> None:
    assert warnings_of(np.array([*BEFORE, *last])) == []


def test_the_warning_counts_the_periods() -> None:
    (warning,) = warnings_of(np.array([*BEFORE, 15.0, 20.0]))
    assert warning == (
        "demand: the totals of the last 2 weeks are at most 20, but at least 100 in each of the 52 weeks before. "
        "If they are not complete, set cutoff=2026-11-09"
    )


@pytest.mark.parametrize("recent", [-np.array([*BEFORE, 0.0]), np.array([100.0, 100.0, 0.0]), np.zeros(60)])
def test_other_totals_have_no_finding(recent: Floats) -> None:
    assert warnings_of(recent) == []


def test_every_sunday_is_low() -> None:
    assert warnings_of(np.array([100.0] * 6 + [5.0] * 1 + [100.0] * 6 + [5.0]), "D") == []


def test_many_empty_days_are_a_warning_unless_the_shop_also_closed_before() -> None:
    year = np.full(400, 100.0)
    year[200:203] = 0  # some closed days
    assert warnings_of(np.append(year, np.zeros(11)), "D") == [
        "demand: the totals of the last 11 days are at most 0, but 100 a day before. "
        "If they are not complete, set cutoff=2026-11-12"
    ]
    year[40:100] = 0  # closed for a season
    assert warnings_of(np.append(year, np.zeros(11)), "D") == []
