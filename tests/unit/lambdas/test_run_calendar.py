import itertools
from datetime import date, timedelta

import pytest

from lambdas.shared.periods import WEEKDAYS, last_complete_period, period_on_or_before

DAYS = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(600)]
FREQUENCIES = ["D", *(f"W-{day}" for day in WEEKDAYS), "MS", "ME"]


def carries(day: date, frequency: str) -> bool:
    """Whether a period is dated `day`: the slow and obvious definition."""
    if frequency == "MS":
        return day.day == 1
    if frequency == "ME":
        return (day + timedelta(days=1)).month != day.month
    return frequency == "D" or f"{day:%a}".upper() == frequency.removeprefix("W-")


@pytest.mark.parametrize("frequency", FREQUENCIES)
@pytest.mark.parametrize("label", ["start", "end"])
def test_the_last_complete_period_is_the_latest_one_that_is_over(frequency: str, label: str) -> None:
    dates = [day for day in DAYS if carries(day, frequency)]
    for today in DAYS[100:-100]:
        if label == "start":
            over = [date_ for date_, following in itertools.pairwise(dates) if following <= today]
        else:
            over = [date_ for date_ in dates if date_ < today]
        assert last_complete_period(today, frequency=frequency, label=label) == over[-1]


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_a_period_is_found_from_any_of_its_days(frequency: str) -> None:
    for day in DAYS[100:-100]:
        expected = max(other for other in DAYS if other <= day and carries(other, frequency))
        assert period_on_or_before(day, frequency=frequency) == expected


@pytest.mark.parametrize("frequency", ["", "W", "W-FOO", "Q", "w-mon"])
def test_a_frequency_without_a_calendar_is_refused(frequency: str) -> None:
    with pytest.raises(ValueError, match="does not say which dates"):
        period_on_or_before(date(2026, 1, 1), frequency=frequency)
