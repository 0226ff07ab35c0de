from datetime import date, timedelta

import pytest

from job_code.report.axes import date_ticks, rounded, short_amount, value_axis
from job_code.series.frequency import Frequency
from tests.demand import day_of


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([3.0, 97.0], 0, 100),
        ([101.0], 0, 150),
        ([-4.0, 7.0], -5, 10),
        ([0.0], 0, 1),
        ([], 0, 1),
        ([-0.03], -0.03, 0),
        ([1e-9], 0, 1e-9),
        ([7.3e12], 0, 8e12),
    ],
)
def test_the_axis_has_round_ends_around_zero_and_all_values(values: list[float], low: float, high: float) -> None:
    axis = value_axis(values, is_share=False)
    assert (axis.low, axis.high) == pytest.approx((low, high))
    assert 2 <= len(axis.ticks) <= 6
    assert (axis.ticks[0].at, axis.ticks[-1].at) == pytest.approx((0, 1))
    assert axis.share_of(axis.low) == 0
    assert axis.share_of(axis.high) == 1


def test_ticks_name_amounts_and_percentages() -> None:
    assert [tick.text for tick in value_axis([1800.0], is_share=False).ticks] == ["0", "500", "1k", "1.5k", "2k"]
    assert [tick.text for tick in value_axis([0.3, -0.1], is_share=True).ticks] == ["-10%", "0%", "10%", "20%", "30%"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.25"), (999, "999"), (1500, "1.5k"), (-2e6, "-2M"), (3e9, "3B"), (4e13, "40T")],
)
def test_amounts_are_short(value: float, text: str) -> None:
    assert short_amount(value) == text


def days(first: date, count: int, frequency: str) -> list[date]:
    calendar = Frequency(frequency)
    begin = calendar.period_of(first)
    return [day_of(calendar, begin + at) for at in range(count)]


@pytest.mark.parametrize(
    ("shown", "texts"),
    [
        (days(date(2024, 11, 25), 116, "W-MON"), ["Jan 2025", "Jul", "Jan 2026", "Jul", "Jan 2027"]),
        (days(date(2026, 1, 1), 90, "D"), ["Feb 2026", "Mar"]),
        (days(date(2024, 1, 1), 36, "MS"), ["Jul 2024", "Jan 2025", "Jul", "Jan 2026", "Jul"]),
        (days(date(2026, 11, 16), 2, "W-MON"), ["16 Nov 2026", "23 Nov"]),
        (
            [date(2026, 11, 16) + timedelta(each) for each in range(10)],
            ["16 Nov 2026", "18 Nov", "20 Nov", "22 Nov", "24 Nov"],
        ),
    ],
)
def test_dates_are_labeled_at_the_start_of_months_or_evenly(shown: list[date], texts: list[str]) -> None:
    ticks = date_ticks(shown)
    assert [f"{tick.text} {tick.year}".strip() for tick in ticks] == texts
    assert all(0 < tick.at < 1 for tick in ticks)


@pytest.mark.parametrize("count", [1, 2, 5, 20, 60, 104, 400, 800])
@pytest.mark.parametrize("frequency", ["D", "W-SUN", "ME"])
def test_no_chart_has_more_labels_than_a_phone_can_show(count: int, frequency: str) -> None:
    assert 1 <= len(date_ticks(days(date(2021, 3, 7), count, frequency))) <= 7


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12.3456, 12.35),
        (123456.7, 123457),
        (5.0, 5),
        (0.000123456, 0.0001235),
        (-99.999, -100),
        (0.0, 0),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_numbers_are_rounded_to_four_digits_but_whole_numbers_stay(value: float | None, expected: float | None) -> None:
    assert rounded(value) == expected
