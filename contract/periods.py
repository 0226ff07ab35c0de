"""Calendar arithmetic of periods: which dates they carry, how they count, and which of them are over."""

from datetime import date, timedelta
from typing import Literal

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
FREQUENCIES = ("D", *(f"W-{weekday}" for weekday in WEEKDAYS), "MS", "ME")
IN_WORDS = "D, W-MON ... W-SUN, MS or ME"
# Which of its days a month is dated by, as pandas' names of the two frequencies say.
MONTH_LABELS = {"MS": "start", "ME": "end"}
EPOCH = date(1970, 1, 1)
ONE_DAY = timedelta(days=1)

Unit = Literal["day", "week", "month"]


def unit_of(frequency: str) -> Unit:
    """Returns what one period is called.

    Args:
        frequency: One of `FREQUENCIES`.

    Raises:
        ValueError: If the frequency names no calendar.
    """
    if frequency not in FREQUENCIES:
        raise ValueError(f"frequency {frequency!r} does not say which dates its periods carry")
    return "day" if frequency == "D" else "month" if frequency in MONTH_LABELS else "week"


def period_number(day: date, *, frequency: str) -> int:
    """Counts the period that a day belongs to: consecutive periods differ by 1.

    Args:
        day: Any day of the period; a week begins, and a month may end, with the date that it carries.
        frequency: One of `FREQUENCIES`.

    Raises:
        ValueError: If the frequency names no calendar.
    """
    unit = unit_of(frequency)
    if unit == "month":
        return day.year * 12 + day.month - 1
    return (day - _first_date(frequency)).days // (7 if unit == "week" else 1)


def period_date(number: int, *, frequency: str) -> date:
    """Returns the date that a period carries: the inverse of `period_number`.

    Args:
        number: As `period_number` counts.
        frequency: One of `FREQUENCIES`.

    Raises:
        ValueError: If the frequency names no calendar.
    """
    unit = unit_of(frequency)
    if unit == "month":
        return _month_begin(number) if frequency == "MS" else _month_begin(number + 1) - ONE_DAY
    return _first_date(frequency) + timedelta(days=number * (7 if unit == "week" else 1))


def period_on_or_before(day: date, *, frequency: str) -> date:
    """Returns the latest date not after a day that a period can carry.

    Args:
        day: The day.
        frequency: One of `FREQUENCIES`.

    Raises:
        ValueError: If the frequency names no calendar.
    """
    number = period_number(day, frequency=frequency)
    found = period_date(number, frequency=frequency)
    return found if found <= day else period_date(number - 1, frequency=frequency)


def last_complete_period(today: date, *, frequency: str, label: str) -> date:
    """Returns the date of the last period that is over on the morning of `today`.

    Args:
        today: The local date; all of yesterday has been observed, nothing of today.
        frequency: One of `FREQUENCIES`.
        label: `start` where a period's date is its first day, `end` where it is its last.

    Raises:
        ValueError: If the frequency names no calendar.
    """
    if label == "end":
        return period_on_or_before(today - ONE_DAY, frequency=frequency)
    # The period that holds today is not over; the one before it is.
    return period_on_or_before(period_on_or_before(today, frequency=frequency) - ONE_DAY, frequency=frequency)


def last_day(period: date, *, frequency: str, label: str) -> date:
    """Returns the last day of the period that carries a date.

    Args:
        period: The date.
        frequency: One of `FREQUENCIES`.
        label: `start` where a period's date is its first day, `end` where it is its last.

    Raises:
        ValueError: If it takes the calendar to tell, and the frequency names none.
    """
    if label == "end":
        return period
    return period_date(period_number(period, frequency=frequency) + 1, frequency=frequency) - ONE_DAY


def _first_date(frequency: str) -> date:
    """Date of the period that counts 0, of days and weeks."""
    if frequency == "D":
        return EPOCH
    return EPOCH + timedelta(days=(WEEKDAYS.index(frequency.removeprefix("W-")) - EPOCH.weekday()) % 7)


def _month_begin(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
