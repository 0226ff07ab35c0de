"""Series that end early in the last period, while others reach its end, are probably delivered in part only."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from contract.calendar.frequencies import DAY
from job_code.demand.aggregation import period_ends
from job_code.demand.demand_checks import Calendar
from job_code.demand.shuffle_files import ShuffledShard
from job_code.plausibility.last_rows import LastRows
from job_code.series.arrays import Booleans, Integers
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import ValidationReport
from tests.demand import run_job

WEEKLY = Frequency("W-MON")
LAST = WEEKLY.period_of(date(2026, 11, 16))
WEEKS = 20
SHOP = np.arange(60) // 20  # of each series
WEEKDAY = np.arange(7 * WEEKS) % 7
LAST_WEEK = np.arange(7 * WEEKS) >= 7 * (WEEKS - 1)


def shard_of(series: Integers, moments: Integers, first: int = 0) -> ShuffledShard:
    """Return a shard with one row at each moment. The series have the shops A, B and C, 20 each."""
    keys = [f"{'ABC'[at % 60 // 20]} {at:02d}" for at in range(first, first + int(series.max()) + 1)]
    return ShuffledShard(
        keys=pl.DataFrame({"unique_id": keys}),
        hashes=np.arange(len(keys), dtype=np.uint64),
        series=series,
        moment=moments.astype(np.int32),
        value=np.ones(len(series), np.float32),
    )


def warnings_in(shards: list[ShuffledShard], calendar: Calendar) -> list[str]:
    findings = ValidationReport()
    of_shards = [LastRows.of(shard, calendar.frequency.periods(shard.moment), calendar) for shard in shards]
    LastRows.total(of_shards).report(calendar, findings)
    assert (findings.messages(), findings.messages("note")) == ([], [])
    return findings.messages("warning")


def warnings_of(sells: Booleans, *, parts: int = 1) -> list[str]:
    """Return the warnings for series that sell on some of the days up to 2026-11-22, shape (series, days)."""
    first = int(WEEKLY.moments(np.array([LAST]))[0]) - 7 * (WEEKS - 1) * DAY
    shards = []
    for part in np.array_split(np.arange(len(sells)), parts):
        series, day = np.nonzero(sells[part])
        shards.append(shard_of(series, first + day * DAY + 600, int(part[0])))
    return warnings_in(shards, Calendar(WEEKLY, LAST, "sum"))


def without(days: Booleans, shops: Integers) -> Booleans:
    """Return whether each of 60 series of 3 shops sells, if some shops have no rows on some days."""
    return ~(np.isin(SHOP, shops)[:, None] & days)


def random_sales(rate: float, series: int = 60) -> Booleans:
    return np.random.default_rng(3).random((series, 7 * WEEKS)) < rate


FROM_THURSDAY = LAST_WEEK & (WEEKDAY >= 3)
B_AND_C = np.array([1, 2])


@pytest.mark.parametrize("parts", [1, 3])
def test_shops_without_their_last_days_are_a_warning(parts: int) -> None:
    assert warnings_of(without(FROM_THURSDAY, B_AND_C), parts=parts) == [
        "demand: 40 series of 60 end clearly earlier in the last week, 2026-11-16, than in the 8 weeks before, e.g. "
        "B 20 2026-11-18T10:00, B 21 2026-11-18T10:00, B 22 2026-11-18T10:00. If their rows are not complete, "
        "set cutoff=2026-11-09"
    ]


@pytest.mark.parametrize(
    "sells",
    [
        without(FROM_THURSDAY, B_AND_C) & (WEEKDAY < 6),  # closed on Sundays
        without(FROM_THURSDAY, B_AND_C) & random_sales(0.8),
        np.tile(without(FROM_THURSDAY, np.array([2])), (20, 1)) & random_sales(0.6, 1_200),
        without(FROM_THURSDAY, B_AND_C) & ((np.arange(7 * WEEKS) // 7 != 12) | (WEEKDAY < 3)),  # all were closed once
    ],
)
def test_the_ends_of_usual_periods_decide(sells: Booleans) -> None:
    assert len(warnings_of(sells)) == 1


@pytest.mark.parametrize(
    "sells",
    [
        without(LAST_WEEK & (WEEKDAY == 6), B_AND_C),  # a holiday
        without(LAST_WEEK & (WEEKDAY >= 5), B_AND_C) & (WEEKDAY < 6),  # a holiday before a closed Sunday
        without(FROM_THURSDAY, np.arange(3)),  # an unfinished week
        without(LAST_WEEK, B_AND_C),  # a week without rows
        without(np.arange(7 * WEEKS) < 0, B_AND_C),
        without((np.arange(7 * WEEKS) % 28 > 16), B_AND_C),  # one week in four is short
    ],
)
def test_usual_ends_are_no_finding(sells: Booleans) -> None:
    assert warnings_of(sells) == []


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("series", [6, 60, 2_000])
def test_rare_sellers_are_no_finding(rate: float, series: int) -> None:
    random = np.random.default_rng(5)
    for _ in range(5):
        season = np.linspace(1.0, random.uniform(0.6, 1.4), 7 * WEEKS)  # demand falls or rises
        assert warnings_of(random.random((series, 7 * WEEKS)) < rate * season) == []


@pytest.mark.parametrize(("end", "warned"), [(0.5, True), (0.94, False)])
@pytest.mark.parametrize("name", ["MS", "ME", "QS-JAN", "D", "h"])
def test_periods_of_any_length_have_usual_ends(name: str, end: float, warned: bool) -> None:
    frequency = Frequency(name)
    cutoff = frequency.period_of(date(2026, 10, 31))
    period = np.arange(cutoff - 20, cutoff + 1)
    ends = period_ends(period, frequency)
    begins = period_ends(period - 1, frequency)
    last = np.where((period == cutoff) & (np.arange(60) >= 40)[:, None], end, 0.95)
    moments = begins + last * (ends - begins)
    shard = shard_of(np.repeat(np.arange(60), len(period)), moments.ravel())
    assert len(warnings_in([shard], Calendar(frequency, cutoff, "sum"))) == warned


def test_the_run_warns_of_shops_without_their_last_days(tmp_path: Path) -> None:
    days = pl.date_range(date(2026, 4, 6), date(2026, 11, 22), eager=True).alias("ds")
    demand = pl.DataFrame({"unique_id": [f"{shop}{item}" for shop in "ABC" for item in range(4)]}).join(
        days.to_frame(), how="cross"
    )
    demand = demand.with_columns(y=5.0 + pl.col("ds").dt.weekday()).filter(
        (pl.col("ds") < date(2026, 11, 19)) | pl.col("unique_id").str.starts_with("A")
    )
    quality = run_job(tmp_path, demand, frequency="W-MON", n_estimators=5, horizon=2).quality
    (warning,) = [line for line in quality["warnings"] if "clearly earlier" in line]
    assert warning.startswith("demand: 8 series of 12 end clearly earlier in the last week, 2026-11-16, than")
    assert "B0 2026-11-18, B1 2026-11-18" in warning
