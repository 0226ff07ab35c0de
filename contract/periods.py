"""Calendar arithmetic of periods: their dates, their numbers, and the last complete one."""

from datetime import date, timedelta
from typing import Literal

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
FREQUENCIES = ("D", *(f"W-{weekday}" for weekday in WEEKDAYS), "MS", "ME")
FREQUENCY_RULE = "D, W-MON ... W-SUN, MS or ME"
# Whether a month's date is its first or its last day, by pandas' names of the two frequencies.
MONTH_LABELS = {"MS": "start", "ME": "end"}
EPOCH = date(1970, 1, 1)
ONE_DAY = timedelta(days=1)

Unit = Literal["day", "week", "month"]


def unit_of(frequency: str) -> Unit:
    """Return the calendar unit of one period.

    Args:
        frequency: One of `FREQUENCIES`.

    Raises:
        ValueError: If the frequency is not one of `FREQUENCIES`.
    """
    if frequency not in FREQUENCIES:
        raise ValueError(f"frequency {frequency!r} does not define the dates of periods; use {FREQUENCY_RULE}")
    return "day" if frequency == "D" else "month" if frequency in MONTH_LABELS else "week"


def period_number(day: date, *, frequency: str) -> int:
    """Return the number of the period that contains a day. Consecutive periods differ by 1.

    Args:
        day: Any day of the period. A week begins with its date; a month begins or ends with it.
        frequency: One of `FREQUENCIES`.

    Raises:
        ValueError: If the frequency is not one of `FREQUENCIES`.
    """
    unit = unit_of(frequency)
    if unit == "month":
        return day.year * 12 + day.month - 1
    return (day - _first_date(frequency)).days // (7 if unit == "week" else 1)


def period_date(number: int, *, frequency: str) -> date:
    """Return the date of a period: the inverse of `period_number`.

    Args:
        number: Number of the period.
        frequency: One of `FREQUENCIES`.

    Raises:
        ValueError: If the frequency is not one of `FREQUENCIES`.
    """
    unit = unit_of(frequency)
    if unit == "month":
        return _month_begin(number) if frequency == "MS" else _month_begin(number + 1) - ONE_DAY
    return _first_date(frequency) + timedelta(days=number * (7 if unit == "week" else 1))


def period_on_or_before(day: date, *, frequency: str) -> date:
    """Return the latest date of a period that is not after a day.

    Args:
        day: The day.
        frequency: One of `FREQUENCIES`.

    Raises:
        ValueError: If the frequency is not one of `FREQUENCIES`.
    """
    number = period_number(day, frequency=frequency)
    found = period_date(number, frequency=frequency)
    return found if found <= day else period_date(number - 1, frequency=frequency)


def last_complete_period(today: date, *, frequency: str, label: str) -> date:
    """Return the date of the last period that is complete on the morning of `today`.

    Args:
        today: The local date. Yesterday's demand is complete; today's does not count.
        frequency: One of `FREQUENCIES`.
        label: `start` if a period's date is its first day, `end` if it is its last.

    Raises:
        ValueError: If the frequency is not one of `FREQUENCIES`.
    """
    if label == "end":
        return period_on_or_before(today - ONE_DAY, frequency=frequency)
    # The period that contains today is not complete; the one before it is.
    return period_on_or_before(period_on_or_before(today, frequency=frequency) - ONE_DAY, frequency=frequency)


def last_day(period: date, *, frequency: str, label: str) -> date:
    """Return the last day of a period.

    Args:
        period: Date of the period.
        frequency: One of `FREQUENCIES`.
        label: `start` if a period's date is its first day, `end` if it is its last.

    Raises:
        ValueError: If the label is `start` and the frequency is not one of `FREQUENCIES`.
    """
    if label == "end":
        return period
    return period_date(period_number(period, frequency=frequency) + 1, frequency=frequency) - ONE_DAY


def _first_date(frequency: str) -> date:
    """Return the date of period 0 of a daily or weekly frequency."""
    if frequency == "D":
        return EPOCH
    return EPOCH + timedelta(days=(WEEKDAYS.index(frequency.removeprefix("W-")) - EPOCH.weekday()) % 7)


def _month_begin(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
