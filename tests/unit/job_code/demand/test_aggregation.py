"""Rows that are finer than the frequency become periods, by a rule, and the run says how many became how many."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_code.config import AggregationRule
from job_code.demand.aggregation import combine, ties_for_last, unfinished_since
from job_code.demand.shuffle_files import ShuffledShard
from job_code.errors import InputError
from job_code.series.frequency import Frequency
from tests.demand import LAST, Finished, problems, run_job, sharded, shop

WEEKLY = Frequency("W-MON")
DAY = 1_440
FEW_TREES: dict[str, Any] = {"n_estimators": 5, "horizon": 4}
POLARS = {
    "sum": pl.col("value").sum(),
    "mean": pl.col("value").mean(),
    "last": pl.col("value").drop_nulls().last(),
    "min": pl.col("value").min(),
    "max": pl.col("value").max(),
    "count": pl.col("value").count().cast(pl.Float64),
}
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 40 * DAY), st.none() | st.floats(-1e6, 1e6, width=32), st.floats(0, 1)),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row[:2],  # the last of two rows of one minute is not defined
)


def shard_of(rows: pl.DataFrame) -> ShuffledShard:
    keys = pl.DataFrame({"unique_id": ["A", "B", "C", "D"]})
    return ShuffledShard(
        keys=keys,
        hashes=np.arange(4, dtype=np.uint64),
        series=rows["series"].to_numpy(),
        moment=rows["moment"].cast(pl.Int32).to_numpy(),
        value=rows["value"].cast(pl.Float32).fill_null(np.nan).to_numpy(),
        in_stock_share=rows["share"].cast(pl.Float32).to_numpy(),
    )


@given(rows=ROWS, rule=st.sampled_from(get_args(AggregationRule)))
def test_cells_equal_those_of_an_independent_group_by(rows: list[Any], rule: AggregationRule) -> None:
    types = {"series": pl.Int64, "moment": pl.Int64, "value": pl.Float64, "share": pl.Float64}
    table = pl.DataFrame(rows, schema=types, orient="row")
    shard = shard_of(table).in_order()
    combined, periods = combine(shard, WEEKLY.periods(shard.moment), WEEKLY, rule)
    # A week begins on a Monday; 1970-01-05 was the first one.
    expected = (
        table.sort("moment")
        .group_by("series", period=(pl.col("moment") // DAY - 4) // 7)
        .agg(pl.when(pl.col("value").count() > 0).then(POLARS[rule]).alias("value"), pl.col("share").mean())
        .sort("series", "period")
    )
    assert combined.series.tolist() == expected["series"].to_list()
    assert periods.tolist() == expected["period"].to_list()
    assert (combined.moment // DAY).tolist() == (expected["period"] * 7 + 4).to_list()
    np.testing.assert_allclose(combined.value, expected["value"].fill_null(np.nan).to_numpy(), rtol=1e-5, atol=1e-2)
    assert combined.in_stock_share is not None
    np.testing.assert_allclose(combined.in_stock_share, expected["share"].to_numpy(), rtol=1e-5, atol=1e-6)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 4).map(lambda at: at * 4 * DAY), st.none() | st.integers(0, 2)),
        max_size=20,
    )
)
def test_ties_are_those_of_an_independent_group_by(rows: list[Any]) -> None:
    types = {"series": pl.Int64, "moment": pl.Int64, "value": pl.Float64}
    table = pl.DataFrame(rows, schema=types, orient="row").with_columns(share=1.0)
    shard = shard_of(table)
    low, high = ties_for_last(shard, WEEKLY.periods(shard.moment))
    cell = ["series", (pl.col("moment") // DAY - 4) // 7]
    expected = (
        table.filter(pl.col("value").is_not_null())
        .filter(pl.col("moment") == pl.col("moment").max().over(cell))
        .group_by("series", "moment")
        .agg(low=pl.col("value").min(), high=pl.col("value").max())
        .filter(pl.col("low") < pl.col("high"))
        .sort("series", "moment")
    )
    assert shard.series[low].tolist() == shard.series[high].tolist() == expected["series"].to_list()
    assert shard.moment[low].tolist() == shard.moment[high].tolist() == expected["moment"].to_list()
    assert shard.value[low].tolist() == expected["low"].to_list()
    assert shard.value[high].tolist() == expected["high"].to_list()


def at(day: date, hour: int) -> datetime:
    """Return a local time."""
    return datetime.combine(day, time(hour))


def transactions(weeks: int = 30, *, per_day: int = 3) -> pl.DataFrame:
    """Return sales of two shops, a few at odd minutes of every day, until Sunday evening."""
    first = at(date(2026, 11, 22), 20) - timedelta(weeks=weeks) + timedelta(days=1)
    rows = [
        {"unique_id": name, "ds": first + timedelta(days=day, minutes=-97 * sale, seconds=13), "y": 1.0 + sale}
        for name in ("north", "south")
        for day in range(7 * weeks)
        for sale in range(per_day)
    ]
    return pl.DataFrame(rows).cast({"ds": pl.Datetime("us")})


def run(folder: Path, demand: pl.DataFrame, **changes: Any) -> Finished:
    return run_job(folder, {"a.parquet": demand[::2], "b.parquet": demand[1::2]}, **FEW_TREES | changes)


@pytest.mark.parametrize(
    ("aggregate", "total"), [("auto", 42.0), ("sum", 42.0), ("mean", 2.0), ("max", 3.0), ("min", 1.0), ("count", 21.0)]
)
def test_transactions_become_weeks(tmp_path: Path, aggregate: str, total: float) -> None:
    finished = run(tmp_path, transactions(), frequency="W-MON", aggregate=aggregate)
    assert finished.manifest["cutoff"] == "2026-11-16"
    assert finished.forecasts["mean"].to_numpy() == pytest.approx(total, rel=0.02)
    rule = "sum" if aggregate == "auto" else aggregate
    assert finished.quality["notes"] == [
        f"demand: 1,260 rows became 60 weeks of series, by their {rule}. The setting is aggregate"
    ]
    assert finished.quality["repairs"]["rows_combined"] == 1_200
    assert finished.quality["warnings"] == []


def test_weeks_of_transactions_are_forecast_like_weeks(tmp_path: Path) -> None:
    demand = transactions()
    weeks = demand.group_by("unique_id", ds=pl.col("ds").dt.date().dt.truncate("1w")).agg(pl.col("y").sum())
    raw = run(tmp_path / "raw", demand, frequency="W-MON")
    assert raw.forecasts.equals(run(tmp_path / "weeks", weeks, frequency="W-MON").forecasts)


def test_rows_of_days_become_months(tmp_path: Path) -> None:
    days = pl.DataFrame({"ds": pl.date_range(date(2024, 1, 1), date(2026, 10, 31), "1d", eager=True)})
    demand = days.with_columns(unique_id=pl.lit("A"), y=1.0)
    finished = run(tmp_path, demand, frequency="MS")
    assert finished.manifest["cutoff"] == "2026-10-01"
    assert finished.forecasts["mean"].to_numpy() == pytest.approx([30, 31, 31, 28], abs=1)


def test_a_day_may_begin_in_the_morning(tmp_path: Path) -> None:
    """A bar sells at 20:00 and at 2:00 of the next day."""
    evening = [at(date(2026, 9, 1), 20) + timedelta(days=day) for day in range(60)]
    rows = [(moment, value) for each in evening for moment, value in ((each, 5.0), (each + timedelta(hours=6), 1.0))]
    demand = pl.DataFrame(rows, schema={"ds": pl.Datetime("us"), "y": pl.Float64}, orient="row")
    demand = demand.with_columns(unique_id=pl.lit("bar"))
    assert run(tmp_path / "6", demand, frequency="D", day_begins_at=6).manifest["cutoff"] == "2026-10-30"
    finished = run(tmp_path / "0", demand, frequency="D")
    assert finished.manifest["cutoff"] == "2026-10-30"  # the last day has sales in the night only
    assert "2026-10-31, is not complete: its rows end 2026-10-31T02:00" in finished.quality["notes"][0]


@pytest.mark.parametrize(
    ("rule", "cutoff", "level"), [("drop", "2026-11-16", "notes"), ("keep", "2026-11-23", "warnings")]
)
def test_an_unfinished_week_is_not_demand(tmp_path: Path, rule: str, cutoff: str, level: str) -> None:
    demand = transactions()
    more = demand.filter(pl.col("ds") > date(2026, 11, 16)).with_columns(pl.col("ds") + timedelta(weeks=1))
    begun = pl.concat([demand, more.filter(pl.col("ds") < date(2026, 11, 26))])
    finished = run(tmp_path, begun, frequency="W-MON", unfinished_period=rule, future_rule="keep")
    assert finished.manifest["cutoff"] == cutoff
    assert finished.quality[level][0].startswith(
        "demand: the last week, 2026-11-23 to 2026-11-29, is not complete: its rows end 2026-11-25T20:00"
    )
    with pytest.raises(InputError, match="the last week, 2026-11-23 to 2026-11-29, is not complete"):
        run(tmp_path / "error", begun, frequency="W-MON", unfinished_period="error", future_rule="keep")


def test_an_unfinished_week_that_is_the_configured_cutoff_is_a_warning(tmp_path: Path) -> None:
    demand = transactions().filter(pl.col("ds") < date(2026, 11, 20))
    finished = run(tmp_path, demand, frequency="W-MON", cutoff="2026-11-16")
    (warning, *_) = finished.quality["warnings"]
    assert warning.startswith(
        "demand: the last week, 2026-11-16 to 2026-11-22, is not complete: its rows end 2026-11-19T20:00"
    )
    assert finished.manifest["cutoff"] == "2026-11-16"


def test_weeks_that_their_last_day_labels_have_the_same_transactions(tmp_path: Path) -> None:
    demand = transactions()
    begin = run(tmp_path / "begin", demand, frequency="W-MON")
    end = run(tmp_path / "end", demand, frequency="W-SUN", period_label="end")
    assert (begin.manifest["cutoff"], end.manifest["cutoff"]) == ("2026-11-16", "2026-11-22")
    assert end.quality["notes"] == begin.quality["notes"]
    labels = begin.forecasts["ds"] + timedelta(days=6)
    assert end.forecasts["ds"].equals(labels)
    assert end.forecasts["mean"].to_numpy() == pytest.approx(begin.forecasts["mean"].to_numpy(), rel=1e-3)


def test_a_week_from_sunday_on_shows_its_days(tmp_path: Path) -> None:
    notes = run(tmp_path, transactions(), frequency="W-SUN").quality["notes"]
    assert "the last week, 2026-11-22 to 2026-11-28, is not complete: its rows end 2026-11-22T20:00" in notes[0]
    expected = "demand: 2026-11-15 stands for 2026-11-15 to 2026-11-21. If it is the last day of its week, set "
    assert f"{expected}period_label=end" in notes


@pytest.mark.parametrize("frequency", ["MS", "ME"])
def test_the_end_of_a_month_does_not_depend_on_its_label(tmp_path: Path, frequency: str) -> None:
    days = pl.DataFrame({"ds": pl.date_range(date(2024, 1, 1), date(2026, 10, 27), "1d", eager=True)})
    demand = days.with_columns(unique_id=pl.lit("A"), y=1.0)
    (note, *_) = run(tmp_path, demand, frequency=frequency).quality["notes"]
    assert "is not complete: its rows end 2026-10-27" in note


def test_a_row_two_weeks_late_is_a_wrong_date_and_no_unfinished_week(tmp_path: Path) -> None:
    demand = transactions().with_columns(pl.col("ds") - timedelta(weeks=4))
    late = pl.concat([demand, demand[-1:].with_columns(pl.col("ds") + timedelta(weeks=2))])
    with pytest.raises(InputError, match="would move the cutoff of all series by 2 weeks"):
        run(tmp_path, late, frequency="W-MON")


@pytest.mark.parametrize(
    ("last", "finished"), [(7 * DAY - 60, True), (7 * DAY - 600, True), (3 * DAY, False), (6 * DAY - 10, False)]
)
def test_a_week_is_finished_if_its_rows_end_like_those_before(last: int, finished: bool) -> None:
    monday = WEEKLY.moments(np.arange(2_950, 2_960)).astype(np.int64)
    ends = monday + 7 * DAY - 120
    ends[-1] = monday[-1] + last
    moments = np.sort(np.concatenate([monday, ends])).astype(np.int32)
    assert (unfinished_since(moments, WEEKLY) is None) == finished
    assert unfinished_since(moments[-10:], WEEKLY) is None  # too few weeks to know


def test_a_copy_of_a_file_is_not_summed(tmp_path: Path) -> None:
    demand = shop(3, 30)
    files = {"a.parquet": demand, "b.parquet": demand[::-1]}  # the same rows, but not the same bytes
    (problem,) = problems(tmp_path, files, frequency="W-MON")
    assert problem.startswith("demand: 3 series with duplicate weeks")
    assert "set aggregate" in problem
    summed = run_job(tmp_path / "sum", files, aggregate="sum", **FEW_TREES)
    assert summed.quality["repairs"]["rows_combined"] == demand.height


@pytest.mark.parametrize("frequency", ["W-TUE", "W-WED"])
def test_dates_of_another_weekday_are_not_summed(tmp_path: Path, frequency: str) -> None:
    (problem,) = problems(tmp_path, {"a.parquet": shop(3, 30)}, frequency=frequency)
    assert problem.startswith(f"demand: 90 rows dated off the calendar {frequency}")


def test_days_that_overlap_in_two_extracts_are_not_summed(tmp_path: Path) -> None:
    days = pl.DataFrame({"ds": pl.date_range(date(2026, 1, 5), date(2026, 11, 22), "1d", eager=True)})
    demand = days.with_columns(unique_id=pl.lit("A"), y=1.0)
    files = {"a.parquet": demand, "b.parquet": demand[-30:]}
    (problem,) = problems(tmp_path, files, frequency="W-MON")
    assert problem == (
        "demand: 1 series with several rows on one date, e.g. A 2026-10-24, A 2026-10-25, A 2026-10-26. "
        "Keep one of them, or set aggregate=sum to add them"
    )
    assert run_job(tmp_path / "sum", files, frequency="W-MON", aggregate="sum", **FEW_TREES).manifest["series"] == 1


def test_two_values_at_one_time_have_no_last(tmp_path: Path) -> None:
    demand = shop(3, 30).with_columns(pl.col("y").round())
    corrected = demand.filter(pl.col("unique_id") == demand["unique_id"][0])[-2:].with_columns(
        pl.lit(1000.5).alias("y")
    )
    copied = demand.filter(pl.col("unique_id") != demand["unique_id"][0])
    files = {"a.parquet": demand, "b.parquet": corrected, "c.parquet": copied}
    (problem,) = problems(tmp_path, files, aggregate="last")
    first = demand.filter(pl.col("ds") == corrected["ds"][0])["y"][0]
    assert problem.startswith(
        "demand: 2 values that aggregate=last cannot choose, because a row of the same time has an"
    )
    assert f"{corrected['ds'][0]} ({first:g} and 1000.5), " in problem
    assert problem.endswith("Keep one of the rows, or set another rule, e.g. aggregate=mean")
    assert run_job(tmp_path / "mean", files, aggregate="mean", **FEW_TREES).manifest["series"] == 3


def test_series_with_times_do_not_hide_dates_that_another_has_twice(tmp_path: Path) -> None:
    days = pl.DataFrame({"ds": pl.datetime_range(at(date(2026, 9, 1), 0), at(date(2026, 11, 22), 0), "1d", eager=True)})
    demand = pl.concat([transactions(), days.select(pl.lit("dates").alias("unique_id"), "ds", pl.lit(1.0).alias("y"))])
    assert problems(tmp_path / "once", {"a.parquet": demand}, frequency="W-MON") == []
    (problem,) = problems(tmp_path / "twice", {"a.parquet": demand, "b.parquet": demand[-9:]}, frequency="W-MON")
    assert problem.startswith("demand: 1 series with several rows on one date, e.g. dates 2026-11-14, dates 2026-11-15")


@pytest.mark.parametrize("hours", [(0, 0, 0, 24, 24), (0, 0, 24, 31), (24, 24, 47, 48)])
def test_few_midnights_among_times_may_be_times(tmp_path: Path, hours: tuple[int, ...]) -> None:
    night = at(date(2026, 11, 2), 0)
    times = [night + timedelta(hours=hour) for hour in hours]
    rare = pl.DataFrame({"unique_id": "rare", "ds": times, "y": 1.0}).with_columns(pl.col("ds").cast(pl.Datetime("us")))
    assert problems(tmp_path, {"a.parquet": pl.concat([transactions(), rare])}, frequency="W-MON") == []


def test_negative_rows_are_found_before_they_are_summed(tmp_path: Path) -> None:
    demand = transactions().with_columns(y=pl.when(pl.int_range(pl.len()) % 50 == 0).then(-1.0).otherwise("y"))
    (problem,) = problems(tmp_path, {"a.parquet": demand}, frequency="W-MON", negative_rule="error")
    assert problem.startswith("demand: 26 rows with negative demand")


def test_midnights_are_dates_at_whichever_hour_a_day_begins(tmp_path: Path) -> None:
    days = pl.DataFrame({"ds": pl.date_range(date(2026, 1, 5), date(2026, 11, 22), "1d", eager=True)})
    demand = days.with_columns(unique_id=pl.lit("A"), y=1.0)
    settings = {"frequency": "W-MON", "day_begins_at": 6}
    expected = run(tmp_path / "dates", demand, **settings).forecasts
    times = demand.cast({"ds": pl.Datetime("us")})
    assert run(tmp_path / "times", times, **settings).forecasts.equals(expected)
    texts = times.with_columns(pl.col("ds").dt.strftime("%Y-%m-%d %H:%M:%S"))
    assert run(tmp_path / "texts", texts, **settings).forecasts.equals(expected)


SALES = transactions().with_columns(pl.col("ds").dt.truncate("1h"))


@pytest.mark.parametrize("name", ["{}.parquet", "{}.csv"])
def test_the_division_into_files_does_not_move_rows(tmp_path: Path, name: str) -> None:
    """The file of the first hour has midnights only."""
    night = SALES.with_columns(pl.col("ds").dt.truncate("1d"), y=pl.lit(50.0))
    rows = pl.concat([SALES, night])
    by_hour = {name.format(hour): rows.filter(pl.col("ds").dt.hour() == hour) for hour in range(24)}
    one, files = (
        sharded(tmp_path / folder, each, frequency="D", aggregate="sum", day_begins_at=6)[1].sort(pl.all())
        for folder, each in (("one", {name.format("all"): rows}), ("by_hour", by_hour))
    )
    assert files.equals(one)
    assert (one["_moment"] % DAY == 18 * 60).sum() >= night.height  # 6 hours before midnight


def test_dates_next_to_times_stay_and_are_reported(tmp_path: Path) -> None:
    dates = pl.DataFrame({"unique_id": "A", "ds": pl.date_range(date(2025, 1, 1), date(2025, 12, 31), eager=True)})
    dates = dates.with_columns(y=1.0)
    settings: dict[str, Any] = {"frequency": "D", "aggregate": "sum", "day_begins_at": 6}
    _, rows = sharded(tmp_path / "typed", {"a.parquet": dates, "b.parquet": SALES}, **settings)
    assert (rows["_moment"] % DAY == 0).sum() >= dates.height
    as_text = dates.with_columns(pl.col("ds").cast(pl.String))
    finished = run_job(tmp_path / "text", {"a.csv": as_text, "b.csv": SALES}, **settings, **FEW_TREES)
    (warning,) = [each for each in finished.quality["warnings"] if "time of day" in each]
    assert warning == (
        "demand: 365 rows with a date, but no time of day, in ds, e.g. '2025-01-01' in line 2 of a.csv, "
        "'2025-01-02' in line 3 of a.csv, '2025-01-03' in line 4 of a.csv. day_begins_at does not move dates. "
        "If they are midnights, write their time, e.g. 2026-11-16 00:00"
    )


@pytest.mark.parametrize("frequency", ["W", "2W", "YS", "QS"])
def test_raw_rows_do_not_show_the_anchor_of_a_frequency(tmp_path: Path, frequency: str) -> None:
    with pytest.raises(InputError, match=f"the rows do not show which {frequency} is meant"):
        run(tmp_path, transactions(), frequency=frequency)


def test_one_wrong_date_is_not_summed(tmp_path: Path) -> None:
    wrong = pl.when(pl.int_range(pl.len()) == 7).then(pl.col("ds") + timedelta(days=1)).otherwise("ds")
    demand = shop(3, 30).with_columns(ds=wrong)
    (problem,) = problems(tmp_path, {"a.parquet": demand}, frequency="W-MON")
    assert problem.startswith("demand: 1 row dated off the calendar W-MON")


def test_rows_must_be_periods_if_configured(tmp_path: Path) -> None:
    found = problems(tmp_path, {"a.parquet": transactions()}, frequency="W-MON", aggregate="none")
    assert found[0].startswith("demand: 1,260 rows with a time of day in ds")
    assert LAST.isoformat() not in found[0]


def readings(per_hour: int, *, seconds: int = 13) -> pl.DataFrame:
    """Return readings of a meter that are some minutes and seconds late, over three weeks until midnight."""
    end = at(date(2026, 11, 16), 0)
    step = timedelta(hours=1) / per_hour
    times = [end - step * number + timedelta(seconds=seconds) for number in range(21 * 24 * per_hour, 0, -1)]
    return pl.DataFrame({"unique_id": "meter", "ds": times, "y": 1.0})


def test_minutes_are_summed_to_hours_as_days_to_weeks(tmp_path: Path) -> None:
    finished = run(tmp_path, readings(4), frequency="h")
    assert finished.manifest["cutoff"] == "2026-11-15T23:00"
    assert finished.forecasts["mean"].to_numpy() == pytest.approx(4.0, rel=0.02)
    seconds, combined = finished.quality["notes"]
    assert seconds.startswith("demand: 2,016 rows with seconds in ds, e.g. 2026-10-26 00:00:13 in row 1 of a.parquet")
    assert combined == "demand: 2,016 rows became 504 hours of series, by their sum. The setting is aggregate"
    again = run(tmp_path / "sum", readings(4), frequency="h", aggregate="sum")
    assert again.quality["notes"] == [combined]
    assert again.forecasts.equals(finished.forecasts)


def test_one_row_per_hour_with_seconds_is_its_hour(tmp_path: Path) -> None:
    finished = run(tmp_path, readings(1), frequency="h")
    assert finished.forecasts["mean"].to_numpy() == pytest.approx(1.0, rel=0.02)
    (note,) = finished.quality["notes"]
    assert note.startswith("demand: 504 rows with seconds in ds")
    (problem,) = problems(tmp_path / "none", {"a.parquet": readings(1)}, frequency="h", aggregate="none")
    assert problem.startswith("demand: 504 rows with seconds in ds")


def test_two_rows_of_an_hour_without_minutes_between_are_duplicates(tmp_path: Path) -> None:
    twice = pl.concat([readings(1, seconds=0), readings(1, seconds=40)])
    (problem,) = problems(tmp_path, {"a.parquet": twice}, frequency="h")
    assert problem.startswith("demand: 1 series with duplicate hours")
    assert problem.endswith("or set aggregate to combine them")


def test_months_that_begin_on_the_15th_sum_their_own_days(tmp_path: Path) -> None:
    """The 1st to 14th of a month belong to the period that began in the month before."""
    days = pl.date_range(date(2023, 1, 15), date(2026, 11, 14), eager=True)
    sales = pl.DataFrame({"unique_id": "A", "ds": days, "y": 1.0})
    price = pl.DataFrame({"ds": [date(2023, 1, 1), date(2026, 11, 20)], "price": [1.0, 2.0]})
    finished = run_job(
        tmp_path, sales, covariates={"p.parquet": price}, frequency="MS@15", covariate_rules="price=hold", **FEW_TREES
    )
    begins = [date(2026, 11, 15), date(2026, 12, 15), date(2027, 1, 15), date(2027, 2, 15)]
    assert finished.forecasts["ds"].to_list() == begins
    assert finished.forecasts["q50"].to_numpy() == pytest.approx([30, 31, 31, 28], abs=3.5)
    assert finished.quality["input"]["demand_rows"] == len(days)
    assert finished.quality["repairs"]["rows_combined"] == len(days) - 46
