from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from contract.calendar.frequencies import DAY, WEEKDAYS, PeriodLabel
from job_code.series.frequency import Frequency
from job_code.times.moments import FIRST_DAY, LAST_DAY

DATED = ("D", "B", *(f"W-{weekday}" for weekday in WEEKDAYS), "MS", "ME", "QS-FEB", "QE-DEC", "YS-JAN", "YE-JUN")
ALL = (*DATED, "15min", "h", "2h", "2W-MON@1970-01-12", "1")


@pytest.mark.parametrize("name", ALL)
def test_moments_and_period_numbers_are_inverse_over_a_century(name: str) -> None:
    frequency = Frequency(name)
    first = 0 if name == "1" else frequency.period_of(date(1950, 1, 16))
    periods = np.arange(first, first + 3000, dtype=np.int64)
    moments = frequency.moments(periods)
    assert moments.dtype == np.int32
    assert frequency.periods(moments).tolist() == periods.tolist()
    assert (np.diff(moments) > 0).all()
    assert not frequency.is_off_anchor(moments).any()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("count", [1, 40, 5000])
def test_single_labels_and_periods_equal_those_of_arrays(name: str, count: int) -> None:
    frequency = Frequency(name)
    moments = np.random.default_rng(0).integers(0, 400 * DAY, count).astype(np.int32)
    periods = frequency.periods(moments).astype(np.int64)
    labels = frequency.labels(periods)
    assert labels.dtype == frequency.label_type
    assert labels.to_list() == [frequency.label_of(period) for period in periods.tolist()]
    assert [frequency.period_of(label) for label in labels] == periods.tolist()
    assert [frequency.period_of_text(frequency.text_of(period)) for period in periods.tolist()] == periods.tolist()
    off = [frequency.moments(np.array([period]))[0] != moment for period, moment in zip(periods, moments, strict=True)]
    assert frequency.is_off_anchor(moments).tolist() == off


@pytest.mark.parametrize("name", ALL)
def test_the_first_and_the_last_valid_date_have_a_period(name: str) -> None:
    frequency = Frequency(name)
    bounds = np.array([FIRST_DAY * DAY, (LAST_DAY + 1) * DAY - 1], dtype=np.int32)
    for period in frequency.periods(bounds).tolist():
        assert (
            frequency.moments(np.array([period])).tolist() == frequency.moments(np.array([period, period]))[:1].tolist()
        )
        assert frequency.text_of(period)


@pytest.mark.parametrize(
    ("name", "label", "dtype"),
    [
        ("D", date(2026, 11, 16), pl.Date()),
        ("h", datetime(2026, 11, 16, 5), pl.Datetime("us")),  # noqa: DTZ001 (local)
        ("1", 41, pl.Int64()),
    ],
)
def test_labels_have_the_type_of_their_calendar(name: str, label: object, dtype: pl.DataType) -> None:
    frequency = Frequency(name)
    period = frequency.period_of(label)  # type: ignore[arg-type]
    assert frequency.labels(np.array([period])).to_list() == [label]
    assert frequency.label_type == dtype


@pytest.mark.parametrize(("name", "hours"), [("h", 1), ("2h", 2)])
def test_hours_in_a_zone_of_half_hours_begin_at_its_full_hours(name: str, hours: int) -> None:
    frequency = Frequency.of(name, "Asia/Kolkata", "start")
    local = pl.datetime_range(datetime(2026, 11, 1), datetime(2026, 11, 3), f"{hours}h", eager=True)  # noqa: DTZ001
    zoned = local.dt.replace_time_zone("Asia/Kolkata")
    moments = (zoned.dt.epoch("s") // 60).to_numpy().astype(np.int32)
    periods = frequency.periods(moments).astype(np.int64)
    assert np.diff(periods).tolist() == [1] * (len(moments) - 1)
    assert not frequency.is_off_anchor(moments).any()
    assert frequency.labels(periods).to_list() == zoned.to_list()
    assert [frequency.period_of(frequency.label_of(period)) for period in periods.tolist()] == periods.tolist()
    assert frequency.text_of(int(periods[0])) == "2026-10-31T18:30Z"


def test_a_weekend_belongs_to_the_friday_before() -> None:
    frequency = Frequency("B")
    weekend = np.array(
        [(date(2026, 11, day) - date(1970, 1, 1)).days * DAY for day in (13, 14, 15, 16)], dtype=np.int32
    )
    first, *others = frequency.periods(weekend).tolist()
    assert others == [first, first, first + 1]
    assert frequency.is_off_anchor(weekend).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("name", "naive", "long", "year"),
    [
        ("h", 24, 168, 8736),
        ("15min", 96, 672, 34_944),
        ("30min", 48, 336, 17_472),
        ("D", 7, 364, 364),
        ("B", 5, 260, 260),
        ("W-MON", 52, 52, 52),
        ("2W-MON@1970-01-05", 26, 26, 26),
        ("MS", 12, 12, 12),
        ("QE-DEC", 4, 4, 4),
        ("YS-JAN", 1, 1, 2),
        ("1", 1, 1, 52),
    ],
)
def test_seasons(name: str, naive: int, long: int, year: int) -> None:
    frequency = Frequency(name)
    assert (frequency.season, frequency.seasons.long, frequency.per_year) == (naive, long, year)


def test_hours_that_their_end_labels_are_on_the_day_of_their_begin() -> None:
    hours = Frequency.of("h", "Asia/Kolkata", "end")
    midnight = hours.period_of(datetime(2026, 11, 16, 18, 30, tzinfo=UTC))
    assert hours.text_of(midnight) == "2026-11-16T18:30Z"
    periods = np.array([midnight, midnight + 1])
    days = [date(1970, 1, 1) + timedelta(days=day) for day in hours.local_days(periods).tolist()]
    assert days == [date(2026, 11, 16), date(2026, 11, 17)]
    assert (hours.begins(periods) == hours.moments(periods) - 59).all()


@pytest.mark.parametrize(
    ("name", "label", "text"),
    [
        ("W-MON", "start", "2026-11-16 to 2026-11-22"),
        ("W-SUN", "end", "2026-11-16 to 2026-11-22"),
        ("W-SUN", "start", "2026-11-15 to 2026-11-21"),
        ("MS", "start", "2026-11-01 to 2026-11-30"),
        ("ME", "end", "2026-11-01 to 2026-11-30"),
        ("2W-MON@2026-11-16", "start", "2026-11-16 to 2026-11-29"),
        ("D", "end", "2026-11-18"),
        ("B", "start", "2026-11-18"),
        ("h", "start", "2026-11-18T00:00"),
    ],
)
def test_a_period_of_several_days_shows_both_ends(name: str, label: PeriodLabel, text: str) -> None:
    frequency = Frequency.of(name, None, label)
    assert frequency.days_text(frequency.period_of(date(2026, 11, 18))) == text


def test_labels_of_weeks_from_monday_and_of_single_days_are_never_unclear() -> None:
    names = ("W-SUN", "W-TUE", "3D@2026-11-16", "2W-SUN@2026-11-15", "W-MON", "2W-MON@2026-11-16", "D", "B", "h", "MS")
    assert [name for name in names if Frequency(name).may_be_dated_by_end] == list(names[:4])
    assert not Frequency.of("W-SUN", None, "end").may_be_dated_by_end
