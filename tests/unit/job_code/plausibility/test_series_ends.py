"""Series that end or begin together show a wrong date in small demand, and keys that were renamed."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from job_code.demand.demand_checks import Calendar
from job_code.demand.shuffle_files import ShuffledShard
from job_code.plausibility.series_ends import SeriesEnds, check_renamed_keys
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import ValidationReport
from tests.demand import LAST, problems, run_job, series, shop

END = date(2026, 3, 31)
DAYS = series({f"A{at}": [60.0 + at] * 300 for at in range(5)}, last=END, frequency="D")
WEEKS = series({f"A{at}": [60.0 + at] * 60 for at in range(8)}, last=date(2026, 3, 30))
WINTERS = pl.concat(
    series({shop: [9.0] * 26 for shop in "AB"}, last=date(year, 4, 1) - timedelta(days=date(year, 4, 1).weekday()))
    for year in (2024, 2025, 2026)
)


def later(demand: pl.DataFrame, *days: date) -> pl.DataFrame:
    """Return the demand and a row of one series on each of some days."""
    return pl.concat([demand, *(demand[:1].with_columns(ds=pl.lit(day)) for day in days)])


@pytest.mark.parametrize(
    ("demand", "expected"),
    [
        (
            later(DAYS, date(2026, 10, 31)),
            "demand: 4 of 5 series end 2026-03-31, but 1 row until 2026-10-31 would move the cutoff of all series by "
            "214 days. Correct the dates, or set the cutoff to 2026-03-31",
        ),
        (later(WEEKS, date(2026, 9, 28)), "demand: 7 of 8 series end 2026-03-30, but 1 row until 2026-09-28"),
        (later(DAYS, date(2026, 10, 3), date(2026, 10, 31)), "but 2 rows until 2026-10-31 would"),
        (later(DAYS.filter(pl.col("unique_id") < "A2"), date(2026, 10, 31)), "demand: 1 of 2 series end 2026-03-31"),
    ],
)
def test_a_few_rows_far_behind_the_end_of_few_series_are_an_error(
    tmp_path: Path, demand: pl.DataFrame, expected: str
) -> None:
    (message,) = problems(tmp_path, {"a.parquet": demand})
    assert expected in message


def test_other_rows_behind_an_empty_stretch_are_a_warning(tmp_path: Path) -> None:
    few_trees = {"n_estimators": 5, "horizon": 2}
    for name, demand, expected in (
        ("near", later(WEEKS, date(2026, 5, 4)), "demand: 7 of 8 series end 2026-03-30, but 1 row until 2026-05-04"),
        ("one", later(WEEKS[:60], date(2026, 9, 28)), "demand: it ends 2026-03-30, but 1 row until 2026-09-28 would"),
    ):
        quality = run_job(tmp_path / name, demand, **few_trees).quality  # type: ignore[arg-type]
        assert quality["warnings"][0].startswith(expected)


@pytest.mark.parametrize(
    ("demand", "settings"),
    [
        (later(WEEKS, *(date(2026, 3, 30) + timedelta(weeks=week) for week in range(1, 20))), {}),  # one shop goes on
        (later(WEEKS, date(2026, 9, 28)), {"cutoff": "2026-09-28"}),
        (later(WEEKS, date(2026, 9, 28)), {"cutoff_rule": "series"}),
        (later(WINTERS, date(2026, 10, 5)), {}),  # one of two shops opens for the next winter
    ],
)
def test_demand_that_goes_on_has_no_finding(tmp_path: Path, demand: pl.DataFrame, settings: dict[str, Any]) -> None:
    assert problems(tmp_path, {"a.parquet": demand}, **settings) == []


def test_few_rare_sellers_have_no_error(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    for number in range(30):
        values = {
            f"A{at}": [1.0 if random.random() < 0.05 else None for _ in range(300)] + [1.0 if at == 0 else None]
            for at in range(4)
        }
        found = problems(tmp_path / str(number), {"a.parquet": series(values, frequency="D")}, frequency="D")
        assert found == []


def renamed(share: float, *, weeks_later: int = 0) -> pl.DataFrame:
    """Return demand in which some series have other keys from the middle on."""
    demand = shop(20, 60)
    change = LAST - timedelta(weeks=30)
    is_new = (pl.col("ds") > change) & (pl.col("unique_id") < f"A{int(20 * share):03d}")
    demand = demand.with_columns(
        unique_id=pl.when(is_new).then(pl.lit("new ") + pl.col("unique_id")).otherwise("unique_id")
    )
    is_late = pl.col("unique_id").str.starts_with("new") & (pl.col("ds") <= change + timedelta(weeks=weeks_later))
    return demand.filter(~is_late)


def test_most_series_that_continue_under_other_keys_are_a_warning(tmp_path: Path) -> None:
    quality = run_job(tmp_path, renamed(0.75), n_estimators=5, horizon=2).quality
    assert quality["warnings"] == [
        "demand: 15 of 20 series end 2026-04-20, e.g. A000, and 15 others begin one week later, e.g. new A000. "
        "If they are the same series, write their keys in one way"
    ]


@pytest.mark.parametrize("demand", [renamed(0.4), renamed(0.75, weeks_later=8), shop(20, 60)])
def test_other_changes_of_series_have_no_finding(tmp_path: Path, demand: pl.DataFrame) -> None:
    assert run_job(tmp_path, demand, n_estimators=5, horizon=2).quality["warnings"] == []


@pytest.mark.parametrize("length", [1, 3, 20])
def test_short_lives_at_random_have_no_finding(length: int) -> None:
    random = np.random.default_rng(length)
    first = random.integers(0, 200, 300)
    periods = (first[:, None] + np.array([0, length])).ravel().astype(np.int32)
    shard = ShuffledShard(
        keys=pl.DataFrame({"unique_id": [f"A{at:03d}" for at in range(300)]}),
        hashes=np.arange(300, dtype=np.uint64),
        series=np.repeat(np.arange(300), 2),
        moment=periods,
        value=np.ones(600, np.float32),
        in_stock_share=None,
    )
    findings = ValidationReport()
    half = SeriesEnds.of(shard, periods, 150)
    assert half.series == np.count_nonzero(first <= 150)
    check_renamed_keys(SeriesEnds.total([half, half]), Calendar(Frequency("D"), 150), findings)
    assert findings.messages("warning") == []
