import itertools
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from contract.limits import MAX_DATE, MIN_DATE
from contract.periods import FREQUENCIES, WEEKDAYS
from job_code.demand.date_counts import DayCounts
from job_code.demand.demand_rows import VALUE
from job_code.demand.frequency_inference import resolve_frequency
from job_code.errors import InputError
from job_code.series.frequency import Frequency
from job_code.tables.row_checks import DAY


def inferred(days: list[date], asked: str | None = None) -> str:
    rows = pl.DataFrame({DAY: pl.Series(days, dtype=pl.Date), VALUE: [1.0] * len(days)})
    return resolve_frequency(asked, DayCounts.of(rows)).name


@pytest.mark.parametrize("name", FREQUENCIES)
def test_dates_and_period_numbers_are_inverse_over_a_century(name: str) -> None:
    frequency = Frequency(name)
    first, last = frequency.period_of(date(1950, 1, 15)), frequency.period_of(date(2060, 1, 15))
    frame = pl.DataFrame({"period": pl.int_range(first, last, eager=True, dtype=pl.Int32)})
    frame = frame.with_columns(frequency.to_date(pl.col("period")).alias("day"))
    frame = frame.with_columns(frequency.to_period(pl.col("day")).alias("back"))
    assert frame["back"].equals(frame["period"], check_names=False)
    assert frame["day"].is_sorted()
    assert frame["day"].n_unique() == frame.height
    assert not frame.select(frequency.is_off_anchor(pl.col("day"))).to_series().any()


@pytest.mark.parametrize("name", FREQUENCIES)
def test_single_dates_and_periods_equal_those_of_columns(name: str) -> None:
    frequency = Frequency(name)
    days = pl.date_range(date(1895, 12, 20), date(2105, 1, 10), "1d", eager=True).alias("day")
    frame = days.to_frame().with_columns(period=frequency.to_period(pl.col("day")))
    assert [frequency.period_of(day) for day in frame["day"]] == frame["period"].to_list()
    periods = frame.select(pl.col("period").unique().sort()).with_columns(label=frequency.to_date(pl.col("period")))
    assert [frequency.date_of(period) for period in periods["period"]] == periods["label"].to_list()


@pytest.mark.parametrize("name", FREQUENCIES)
@pytest.mark.parametrize("day", [MIN_DATE, MAX_DATE])
def test_the_first_and_the_last_valid_date_have_a_period(name: str, day: date) -> None:
    frequency = Frequency(name)
    period = frequency.period_of(day)
    assert period == pl.select(frequency.to_period(pl.lit(day))).item()
    assert frequency.date_of(period) == pl.select(frequency.to_date(pl.lit(period, dtype=pl.Int32))).item()


@pytest.mark.parametrize("name", FREQUENCIES)
def test_every_frequency_is_inferred_from_its_dates(name: str) -> None:
    frequency = Frequency(name)
    first = frequency.period_of(date(2024, 3, 13))
    days = [frequency.date_of(first + at) for at in range(30)]
    assert inferred(days) == name


@pytest.mark.parametrize("weekday", range(7))
def test_a_missing_anchor_is_inferred_from_the_dates(weekday: int) -> None:
    days = [date(2024, 1, 1 + weekday) + timedelta(weeks=at) for at in range(5)]
    assert inferred(days, "W") == f"W-{WEEKDAYS[weekday]}"
    assert inferred(days[:1], "W") == f"W-{WEEKDAYS[weekday]}"


@pytest.mark.parametrize(
    ("days", "name"),
    [
        ([date(2026, 11, 2), date(2026, 11, 9)], "W-MON"),
        ([date(2026, 11, 2), date(2026, 11, 3)], "D"),
        ([date(2026, 1, 1), date(2026, 2, 1)], "MS"),
        ([date(2026, 1, 31), date(2026, 2, 28)], "ME"),
        ([date(2024, 2, 29), date(2024, 4, 30), date(2024, 5, 31)], "ME"),
    ],
)
def test_two_dates_are_enough_to_infer_the_frequency(days: list[date], name: str) -> None:
    assert inferred(days) == name


def test_days_without_sundays_are_daily() -> None:
    days = [date(2026, 1, 1) + timedelta(days=at) for at in range(200)]
    assert inferred([day for day in days if day.weekday() != 6]) == "D"


def test_a_few_stray_rows_do_not_change_the_anchor() -> None:
    mondays = [date(2026, 1, 5) + timedelta(weeks=at) for at in range(20)]
    assert inferred([*mondays, date(2026, 1, 7), date(2026, 2, 12)]) == "W-MON"


def test_a_single_date_is_an_error() -> None:
    with pytest.raises(InputError, match=r"only one date.*\. Set it, e\.g\. frequency=W-MON"):
        inferred([date(2026, 1, 5)] * 3)


@pytest.mark.parametrize(
    ("days", "apart"),
    [
        ([date(2026, 1, 5) + timedelta(weeks=2 * at) for at in range(20)], "2 weeks"),
        ([date(2020 + at // 4, 1 + 3 * (at % 4), 1) for at in range(16)], "3 months"),
        ([date(2025 + at // 12, 1 + at % 12, 15) for at in range(20)], "28 days"),
    ],
)
def test_periods_longer_than_a_week_or_a_month_are_rejected(days: list[date], apart: str) -> None:
    with pytest.raises(InputError, match=f"less than {apart} apart"):
        inferred(days)


def naive(days: list[date]) -> str:
    """Return the frequency by counting single rows, or an empty text if no frequency fits."""

    def share(true: list[bool]) -> float:
        return sum(true) / len(days)

    by_weekday = [share([day.weekday() == weekday for day in days]) for weekday in range(7)]
    if share([day.day == 1 for day in days]) > 0.6:
        name = "MS"
    elif share([(day + timedelta(days=1)).day == 1 for day in days]) > 0.6:
        name = "ME"
    elif max(by_weekday) > 0.6:
        name = f"W-{WEEKDAYS[by_weekday.index(max(by_weekday))]}"
    else:
        name = "D"
    periods = sorted({Frequency(name).period_of(day) for day in days})
    apart = [later - earlier for earlier, later in itertools.pairwise(periods)]
    return "" if apart and min(apart) > 1 else name


def test_most_rows_decide_the_frequency() -> None:
    random = np.random.default_rng(5)
    seen = set()
    for _ in range(150):
        frequency = Frequency(str(random.choice(["D", "MS", "ME", "W-MON", "W-SUN"])))
        first, step = frequency.period_of(date(2024, 1, 1)), int(random.choice([1, 1, 1, 2]))
        days = [frequency.date_of(first + step * int(at)) for at in random.integers(0, 12, 25)]
        days += [date(2024, 1, 1) + timedelta(days=int(at)) for at in random.integers(0, 300, random.integers(0, 20))]
        expected = naive(days)
        seen.add(expected)
        if expected:
            assert inferred(days) == expected
        else:
            with pytest.raises(InputError, match="but no two dates are less than"):
                inferred(days)
    assert seen == {"", "D", "MS", "ME", "W-MON", "W-SUN"}
