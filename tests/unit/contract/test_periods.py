import itertools
from datetime import date, timedelta

import pytest

from contract.periods import (
    EPOCH,
    FREQUENCIES,
    last_complete_period,
    last_day,
    period_date,
    period_number,
    period_on_or_before,
    unit_of,
)

DAYS = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(600)]


def carries(day: date, frequency: str) -> bool:
    """Return whether `day` is the date of a period, by a slow and obvious definition."""
    if frequency == "MS":
        return day.day == 1
    if frequency == "ME":
        return (day + timedelta(days=1)).month != day.month
    return frequency == "D" or f"{day:%a}".upper() == frequency.removeprefix("W-")


@pytest.mark.parametrize("frequency", FREQUENCIES)
@pytest.mark.parametrize("label", ["start", "end"])
def test_last_complete_period_is_the_latest_complete_one(frequency: str, label: str) -> None:
    dates = [day for day in DAYS if carries(day, frequency)]
    for today in DAYS[100:-100]:
        if label == "start":
            over = [date_ for date_, following in itertools.pairwise(dates) if following <= today]
        else:
            over = [date_ for date_ in dates if date_ < today]
        assert last_complete_period(today, frequency=frequency, label=label) == over[-1]


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_period_on_or_before_any_day(frequency: str) -> None:
    for day in DAYS[100:-100]:
        expected = max(other for other in DAYS if other <= day and carries(other, frequency))
        assert period_on_or_before(day, frequency=frequency) == expected


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_period_number_and_period_date_are_inverse(frequency: str) -> None:
    days = [EPOCH + timedelta(days=offset) for offset in range(-9000, 9000)]
    dates = [day for day in days if carries(day, frequency)]
    numbers = [period_number(day, frequency=frequency) for day in dates]
    assert numbers == list(range(numbers[0], numbers[0] + len(dates)))
    assert [period_date(number, frequency=frequency) for number in numbers] == dates


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_every_day_belongs_to_one_period(frequency: str) -> None:
    for day in DAYS[100:-100]:
        found = period_date(period_number(day, frequency=frequency), frequency=frequency)
        if frequency == "ME":  # the month that ends on this date contains the day
            assert found == min(other for other in DAYS if other >= day and carries(other, frequency))
        else:
            assert found == max(other for other in DAYS if other <= day and carries(other, frequency))


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_the_last_day_is_the_day_before_the_next_period(frequency: str) -> None:
    dates = [day for day in DAYS if carries(day, frequency)]
    for period, following in itertools.pairwise(dates):
        assert last_day(period, frequency=frequency, label="end") == period
        assert last_day(period, frequency=frequency, label="start") == following - timedelta(days=1)


def test_the_last_day_needs_no_calendar_with_label_end() -> None:
    assert last_day(DAYS[0], frequency="", label="end") == DAYS[0]
    with pytest.raises(ValueError, match="does not define the dates of periods"):
        last_day(DAYS[0], frequency="", label="start")


def test_units_of_the_frequencies() -> None:
    assert {unit: sum(unit_of(each) == unit for each in FREQUENCIES) for unit in ("day", "week", "month")} == {
        "day": 1,
        "week": 7,
        "month": 2,
    }


@pytest.mark.parametrize("frequency", ["", "W", "W-FOO", "Q", "w-mon"])
def test_a_frequency_without_a_calendar_is_an_error(frequency: str) -> None:
    with pytest.raises(ValueError, match="does not define the dates of periods"):
        period_on_or_before(date(2026, 1, 1), frequency=frequency)
