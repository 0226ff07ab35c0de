"""A wrong last date would move the cutoff of every series. It is an error or a warning, and never silent."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from job_code.demand.demand_checks import check_calendar
from job_code.demand.demand_rows import VALUE
from job_code.demand.moment_counts import MomentCounts
from job_code.errors import InputError
from job_code.plausibility.date_checks import check_dates
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import ValidationReport
from job_code.times.moments import MOMENT, TimeColumn
from tests.demand import LAST, configured, run_job, shop

DEMAND = shop(30, 60)


def findings_of(demand: pl.DataFrame, *, today: date = LAST, **settings: Any) -> ValidationReport:
    config, findings = configured(**({"frequency": "W-MON"} | settings)), ValidationReport()
    rows, *_ = TimeColumn(name="ds").read(demand)
    days = MomentCounts.of(rows.select(MOMENT, pl.col("y").alias(VALUE)))
    check_dates(days, check_calendar(days, config, findings), config, findings, today=today)
    return findings


def after(weeks: int, *, series: int = 30) -> pl.DataFrame:
    """Return the demand with some rows of a later week."""
    later = DEMAND.filter(pl.col("ds") == LAST)[:series].with_columns(ds=pl.lit(LAST + timedelta(weeks=weeks)))
    return pl.concat([DEMAND, later])


@pytest.mark.parametrize(
    ("demand", "today"),
    [
        (DEMAND, LAST),
        (DEMAND, LAST - timedelta(days=6)),  # the date of a week may be its last day
        (DEMAND, LAST + timedelta(weeks=500)),
        (pl.concat([DEMAND, after(12).filter(pl.col("ds") > LAST).with_columns(y=None)]), LAST),
        (shop(3, 60), LAST),
    ],
)
def test_usual_demand_has_no_finding(demand: pl.DataFrame, today: date) -> None:
    findings = findings_of(demand, today=today)
    assert findings.messages() == findings.messages("warning") == findings.messages("note") == []


def test_demand_dated_after_today_is_an_error() -> None:
    (error,) = findings_of(after(2)).messages()
    assert error == (
        f"demand: 30 rows with a value dated after today, {LAST}, e.g. {LAST + timedelta(weeks=2)}. Correct the dates, "
        "leave the values of coming periods empty, or set future_rule to keep"
    )
    kept = findings_of(after(2), future_rule="keep")
    assert (kept.messages(), len(kept.messages("note"))) == ([], 1)
    configured_cutoff = findings_of(after(2), cutoff=LAST)
    assert (configured_cutoff.messages(), len(configured_cutoff.messages("note"))) == ([], 1)


def test_a_few_rows_far_after_the_end_are_an_error() -> None:
    today = LAST + timedelta(weeks=60)
    (error,) = findings_of(after(40, series=2), today=today).messages()
    assert error == (
        f"demand: nearly all of it ends {LAST}, but 2 rows until {LAST + timedelta(weeks=40)} would move the cutoff of "
        f"all series by 40 weeks. Correct the dates, or set the cutoff to {LAST}"
    )
    assert findings_of(after(40, series=2), today=today, cutoff=LAST).messages() == []


def test_a_few_rows_of_the_next_week_are_a_warning() -> None:
    findings = findings_of(after(1, series=2), today=LAST + timedelta(weeks=2))
    (warning,) = findings.messages("warning")
    assert findings.messages() == []
    assert "2 rows until" in warning


def test_a_half_delivered_last_week_is_a_warning() -> None:
    (warning,) = findings_of(after(1, series=14), today=LAST + timedelta(weeks=2)).messages("warning")
    last = LAST + timedelta(weeks=1)
    assert warning == (
        f"demand: the last week, {last} to {last + timedelta(days=6)}, has 14 rows, but usually 30. If it is not "
        f"complete, set cutoff={LAST}"
    )
    assert findings_of(after(1, series=16), today=LAST + timedelta(weeks=2)).messages("warning") == []


@pytest.mark.parametrize(
    ("frequency", "last", "today", "allowed"),
    [
        ("MS", date(2026, 11, 1), date(2026, 11, 2), True),
        ("MS", date(2026, 12, 1), date(2026, 11, 29), False),
        ("ME", date(2026, 11, 30), date(2026, 11, 2), True),
        ("YS-JAN", date(2027, 1, 1), date(2026, 11, 29), False),
        ("D", date(2026, 11, 30), date(2026, 11, 29), True),
        ("D", date(2026, 12, 1), date(2026, 11, 29), False),
        ("W-SUN", date(2026, 11, 29), date(2026, 11, 24), True),
    ],
)
def test_the_current_period_is_not_the_future(frequency: str, last: date, today: date, allowed: bool) -> None:
    calendar = Frequency(frequency)
    periods = range(calendar.period_of(last) - 29, calendar.period_of(last) + 1)
    rows = [(f"S{number}", calendar.label_of(period), 1.0) for number in range(12) for period in periods]
    demand = pl.DataFrame(rows, schema=["unique_id", "ds", "y"], orient="row")
    assert (findings_of(demand, today=today, frequency=frequency).messages() == []) == allowed


@pytest.mark.parametrize(("last", "allowed"), [(date(2026, 11, 29), True), (date(2026, 12, 6), False)])
def test_a_week_that_its_last_day_labels_is_the_current_one_until_then(last: date, allowed: bool) -> None:
    rows = [("A", last - timedelta(weeks=back), 1.0) for back in range(30)]
    demand = pl.DataFrame(rows, schema=["unique_id", "ds", "y"], orient="row")
    found = findings_of(demand, today=date(2026, 11, 24), frequency="W-SUN", period_label="end")
    assert (found.messages() == []) == allowed


def test_dates_and_a_wrong_number_are_no_periods(tmp_path: Path) -> None:
    dates = pl.col("ds").dt.strftime("%Y%m%d").cast(pl.Int64)
    for number, problem in ((dates, "look like days"), (wrong_number(), "so the numbers are no consecutive periods")):
        with pytest.raises(InputError, match=problem):
            run_job(tmp_path / problem, DEMAND.with_columns(ds=number), frequency="1", horizon=2)


def wrong_number() -> pl.Expr:
    period = pl.col("ds").rank("dense")
    return pl.when(pl.int_range(pl.len()) == 0).then(2_000_000_000).otherwise(period).cast(pl.Int64)


def test_a_few_rows_long_before_all_others_are_a_warning() -> None:
    old = pl.concat([DEMAND, DEMAND[:2].with_columns(ds=pl.lit(date(1900, 1, 1)))])
    findings = findings_of(old)
    assert findings.messages() == []
    assert findings.messages("warning") == [
        f"demand: 2 rows dated long before {DEMAND['ds'].min()!s}, where the demand begins, e.g. 1900-01-01. "
        "Their series are zero in between. Correct the dates, or limit the history"
    ]


def test_an_early_row_of_every_series_is_one_warning() -> None:
    first = DEMAND.group_by("unique_id").first().with_columns(ds=pl.lit(date(1900, 1, 1))).select(DEMAND.columns)
    (warning,) = findings_of(pl.concat([DEMAND, first])).messages("warning")
    assert warning.startswith("demand: 30 rows dated long before ")


def test_series_with_their_own_cutoffs_may_go_on_alone() -> None:
    today = LAST + timedelta(weeks=60)
    longer = pl.concat([DEMAND, *(after(weeks, series=1).filter(pl.col("ds") > LAST) for weeks in range(1, 41))])
    assert findings_of(longer, today=today).messages() != []
    own = findings_of(longer, today=today, cutoff_rule="series")
    assert (own.messages(), own.messages("warning")) == ([], [])
    stray = findings_of(after(40, series=2), today=today, cutoff_rule="series")
    assert stray.messages() == []
    assert stray.messages("warning") == [
        f"demand: 2 rows dated long after {LAST}, where all other demand ends, e.g. {LAST + timedelta(weeks=40)}. "
        "Their series have their cutoffs there. Correct the dates if they are wrong"
    ]


def test_a_few_rows_long_before_few_series_are_a_warning() -> None:
    few = shop(3, 60)
    old = pl.concat([few, few[:1].with_columns(ds=pl.lit(date(1990, 1, 1)))])
    (warning,) = findings_of(old).messages("warning")
    assert warning.startswith("demand: 1 row dated long before ")
    days = shop(3, 20, frequency="D")
    (error,) = findings_of(pl.concat([days, old[-1:].with_columns(ds=date(1900, 1, 1))]), frequency="D").messages()
    assert error.startswith("demand: 1 row dated long before ")


def test_a_rare_seller_may_have_a_long_gap() -> None:
    days = np.random.default_rng(0).geometric(0.03, size=(200, 25)).cumsum(axis=1)
    warned = 0
    for each in days:
        rows = pl.DataFrame({"unique_id": "A", "ds": [LAST - timedelta(days=int(day)) for day in each], "y": 1.0})
        warned += findings_of(rows, frequency="D").messages("warning") != []
    assert warned == 0


def test_rows_of_weekends_that_become_business_days_are_a_note() -> None:
    days = shop(12, 70, frequency="D")
    (note,) = findings_of(days, frequency="B", aggregate="sum").messages("note")
    assert note == (
        "demand: 240 rows dated on a weekend, which count for the Friday before, e.g. 2026-09-12, 2026-09-13, "
        "2026-09-19. Set frequency to D if weekends are days of their own"
    )
    workdays = days.filter(pl.col("ds").dt.weekday() < 6)
    assert findings_of(workdays, frequency="B", aggregate="sum").messages("note") == []
    assert findings_of(days, frequency="D", aggregate="sum").messages("note") == []


def test_the_run_checks_the_dates(tmp_path: Path) -> None:
    far = pl.concat([DEMAND, DEMAND[-1:].with_columns(ds=pl.lit(date(2062, 11, 13)))])
    with pytest.raises(InputError, match=r"1 row with a value dated after today.*2062-11-13"):
        run_job(tmp_path / "far", far)
    partial = DEMAND.with_columns(y=pl.when(pl.col("ds") == LAST).then(pl.col("y") * 0.1).otherwise("y"))
    quality = run_job(tmp_path / "partial", partial, n_estimators=5, horizon=2).quality
    (warning,) = quality["warnings"]
    assert warning.startswith("demand: the total of the last week is ")
