"""Series that begin together begin where the demand begins, and not with a row of a wrong date."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from job_code.demand.demand_checks import Calendar
from job_code.demand.demand_rows import VALUE
from job_code.demand.moment_counts import MomentCounts
from job_code.plausibility.first_periods import check_first_periods, with_common_begin
from job_code.plausibility.period_rows import PeriodRows
from job_code.series.frequency import Frequency
from job_code.tables.validation_report import ValidationReport
from job_code.times.moments import MOMENT, TimeColumn
from tests.demand import LAST, configured, day_of, panel_of, run_job, series, shop

WEEKLY = Frequency("W-MON")
CALENDAR = Calendar(WEEKLY, WEEKLY.period_of(LAST))
SHOP, FEW = shop(30, 60), shop(3, 60)
BEGIN = LAST - timedelta(weeks=59)
LONG, LONG_BEGIN = shop(12, 15 * 52), LAST - timedelta(weeks=15 * 52 - 1)


def dated(demand: pl.DataFrame, *dates: date) -> pl.DataFrame:
    """Return the demand with a row on each of some dates."""
    return pl.concat([demand, *(demand[:1].with_columns(ds=pl.lit(each)) for each in dates)])


def counted(demand: pl.DataFrame) -> MomentCounts:
    rows, *_ = TimeColumn(name="ds").read(demand)
    return MomentCounts.of(rows.select(MOMENT, pl.col("y").alias(VALUE)))


def begin_of(demand: pl.DataFrame, *, rule: str = "zero") -> date | None:
    first = with_common_begin(CALENDAR, counted(demand), configured(start_rule=rule)).first
    return None if first is None else day_of(WEEKLY, first)


def warnings_of(demand: pl.DataFrame, *, rule: str) -> list[str]:
    findings = ValidationReport()
    check_first_periods(PeriodRows.of(counted(demand), WEEKLY), WEEKLY, configured(start_rule=rule), findings)
    assert not findings.messages()
    return findings.messages("warning")


@pytest.mark.parametrize(
    ("demand", "begin"),
    [
        (SHOP, BEGIN),
        (dated(SHOP, date(1900, 1, 1)), BEGIN),
        (dated(SHOP, date(1900, 1, 1), date(2012, 1, 2)), BEGIN),
        (dated(SHOP, date(2025, 6, 2)), BEGIN),
        (dated(FEW, date(1900, 1, 1)), BEGIN),
        (dated(FEW, date(2025, 6, 2)), BEGIN),
        (dated(LONG, LONG_BEGIN - timedelta(weeks=520)), LONG_BEGIN),
    ],
    ids=["none", "1900", "two", "14 weeks", "few series", "few series, 14 weeks", "ten years before 15 years"],
)
def test_demand_begins_after_single_early_rows(demand: pl.DataFrame, begin: date) -> None:
    assert begin_of(demand) == begin
    assert begin_of(demand, rule="first_value") is None
    warned = warnings_of(demand, rule="zero")
    assert len(warned) == (demand["ds"].min() < begin)  # type: ignore[operator]
    assert all(f"dated long before {begin}, where the demand begins" in line for line in warned)


GROWING = series({f"A{number:02d}": [1.0] * (6 * number + 5) for number in range(30)})
CLOSED = SHOP.filter(~pl.col("ds").is_between(BEGIN + timedelta(weeks=3), BEGIN + timedelta(weeks=20)))
RARE = series({"A": [1.0 if at % 20 == 0 or at > 100 else None for at in range(300)]})


@pytest.mark.parametrize("demand", [GROWING, CLOSED, RARE], ids=["growing", "closed", "rare at first"])
def test_demand_that_begins_with_few_rows_or_a_closure_begins_there(demand: pl.DataFrame) -> None:
    assert begin_of(demand) == demand["ds"].min()
    assert warnings_of(demand, rule="zero") == []


def test_an_early_row_that_others_do_not_follow_is_no_warning_where_each_series_begins_by_itself() -> None:
    assert warnings_of(dated(SHOP, date(2025, 6, 2)), rule="first_value") == []


def test_the_row_of_a_wrong_date_moves_its_own_series_alone(tmp_path: Path) -> None:
    late = pl.concat([SHOP, series({"Z": [4.0, 6.0]})])
    panel, repairs = panel_of(tmp_path, dated(late, date(2015, 1, 5)), start_rule="zero")
    first = [day_of(panel.frequency, period) for period in panel.first_period.tolist()]
    assert first == [date(2015, 1, 5), *[BEGIN] * 30]
    assert repairs.periods_before_first_value == 58
    assert repairs.rows_before_history == 0


def test_the_run_begins_where_the_demand_begins(tmp_path: Path) -> None:
    demand = dated(pl.concat([SHOP, series({"Z": [4.0, 6.0]})]), date(2015, 1, 5))
    quality = run_job(tmp_path, demand, start_rule="zero", n_estimators=5, horizon=2).quality
    assert quality["repairs"]["periods_before_first_value"] == 58
    assert [line for line in quality["warnings"] if "1 row dated long before" in line]
