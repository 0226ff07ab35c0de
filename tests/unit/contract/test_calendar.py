import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from contract.calendar.due import last_complete_period, last_day, period_on_or_before
from contract.calendar.frequencies import WEEKDAYS, calendar_of, canonical_name, is_partial, labeled
from contract.calendar.labels import Label, label_of_period, label_text, moment_of_label, period_number, read_label
from contract.calendar.periods import begin_of, moment_of, period_at
from contract.calendar.zones import in_zone

DATED = ("D", *(f"W-{weekday}" for weekday in WEEKDAYS), "MS", "ME")
BUSINESS = ("B", "QS-JAN", "QS-FEB", "QE-DEC", "QE-NOV", "YS-JAN", "YS-JUL", "YE-DEC", "YE-JUN")
MULTIPLES = ("2W-WED@1970-01-07", "2W-WED@1970-01-14", "3D@1970-01-02")
TIMED = ("15min", "30min", "h", "2h")
DAYS = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(600)]


def labels_of_pandas(frequency: str, first: str, periods: int | None) -> list[Label]:
    """Return consecutive labels by pandas, which knows all these frequencies; until 2030 without a number."""
    name, _, begin = frequency.partition("@")
    times = pd.date_range(begin or first, periods=periods, end=None if periods else "2030-01-10", freq=name)
    return [time.to_pydatetime() if frequency in TIMED else time.date() for time in times]


@pytest.mark.parametrize("frequency", [*DATED, *BUSINESS, *MULTIPLES, *TIMED])
def test_labels_and_numbers_are_those_of_pandas(frequency: str) -> None:
    for first in ("1899-12-20", "1969-12-20", "2026-01-01"):
        labels = labels_of_pandas(frequency, first, 200)
        numbers = [period_number(label, calendar_of(frequency)) for label in labels]
        assert numbers == list(range(numbers[0], numbers[0] + len(labels)))
        assert [label_of_period(number, calendar_of(frequency)) for number in numbers] == labels


@pytest.mark.parametrize("frequency", [*DATED, *BUSINESS, *MULTIPLES, *TIMED, "1"])
def test_arrays_have_the_numbers_of_single_moments(frequency: str) -> None:
    calendar = calendar_of(frequency)
    moments = np.random.default_rng(0).integers(-(10**8), 10**8, 2000)
    numbers = period_at(moments, calendar)
    assert numbers.tolist() == [period_at(moment, calendar) for moment in moments.tolist()]
    assert moment_of(numbers, calendar).tolist() == [moment_of(number, calendar) for number in numbers.tolist()]


@pytest.mark.parametrize("frequency", [*DATED, *BUSINESS, *MULTIPLES])
def test_every_day_belongs_to_one_period(frequency: str) -> None:
    labels = [day for day in labels_of_pandas(frequency, "1999-12-20", None) if isinstance(day, date)]
    ends = frequency in ("ME", "QE-DEC", "QE-NOV", "YE-DEC", "YE-JUN")
    for day in DAYS[100:-100]:
        found = label_of_period(period_number(day, calendar_of(frequency)), calendar_of(frequency))
        assert isinstance(found, date)
        if ends:  # the month that ends on this date contains the day
            assert found == min(other for other in labels if other >= day)
        else:
            assert found == max(other for other in labels if other <= day)
            assert period_on_or_before(day, frequency=frequency) == found


@pytest.mark.parametrize("frequency", DATED)
@pytest.mark.parametrize("label", ["start", "end"])
def test_last_complete_period_is_the_latest_complete_one(frequency: str, label: str) -> None:
    dates = [day for day in labels_of_pandas(frequency, "2025-01-01", 1000) if isinstance(day, date)]
    for today in DAYS[100:-100]:
        if label == "start":
            over = [day for day, following in itertools.pairwise(dates) if following <= today]
        else:
            over = [day for day in dates if day < today]
        now = datetime(today.year, today.month, today.day, 5)  # noqa: DTZ001 (local)
        assert last_complete_period(now, frequency=frequency, label=label) == over[-1]


def test_a_business_day_is_complete_on_the_next_day() -> None:
    for day, friday in ((14, 13), (15, 13), (16, 13), (17, 16)):
        now = datetime(2026, 11, day, 6)  # noqa: DTZ001 (local)
        assert last_complete_period(now, frequency="B", label="start") == date(2026, 11, friday)


def test_a_period_shorter_than_a_day_is_complete_at_its_end() -> None:
    now = datetime(2026, 11, 16, 6, 40)  # noqa: DTZ001 (local)
    assert last_complete_period(now, frequency="h", label="start") == now.replace(hour=5, minute=0)
    assert last_complete_period(now, frequency="h", label="end") == now.replace(hour=6, minute=0)
    assert last_complete_period(now, frequency="15min", label="start") == now.replace(hour=6, minute=15)
    utc = now.replace(tzinfo=UTC)
    assert last_complete_period(utc, frequency="h", label="start") == utc.replace(hour=5, minute=0)


@pytest.mark.parametrize(
    ("frequency", "zone", "phase"),
    [
        ("h", "UTC", 0),
        ("h", "Europe/Berlin", 0),
        ("h", "Asia/Kolkata", 30),
        ("h", "Australia/Adelaide", 30),  # its clocks change by a whole hour
        ("h", "Asia/Kathmandu", 15),
        ("15min", "Asia/Kathmandu", 0),
        ("2h", "Asia/Kolkata", 30),
        ("2h", "Asia/Tokyo", 60),
        ("6h", "Asia/Kolkata", 30),
        ("30min", "Australia/Lord_Howe", 0),
        ("D", "Asia/Kolkata", 0),
    ],
)
def test_parts_of_a_day_begin_as_the_clocks_of_their_zone_show(frequency: str, zone: str, phase: int) -> None:
    calendar = in_zone(calendar_of(frequency), ZoneInfo(zone))
    assert calendar.phase == phase
    if calendar.is_sub_daily:
        label = label_of_period(period_number(DAYS[200], calendar), calendar, zoned=True)
        assert isinstance(label, datetime)
        local = label.astimezone(ZoneInfo(zone))
        assert (local.hour * 60 + local.minute) % calendar.step == 0


@pytest.mark.parametrize(("frequency", "zone"), [("2h", "Europe/Berlin"), ("h", "Australia/Lord_Howe")])
def test_periods_that_clock_changes_move_are_refused(frequency: str, zone: str) -> None:
    with pytest.raises(ValueError, match=rf"clock changes of the zone move the begins of periods of {frequency}\. Wri"):
        in_zone(calendar_of(frequency), ZoneInfo(zone))


def test_hours_in_a_zone_are_complete_by_its_clocks() -> None:
    kolkata = datetime(2026, 11, 16, 6, 40, tzinfo=ZoneInfo("Asia/Kolkata"))
    for label, hour in (("start", 5), ("end", 6)):
        found = last_complete_period(kolkata, frequency="h", label=label)
        assert found == kolkata.replace(hour=hour, minute=0)
        assert isinstance(found, datetime)
        assert found.tzinfo == UTC
    after_change = datetime(2026, 10, 25, 3, 20, tzinfo=ZoneInfo("Europe/Berlin"))  # the second hour from two
    found = last_complete_period(after_change, frequency="h", label="start")
    assert label_text(found) == "2026-10-25T01:00Z"


def test_numbered_periods_are_never_due() -> None:
    with pytest.raises(ValueError, match="which no date completes"):
        last_complete_period(datetime(2026, 1, 1), frequency="1", label="start")  # noqa: DTZ001 (local)


@pytest.mark.parametrize("frequency", DATED)
def test_the_last_day_is_the_day_before_the_next_period(frequency: str) -> None:
    for period, following in itertools.pairwise(labels_of_pandas(frequency, "2026-01-01", 100)):
        assert isinstance(following, date)
        assert last_day(period, frequency=frequency, label="end") == period
        assert last_day(period, frequency=frequency, label="start") == following - timedelta(days=1)


def test_the_last_day_of_other_periods() -> None:
    assert last_day(date(2026, 11, 13), frequency="B", label="start") == date(2026, 11, 13)
    assert last_day(datetime(2026, 11, 13, 5), frequency="h", label="start") == date(2026, 11, 13)  # noqa: DTZ001
    assert last_day(DAYS[0], frequency="", label="end") == DAYS[0]
    with pytest.raises(ValueError, match="does not define the labels of periods"):
        last_day(DAYS[0], frequency="", label="start")
    with pytest.raises(ValueError, match="has a number and no last day"):
        last_day(7, frequency="1", label="start")


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("60min", "h"),
        ("120min", "2h"),
        ("24h", "D"),
        ("1W-MON", "W-MON"),
        ("QS-APR", "QS-JAN"),
        ("QE-MAR", "QE-DEC"),
        ("QE-JAN", "QE-OCT"),
        ("2W-MON@2026-01-05", "2W-MON@1970-01-05"),
        ("2W-MON@2026-01-12", "2W-MON@1970-01-12"),
        ("3D@2026-01-01", "3D@1970-01-01"),
        *((partial, partial) for partial in ("W", "2W", "2W-MON", "QS", "YE")),
    ],
)
def test_each_frequency_has_one_name(name: str, canonical: str) -> None:
    assert canonical_name(name) == canonical
    assert is_partial(name) == (canonical == name)


@pytest.mark.parametrize(
    "name",
    ["", "Q", "w-mon", "W-FOO", "7h", "0D", "2B", "2MS", "2QS", "W-MON@2026-01-06", "2W-MON@2026-01-06", "MS-JAN"],
)
def test_an_unknown_frequency_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match=r"is not a known frequency. Use 15min"):
        canonical_name(name)
    with pytest.raises(ValueError, match="does not define the labels of periods"):
        calendar_of(name)


@pytest.mark.parametrize("name", ["W", "2W-MON", "QS"])
def test_a_partial_frequency_has_no_periods(name: str) -> None:
    with pytest.raises(ValueError, match="does not define the labels of periods"):
        period_on_or_before(date(2026, 1, 1), frequency=name)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (date(2026, 11, 16), "2026-11-16"),
        (datetime(2026, 11, 16, 5), "2026-11-16T05:00"),  # noqa: DTZ001 (local)
        (datetime(2026, 11, 16, 5, tzinfo=UTC), "2026-11-16T05:00Z"),
        (42, "0000000042"),
    ],
)
def test_labels_as_text(label: Label, text: str) -> None:
    assert label_text(label) == text
    assert read_label(text) == label
    assert read_label(label) == label


def test_a_week_is_its_monday() -> None:
    label = read_label("2026-W46")
    assert (type(label), label) == (date, date(2026, 11, 9))


@pytest.mark.parametrize("value", ["", "soon", "2026-W54", "16.11.2026", "2026-13-01", True, 1.5, None, "12345678901"])
def test_a_label_of_no_period_is_an_error(value: object) -> None:
    with pytest.raises(ValueError, match="is not the label of a period; write it as 2026-11-16"):
        read_label(value)


@pytest.mark.parametrize(("label", "frequency"), [(7, "D"), (date(2026, 1, 1), "1")])
def test_numbers_and_dates_are_labels_of_different_calendars(label: Label, frequency: str) -> None:
    with pytest.raises(ValueError, match="is not a period of"):
        moment_of_label(label, calendar_of(frequency))


def test_units() -> None:
    units = {
        name: calendar_of(name).unit for name in ("15min", "h", "2h", "D", "B", "W-MON", "ME", "QS-JAN", "YE-DEC", "1")
    }
    assert list(units.values()) == [
        *("quarter hour", "hour", "period", "day", "business day", "week", "month", "quarter", "year", "period")
    ]


@pytest.mark.parametrize("frequency", ["MS@15", "MS@28", "QS-FEB@2", "YS-APR@6"])
def test_months_may_begin_later(frequency: str) -> None:
    """A month that begins on the 15th is a plain month of all days 14 days earlier."""
    plain, _, begin = frequency.partition("@")
    later = timedelta(days=int(begin) - 1)
    for day in DAYS:
        number = period_number(day, calendar_of(frequency))
        assert number == period_number(day - later, calendar_of(plain))
        label, expected = label_of_period(number, calendar_of(frequency)), label_of_period(number, calendar_of(plain))
        assert isinstance(expected, date)
        assert label == expected + later
        assert period_on_or_before(day, frequency=frequency) == label
        last = last_day(expected, frequency=plain, label="start")
        assert last_day(label, frequency=frequency, label="start") == last + later


def test_a_schedule_waits_for_the_end_of_a_month_that_begins_later() -> None:
    for day, month in {14: 10, 15: 11, 16: 11}.items():
        due = last_complete_period(datetime(2026, 12, day, 5), frequency="MS@15", label="start")  # noqa: DTZ001 (local)
        assert due == date(2026, month, 15)


@pytest.mark.parametrize("frequency", ["D", "B", "W-SUN", "W-WED", *MULTIPLES, "ME", "QE-NOV", "YE-JUN"])
def test_a_day_belongs_to_the_period_whose_last_day_comes_next(frequency: str) -> None:
    calendar = labeled(calendar_of(frequency), "end")
    labels = [day for day in labels_of_pandas(frequency, "1999-12-20", None) if isinstance(day, date)]
    for day in DAYS[100:-100]:
        number = period_number(day, calendar)
        shown = day if frequency != "B" else day - timedelta(days=max(0, day.weekday() - 4))  # a weekend is its Friday
        assert label_of_period(number, calendar) == min(other for other in labels if other >= shown)
        assert begin_of(number, calendar) <= moment_of_label(day, calendar) < begin_of(number + 1, calendar)
        assert period_at(begin_of(number, calendar) - 1, calendar) == number - 1


@pytest.mark.parametrize("frequency", TIMED)
def test_a_time_belongs_to_the_part_of_a_day_that_ends_next(frequency: str) -> None:
    calendar = labeled(calendar_of(frequency), "end")
    times = pd.date_range("2026-11-15 22:00", "2026-11-16 04:00", freq="1min")
    expected = (
        pd.Series(times, times).resample(frequency, closed="right", label="right").transform(lambda own: own.name)
    )
    for time, label in zip(times, expected, strict=True):
        assert label_of_period(period_number(time.to_pydatetime(), calendar), calendar) == label.to_pydatetime()


@pytest.mark.parametrize("frequency", ["MS", "MS@15", "QS-FEB", "YS-JAN"])
def test_months_that_their_first_day_labels_have_no_other_label(frequency: str) -> None:
    with pytest.raises(ValueError, match=f"periods of {frequency} carry their first day"):
        labeled(calendar_of(frequency), "end")


@pytest.mark.parametrize("frequency", ["D", "B", "1", "ME"])
def test_the_last_day_changes_no_calendar_that_has_it_anyway(frequency: str) -> None:
    assert labeled(calendar_of(frequency), "end") == calendar_of(frequency)


@pytest.mark.parametrize(("name", "canonical"), [("MS@1", "MS"), ("MS@05", "MS@5"), ("QS-APR@15", "QS-JAN@15")])
def test_the_day_of_months_has_one_name(name: str, canonical: str) -> None:
    assert canonical_name(name) == canonical
    assert not is_partial(canonical)


@pytest.mark.parametrize("name", ["MS@29", "MS@0", "ME@15", "MS@2026-01-15", "QS@15", "W-MON@15", "B@15", "2MS@15"])
def test_invalid_days_of_months_are_rejected(name: str) -> None:
    with pytest.raises(ValueError, match="is not a known frequency"):
        canonical_name(name)
