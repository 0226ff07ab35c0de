from collections.abc import Sequence
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from contract.calendar.frequencies import WEEKDAYS, calendar_of
from contract.calendar.labels import Label, moment_of_label
from job_code.demand.demand_rows import VALUE
from job_code.demand.frequency_inference import resolve_frequency
from job_code.demand.moment_counts import MomentCounts
from job_code.errors import InputError
from job_code.series.frequency import Frequency
from job_code.times.moments import MOMENT

WEEKLY = tuple(f"W-{weekday}" for weekday in WEEKDAYS)
INFERRED = (
    *("D", "B", "MS", "ME", "h", "15min", "30min", "2h", "2W-TUE@1970-01-06", "2W-TUE@1970-01-13"),
    *("QS-JAN", "QS-FEB", "QE-DEC", "QE-OCT", "YS-JAN", "YS-APR", "YE-DEC", "YE-JUN"),
    *WEEKLY,
)
NOON = datetime(2026, 3, 2, 12)  # noqa: DTZ001 (local)


def inferred(labels: Sequence[Label], asked: str | None = None) -> str:
    moments = [moment_of_label(label, calendar_of("D")) for label in labels]
    rows = pl.DataFrame({MOMENT: moments, VALUE: [1.0] * len(labels)}).cast({MOMENT: pl.Int32})
    return resolve_frequency(asked, MomentCounts.of(rows)).name


def consecutive(name: str, count: int) -> list[Label]:
    frequency = Frequency(name)
    first = frequency.period_of(date(2024, 3, 13))
    return [frequency.label_of(first + at) for at in range(count)]


@pytest.mark.parametrize("name", INFERRED)
def test_every_frequency_is_inferred_from_its_labels(name: str) -> None:
    assert inferred(consecutive(name, 30)) == name


@pytest.mark.parametrize("name", INFERRED)
def test_one_odd_row_does_not_change_the_frequency(name: str) -> None:
    if name in ("D", "B"):
        pytest.skip("every day fits D, and one weekend is enough for it")
    assert inferred([*consecutive(name, 60), NOON, NOON + timedelta(minutes=7)]) == name


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        *(("W", weekly) for weekly in WEEKLY),
        ("QS", "QS-FEB"),
        ("QE", "QE-DEC"),
        ("YS", "YS-APR"),
        ("YE", "YE-JUN"),
        ("2W", "2W-TUE@1970-01-13"),
        ("2W-TUE", "2W-TUE@1970-01-06"),
        ("3D", "3D@1970-01-02"),
    ],
)
def test_the_rest_of_a_partial_name_is_inferred(asked: str, name: str) -> None:
    assert inferred(consecutive(name, 5), asked) == name
    assert inferred(consecutive(name, 1), asked) == name


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ([date(2026, 11, 2), date(2026, 11, 9)], "W-MON"),
        ([date(2026, 11, 2), date(2026, 11, 3)], "D"),
        ([date(2026, 1, 1), date(2026, 2, 1)], "MS"),
        ([date(2026, 1, 31), date(2026, 2, 28)], "ME"),
        ([date(2024, 2, 29), date(2024, 4, 30), date(2024, 5, 31)], "ME"),
        ([NOON, NOON + timedelta(hours=1)], "h"),
    ],
)
def test_two_labels_are_enough_to_infer_the_frequency(labels: list[Label], name: str) -> None:
    assert inferred(labels) == name


def test_days_without_sundays_are_daily() -> None:
    days = [date(2026, 1, 1) + timedelta(days=at) for at in range(200)]
    assert inferred([day for day in days if day.weekday() != 6]) == "D"
    assert inferred([day for day in days if day.weekday() < 5]) == "B"
    assert inferred([day for day in days if day.weekday() < 5 or day == date(2026, 1, 3)]) == "B"
    assert inferred([day for day in days if day.weekday() < 5 or day.day == 3]) == "D"


def test_hours_of_a_shop_that_closes_at_night() -> None:
    assert inferred([NOON.replace(day=day, hour=hour) for day in range(1, 20) for hour in range(8, 20)]) == "h"


def test_a_single_date_is_an_error() -> None:
    with pytest.raises(InputError, match=r"only one date.*\. Set it, e\.g\. frequency=W-MON"):
        inferred([date(2026, 1, 5)] * 3)


@pytest.mark.parametrize(
    ("labels", "apart"),
    [
        ([date(2026, 1, 5) + timedelta(weeks=3 * at) for at in range(20)], "3 weeks"),
        ([date(2026, 1, 5) + timedelta(weeks=4 * at) for at in range(20)], "2 periods"),
        ([date(2020 + at // 6, 1 + 2 * (at % 6), 1) for at in range(16)], "2 months"),
        ([date(2020 + at // 2, 1 + 6 * (at % 2), 1) for at in range(16)], "2 quarters"),
        ([date(2025 + at // 12, 1 + at % 12, 15) for at in range(20)], "28 days"),
        ([NOON + timedelta(minutes=10 + 60 * at) for at in range(48)], "6 periods"),
    ],
)
def test_longer_periods_than_the_labels_suggest_are_rejected(labels: list[Label], apart: str) -> None:
    with pytest.raises(InputError, match=f"less than {apart} apart"):
        inferred(labels)


def test_rows_at_any_time_are_rejected() -> None:
    with pytest.raises(InputError, match="the rows are dated at many different times of day, so the frequency cannot"):
        inferred([NOON + timedelta(minutes=at * at) for at in range(200)])


def test_midnights_of_another_zone_are_explained() -> None:
    midnights = [datetime(2026, 1, 4, 23) + timedelta(weeks=at) - timedelta(hours=at // 13) for at in range(26)]  # noqa: DTZ001
    with pytest.raises(InputError, match=r"about the same time of day, e\.g\. 23:00.*set time_zone and frequency"):
        inferred(midnights)
