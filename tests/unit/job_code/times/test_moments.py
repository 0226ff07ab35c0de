from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from contract.calendar.frequencies import DAY
from job_code.files.columnar_files import ScannedReader
from job_code.series.frequency import Frequency
from job_code.tables.file_splits import Batch
from job_code.tables.row_checks import drop_bad_rows
from job_code.tables.table_files import TableFile
from job_code.tables.validation_report import ValidationReport
from job_code.times.moments import MOMENT, TimeColumn
from job_code.times.time_texts import read_times
from tests.demand import configured

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(1970, 1, 1)  # noqa: DTZ001 (local)


def checked(column: pl.Series, **settings: object) -> tuple[pl.DataFrame, ValidationReport]:
    """Return the valid rows, and the findings."""
    time, findings = TimeColumn.of(configured(**settings)), ValidationReport()
    rows, checks, _ = time.read(column.alias("ds").to_frame())
    path = Path("a.parquet")
    reader = ScannedReader(path=path, format_name="Parquet", schema=dict(rows.schema), rows=rows.height)
    file = TableFile(path=path, name="a.parquet", source="demand", columns={}, other_columns=(), reader=reader)
    return drop_bad_rows(Batch(rows=rows, file=file), checks, findings, source="demand"), findings


def read(column: pl.Series, **settings: object) -> tuple[list[datetime], list[str]]:
    """Return the moments of the valid rows, and the problems of the others."""
    valid, findings = checked(column, **settings)
    return [MIDNIGHT + timedelta(minutes=moment) for moment in valid[MOMENT]], findings.messages()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


MIDNIGHTS = [datetime(2026, month, 15, tzinfo=BERLIN).astimezone(UTC) for month in (1, 7)]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-10-14", "2024-10-14"),
        (" 2024-10-14 ", "2024-10-14"),
        ("20241014", "2024-10-14"),
        ("14.10.2024", "2024-10-14"),
        ("4.1.2024", "2024-01-04"),
        ("1.9.2024 00:15", "2024-09-01T00:15"),
        ("01.09.2024 05:30:00", "2024-09-01T05:30"),
        ("01.09.2024 00:00:00.000+02:00", "2024-09-01"),
        ("20241014.0", "2024-10-14"),
        ("2024-10-14 05:30", "2024-10-14T05:30"),
        ("2024-10-14T05:30:00", "2024-10-14T05:30"),
        ("2024-10-14T05:30:00.000Z", "2024-10-14T05:30"),
        ("2024-10-14T00:00:00Z", "2024-10-14"),
        ("2024-10-14 05:30:00 UTC", "2024-10-14T05:30"),
        ("2024-10-14 05:30:00.000 Z", "2024-10-14T05:30"),
        ("2024-10-14 05:30 GMT", "2024-10-14T05:30"),
        ("2024-10-14T00:00:00+05:30", "2024-10-14"),
        ("2024-10-14 00:00:00+01", "2024-10-14"),
        ("2024-10-14 00:00-03", "2024-10-14"),
        ("2024-10-14 00:00:00-0300", "2024-10-14"),
        ("2026-W05", "2026-01-26"),
        ("2020-W53", "2020-12-28"),
        ("2026-01", "2026-01-01"),
        ("2026-Q1", "2026-01-01"),
        ("2026Q4", "2026-10-01"),
    ],
)
def test_unambiguous_texts_are_read(text: str, moment: str) -> None:
    assert read(pl.Series([text, "2026-11-16"])) == ([local(moment), local("2026-11-16")], [])


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
def test_a_column_of_one_format_is_read_as_each_of_its_values(form: str) -> None:
    texts = pl.Series("ds", [moment.strftime(form) for moment in MIDNIGHTS] + [None])
    uniform, mixed = read_times(texts), read_times(pl.concat([texts, pl.Series("ds", ["2026-W05", " soon "])]))
    assert uniform["local"].cast(pl.Datetime("us")).to_list() == mixed["local"].to_list()[:3]
    assert uniform["offset"].to_list()[:2] == mixed["offset"].to_list()[:2]
    assert uniform["local"].null_count() == 1


@pytest.mark.parametrize(
    ("text", "offset"),
    [("+01", 3600), ("-03", -10_800), (" +05:30", 19_800), ("-0330", -12_600), (" Z", 0), (" GMT", 0), ("", None)],
)
def test_the_offset_of_a_text_is_read(text: str, offset: int | None) -> None:
    times = read_times(pl.Series([f"2024-10-14 05:30:00{text}", "2026-W05"]))
    assert times["offset"].to_list() == [offset, None]


@pytest.mark.parametrize("dtype", [pl.Int32, pl.Int64, pl.Float64, pl.Decimal(8, 0), pl.Decimal(38, 2)])
def test_numbers_like_20241014_are_dates(dtype: pl.DataType) -> None:
    column = pl.Series([20241014, 20261117]).cast(dtype)
    assert read(column) == ([local("2024-10-14"), local("2026-11-17")], [])
    assert read(column, frequency="D", day_begins_at=6)[0] == [local("2024-10-14"), local("2026-11-17")]


def test_a_float_that_may_be_the_date_next_to_it_is_an_error() -> None:
    moments, (problem,) = read(pl.Series([20261117.0, 20261117.5], dtype=pl.Float32))
    assert not moments
    assert problem.startswith("demand: 2 rows without a readable date in ds")


@pytest.mark.parametrize(
    ("zone", "day"), [("Africa/Cairo", 24), ("Asia/Beirut", 29), ("America/Santiago", 6), ("America/Havana", 8)]
)
def test_the_first_moment_of_a_local_day_is_the_day(zone: str, day: int) -> None:
    """Clocks that go forward at midnight skip it, so the day begins at one o'clock."""
    month = {24: 4, 29: 3, 6: 9, 8: 3}[day]
    skipped = datetime(2026, month, day)  # noqa: DTZ001 (local)
    dates = [skipped + timedelta(days=at) for at in (-1, 0, 1)]
    zoned = pl.Series([each.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for each in dates])
    assert zoned[1].astimezone(ZoneInfo(zone)).hour == 1
    of_zone = zoned.dt.convert_time_zone(zone)
    for column in (zoned, of_zone, zoned.dt.strftime("%Y-%m-%dT%H:%M:%SZ"), of_zone.dt.replace_time_zone(None)):
        assert read(column, frequency="D", time_zone=zone) == (dates, [])
    assert read(of_zone) == (dates, [])
    later = of_zone.dt.offset_by("1m")
    assert "3 rows with a time of day" in read(later, frequency="D", time_zone=zone, aggregate="none")[1][0]
    hours = read(of_zone, frequency="h", time_zone=zone)[0]  # hours stay what they are
    assert hours == [each.replace(tzinfo=None) for each in zoned]


@pytest.mark.parametrize(
    "text",
    ["11/16/2026", "2026-13", "2026-W54", "2026-Q5", "2026", "202611", "2026-02-30", "soon", "1e9"]
    + [f"2026-11-16T05:00:00{offset}" for offset in ("-99:99", "+18:00", "+01:60", "+24")],
)
def test_other_texts_are_errors(text: str) -> None:
    moments, (problem,) = read(pl.Series([text, "2026-11-16"]))
    assert moments == [local("2026-11-16")]
    assert problem.startswith(f"demand: 1 row without a readable date in ds, e.g. {text!r} in row 1 of a.parquet")


@pytest.mark.parametrize("as_text", [False, True])
def test_midnights_of_another_zone_are_explained_and_converted(as_text: bool) -> None:
    column = pl.Series(MIDNIGHTS)
    if as_text:
        column = column.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    moments, problems = read(column, frequency="D", time_zone="Europe/Berlin")
    assert (moments, problems) == ([local("2026-01-15"), local("2026-07-15")], [])
    (problem,) = read(column, frequency="D")[1]
    assert problem.startswith("demand: 2 rows with a time of day in a zone in ds")
    assert problem.endswith("Set the time_zone of the periods, e.g. time_zone=Europe/Berlin")


def test_a_column_of_another_zone_is_converted_with_a_note() -> None:
    column = pl.Series([local("2026-11-16T03:00"), None]).dt.replace_time_zone("Europe/Berlin")
    _, findings = checked(column[:1], frequency="D", time_zone="America/New_York")
    (note,) = findings.messages("note")
    assert note.startswith("demand: 1 row with a time of the zone Europe/Berlin in ds")
    assert note.endswith("They are converted to America/New_York. If this is wrong, correct time_zone")
    for same in (column, column.dt.convert_time_zone("UTC")):
        assert checked(same[:1], frequency="D", time_zone="Europe/Berlin")[1].messages("note") == []


def test_a_date_needs_no_zone() -> None:
    for column in (pl.Series([date(2026, 3, 29)]), pl.Series(["2026-03-29"]), pl.Series([local("2026-03-29")])):
        assert read(column, frequency="W", time_zone="Asia/Beirut") == ([local("2026-03-29")], [])  # no midnight there


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_of_23_and_25_hours_neither_lose_nor_count_an_hour_twice(day: date, hours: int) -> None:
    begin = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
    zoned = pl.Series([begin + timedelta(hours=at) for at in range(hours)]).dt.convert_time_zone("Europe/Berlin")
    texts = pl.Series([time.isoformat() for time in zoned])
    for column in (zoned, texts, zoned.dt.convert_time_zone("UTC")):
        moments, problems = read(column, frequency="h", time_zone="Europe/Berlin")
        assert not problems
        frequency = Frequency.of("h", "Europe/Berlin", "start")
        minutes = np.array([(moment - MIDNIGHT) // timedelta(minutes=1) for moment in moments], dtype=np.int32)
        periods = frequency.periods(minutes).astype(np.int64)
        assert np.diff(periods).tolist() == [1] * (hours - 1)
        assert frequency.labels(periods).to_list() == zoned.to_list()
        assert (frequency.local_days(periods) == (day - date(1970, 1, 1)).days).all()
        on_the_clock = [time.hour * 60 for time in zoned]
        assert (frequency.local_minutes(periods) % DAY).tolist() == on_the_clock
        assert [frequency.period_of_text(frequency.text_of(period)) for period in periods.tolist()] == periods.tolist()
        assert frequency.text_of(int(periods[0])) == f"{begin:%Y-%m-%dT%H:%M}Z"


@pytest.mark.parametrize("as_text", [False, True])
def test_hours_of_a_zone_with_clock_changes_need_the_setting(as_text: bool) -> None:
    column = pl.Series([datetime(2026, 10, 25, 5, tzinfo=BERLIN)]).dt.convert_time_zone("Europe/Berlin")
    if as_text:
        column = pl.Series(["2026-10-25T05:00:00+01:00"])
    for settings in ({}, {"frequency": "h"}):
        (problem,) = read(column, **settings)[1]
        assert problem.startswith("demand: 1 row with a time of day in a zone in ds")
        assert problem.endswith("Set the time_zone of the periods, e.g. time_zone=Europe/Berlin, and the frequency")


def test_the_cure_for_times_with_a_zone_fits_zone_and_frequency() -> None:
    column = pl.Series(["2026-10-25T05:00"]).str.to_datetime().dt.replace_time_zone("Asia/Kolkata")
    (problem,) = read(column, frequency="h")[1]
    assert problem.endswith("Set the time_zone of the periods, e.g. time_zone=Asia/Kolkata, and the frequency")
    assert read(column, frequency="h", time_zone="Asia/Kolkata") == ([local("2026-10-24T23:30")], [])
    (problem,) = read(column, frequency="2h")[1]
    assert "Write the local times without their zone. In a zone without clock changes" in problem
    assert read(column.dt.replace_time_zone(None), frequency="2h") == ([local("2026-10-25T05:00")], [])
    assert read(column, frequency="2h", time_zone="Asia/Kolkata")[1] == []


def test_a_local_time_that_clocks_show_twice_or_never_is_an_error() -> None:
    column = pl.Series([local("2026-10-25T02:30"), local("2026-03-29T02:30"), local("2026-10-25T05:00")])
    moments, (problem,) = read(column, frequency="30min", time_zone="Europe/Berlin")
    assert moments == [local("2026-10-25T04:00")]
    assert problem.startswith("demand: 2 rows without a readable date in ds")
    assert "the clocks of Europe/Berlin show some times twice or never" in problem
    assert problem.endswith("cannot, remove time_zone: then both hours of such a time are one")
    assert read(column, frequency="30min") == (column.to_list(), [])


def test_numbered_periods() -> None:
    time = TimeColumn.of(configured(frequency="1"))
    for column in (
        pl.Series([3, 41], dtype=pl.UInt8),
        pl.Series([" 3", "41"]),
        pl.Series(["3.0", "41.00"]),
        pl.Series([3.0, 41.0]),
        pl.Series([3, 41]).cast(pl.Decimal(38, 0)),
        pl.Series(["3", "41"], dtype=pl.Categorical),
    ):
        assert time.read(column.alias("ds").to_frame())[0][MOMENT].to_list() == [3, 41]
    odd = pl.Series("ds", ["-1", "1.5", "x", "99999999999"]).to_frame()
    assert time.read(odd)[0][MOMENT].to_list() == [None] * 4
