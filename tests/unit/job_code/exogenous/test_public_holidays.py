from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from contract.calendar.frequencies import PeriodLabel
from job_code.errors import InputError
from job_code.exogenous.public_holidays import HOLIDAY_COLUMNS, NO_HOLIDAY, holiday_table
from job_code.series.frequency import Frequency
from tests.demand import LAST, configured, day_of, run_job, series

EASTER_MONDAYS = {date(2024, 4, 1), date(2025, 4, 21), date(2026, 4, 6)}


def holidays_by_date(
    frequency: str, first: date, last: date, code: str = "DE", *, label: PeriodLabel = "start"
) -> dict[date, list[str]]:
    calendar = Frequency.of(frequency, None, label)
    table, names = holiday_table(code, calendar, calendar.period_of(first), calendar.period_of(last))
    assert names[0] == NO_HOLIDAY
    assert len(table.values) == len(HOLIDAY_COLUMNS)
    every = [day_of(calendar, int(table.first_period[0]) + at) for at in range(int(table.lengths[0]))]
    return {day: [names[int(column[at])] for column in table.values] for at, day in enumerate(every)}


def test_holidays_move_with_the_year() -> None:
    found = holidays_by_date("D", date(2024, 1, 1), date(2026, 12, 31))
    assert {day for day, (now, *_) in found.items() if now == "Easter Monday"} == EASTER_MONDAYS
    assert found[date(2026, 4, 7)] == [NO_HOLIDAY, "Easter Monday", NO_HOLIDAY]
    assert found[date(2026, 4, 2)] == [NO_HOLIDAY, NO_HOLIDAY, "Good Friday"]
    assert found[date(2026, 12, 25)] == ["Christmas Day", NO_HOLIDAY, "Second Day of Christmas"]
    assert found[date(2026, 12, 31)] == [NO_HOLIDAY, NO_HOLIDAY, "New Year's Day"]  # its year is outside the span


@pytest.mark.parametrize("anchor", ["MON", "SUN"])
@pytest.mark.parametrize(("label", "first"), [("start", 0), ("end", -6)])
def test_a_week_has_its_holidays_with_any_anchor(anchor: str, label: PeriodLabel, first: int) -> None:
    found = holidays_by_date(f"W-{anchor}", date(2026, 1, 1), date(2026, 12, 31), label=label)
    for day, (now, *_) in found.items():
        in_week = {day + timedelta(days=first + at) for at in range(7)}
        assert (now == "Labor Day") == (date(2026, 5, 1) in in_week)


def test_regions_have_additional_holidays() -> None:
    day = date(2026, 1, 6)
    assert holidays_by_date("D", day, day, "DE-BY")[day][0] == "Epiphany"
    assert holidays_by_date("D", day, day, "DE")[day][0] == NO_HOLIDAY


def test_names_do_not_depend_on_locale_and_year(monkeypatch: pytest.MonkeyPatch) -> None:
    years = date(2024, 1, 1), date(2027, 12, 31)
    here = holidays_by_date("D", *years, "ID")
    monkeypatch.setenv("LANGUAGE", "de")
    assert holidays_by_date("D", *years, "ID") == here
    by_year = [{now for day, (now, *_) in here.items() if day.year == year} for year in (2025, 2027)]
    assert "Eid al-Fitr" in by_year[0] & by_year[1]  # in 2027 the library marks it as estimated
    assert not any("(" in name for names in by_year for name in names)


def test_an_invalid_cutoff_is_reported_with_public_holidays(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is before all demand"):
        run_job(tmp_path, series({"a": [1.0] * 9}), cutoff=date(1900, 1, 1), country_holidays="DE")


def test_a_covariate_with_the_name_of_a_holiday_column_is_rejected(tmp_path: Path) -> None:
    known = pl.DataFrame({"ds": [LAST], "DE holiday": [1.0]})
    with pytest.raises(InputError, match="DE holiday is also the name of a public-holiday column"):
        run_job(tmp_path, series({"a": [1.0] * 30}), covariates={"a.parquet": known}, country_holidays="DE")


@pytest.mark.parametrize("code", ["XX", "DE-XX", "Germany!"])
def test_an_unknown_country_is_rejected(code: str) -> None:
    with pytest.raises(InputError, match=r"country_holidays: .* has no known holidays\. Write a code like DE or DE-BY"):
        configured(country_holidays=code)


def test_demand_before_a_movable_holiday_is_forecast(tmp_path: Path) -> None:
    """Demand triples in the week of Good Friday, whose date changes every year."""
    weeks = [LAST - timedelta(weeks=at) for at in range(300)][::-1]
    calendar = Frequency("W-MON")
    table, names = holiday_table("DE", calendar, calendar.period_of(weeks[0]), calendar.period_of(weeks[-1]))
    easter = table.values[0] == names.index("Good Friday")
    assert easter.sum() in (5, 6)
    random = np.random.default_rng(0)
    values = {f"A{at:02d}": (10 * (1 + 2 * easter) + random.normal(0, 0.3, 300)).tolist() for at in range(30)}
    demand, cutoff = series(values), date(2026, 3, 16)
    forecasts = [
        run_job(
            tmp_path / (country or "none"), demand, cutoff=cutoff, n_estimators=100, country_holidays=country
        ).forecasts
        for country in ("DE", None)
    ]
    weekly = [each.group_by("ds").agg(pl.col("q50").mean()).sort("ds")["q50"].to_list() for each in forecasts]
    with_calendar, without = weekly
    assert with_calendar[1] > 20  # the week of 30 March has Good Friday in it
    assert max(with_calendar[0], *with_calendar[2:]) < 15
    assert without[1] < 20


def test_holidays_keep_the_categories_of_a_model_and_new_ones_are_missing() -> None:
    calendar = Frequency("D")
    days = (calendar.period_of(date(2025, 12, 20)), calendar.period_of(date(2025, 12, 31)))
    known = (NO_HOLIDAY, "Second Day of Christmas", "A former holiday")
    table, names = holiday_table("DE", calendar, *days, known=known)
    assert names == known
    by_day = dict(zip(range(20, 32), table.values[0].tolist(), strict=True))
    assert (by_day[24], by_day[26]) == (0.0, 1.0)
    assert np.isnan(by_day[25])  # Christmas Day
