"""Times with a zone never meet times without one, unless the configuration has the zone."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from job_code.errors import InputError
from job_code.preparation.panel_chunks import read_chunk
from job_code.preparation.read_input import read_input
from job_code.times.moments import TimeColumn
from job_code.times.zone_use import ZoneKinds
from tests.demand import LAST, configured, context_of, job_request, series

START = datetime(2026, 11, 1, tzinfo=UTC)
HOURS = [START + timedelta(hours=at) for at in range(24 * 14)]
REMEDY = "Set time_zone, e.g. time_zone=Europe/Berlin, and frequency"


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([date(2026, 11, 16)], ZoneKinds()),
        ([datetime(2026, 11, 16, tzinfo=UTC)], ZoneKinds()),
        ([datetime(2026, 11, 16, 5, tzinfo=UTC)], ZoneKinds(zoned=True)),
        ([datetime(2026, 11, 16, 5, tzinfo=UTC).replace(tzinfo=None)], ZoneKinds(local=True)),
        (["2026-11-16", None, "20261116", "2026-W05", "2026-11-16T00:00:00Z", "2026-11-16 00:00"], ZoneKinds()),
        (["2026-11-16 05:00"], ZoneKinds(local=True)),
        (["2026-11-16T05:00:00.000Z"], ZoneKinds(zoned=True)),
        (["2026-11-16 05:00:00 UTC"], ZoneKinds(zoned=True)),
        (["2026-11-16T05:00:00+0100"], ZoneKinds(zoned=True)),
        (["2026-11-16T05:00-03:30", "2026-11-16T05:00"], ZoneKinds(zoned=True, local=True)),
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_the_kinds_of_times_of_a_column(times: list[object], expected: ZoneKinds, encoded: bool) -> None:
    column = pl.Series("ds", times)
    if encoded and column.dtype == pl.String:
        column = column.cast(pl.Categorical)
    assert kinds_of(column) == expected


@pytest.mark.parametrize("ending", ["Z", " Z", "+01"])
def test_one_time_of_another_kind_is_found_in_any_row(ending: str) -> None:
    times = pl.Series("ds", ["2026-11-16 05:00:00"] * 5_000 + [f"2026-11-16 05:00:00{ending}"])
    for column in (times, times.reverse()):
        assert kinds_of(column) == ZoneKinds(zoned=True, local=True)


def test_one_time_of_day_is_found_in_any_row() -> None:
    midnights = pl.Series("ds", [datetime(2026, 11, 16, tzinfo=UTC)] * 5_000)
    times = midnights.append(pl.Series([datetime(2026, 11, 16, 5, tzinfo=UTC)]))
    assert kinds_of(times) == ZoneKinds(zoned=True)
    assert kinds_of(times.dt.replace_time_zone(None)) == ZoneKinds(local=True)


def kinds_of(column: pl.Series) -> ZoneKinds:
    return TimeColumn.of(configured()).read(column.to_frame())[2]


def hourly(*, zoned: bool) -> pl.DataFrame:
    times = pl.Series(HOURS, dtype=pl.Datetime("us", "UTC"))
    return pl.DataFrame({"unique_id": "A", "ds": times if zoned else times.dt.replace_time_zone(None), "y": 1.0})


@pytest.mark.parametrize("zoned", [True, False])
def test_covariates_in_another_zone_are_refused(tmp_path: Path, zoned: bool) -> None:
    demand = {"d.parquet": hourly(zoned=zoned)}
    covariates = {"c.parquet": hourly(zoned=not zoned).select("unique_id", "ds", price="y")}
    request = job_request(tmp_path, demand, covariates=covariates, frequency="h", horizon=4)
    with pytest.raises(InputError) as error:
        read_input(context_of(request, tmp_path))
    expected = {
        True: "demand: the times in d.parquet have a zone, but those of the covariates in c.parquet have none. ",
        False: "covariates: the times in c.parquet have a zone, but those of the demand in d.parquet have none. ",
    }
    assert error.value.problems == (expected[zoned] + REMEDY,)


def test_a_configured_zone_converts_all_times(tmp_path: Path) -> None:
    """Berlin is one hour ahead of UTC, so the price of an hour in UTC is that of the next local hour."""
    covariates = hourly(zoned=True).select("unique_id", "ds", price=pl.int_range(pl.len()))
    late = covariates.with_columns(pl.col("ds") + timedelta(hours=10))
    request = job_request(
        tmp_path,
        hourly(zoned=False),
        covariates={"c.parquet": late},
        frequency="h",
        horizon=4,
        time_zone="Europe/Berlin",
    )
    prepared, _ = read_input(context_of(request, tmp_path))
    (info,) = prepared.chunks
    panel = read_chunk(info.folder, prepared.calendar.frequency).panel
    ahead = prepared.covariates.read(info.folder, panel).ahead(panel.last_period, 4)
    assert ahead[0, 0].tolist() == [24 * 14 - 11 + at for at in range(4)]


def test_times_in_utc_of_an_inferred_calendar_of_weeks_are_refused(tmp_path: Path) -> None:
    demand = series({"A": [1.0] * 30})
    midnights = [datetime(2026, 11, 15, 23, tzinfo=UTC) + timedelta(weeks=at - 29) for at in range(34)]  # Berlin's
    prices = pl.DataFrame({"unique_id": "A", "ds": midnights, "price": 1.0})
    for rules in ("price=hold", "price=mean"):
        request = job_request(
            tmp_path / rules, demand, covariates={"c.parquet": prices}, horizon=4, covariate_rules=rules
        )
        with pytest.raises(InputError) as error:
            read_input(context_of(request, tmp_path / rules))
        assert error.value.problems == (
            f"covariates: the times in c.parquet have a zone, whose days may not be those of the demand. {REMEDY}",
        )
    assert demand["ds"].max() == LAST
