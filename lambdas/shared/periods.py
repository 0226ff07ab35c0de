"""Which periods are over: plain calendar arithmetic on the dates that stand in the demand."""

from datetime import date, timedelta

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
ONE_DAY = timedelta(days=1)
LONGEST_PERIOD = timedelta(days=31)


def last_complete_period(today: date, *, frequency: str, label: str) -> date:
    """Returns the date of the last period that is over on the morning of `today`.

    Args:
        today: The local date; all of yesterday has been observed, nothing of today.
        frequency: `D`, `W-MON` ... `W-SUN`, `MS` or `ME`.
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
        frequency: `D`, `W-MON` ... `W-SUN`, `MS` or `ME`.
        label: `start` where a period's date is its first day, `end` where it is its last.

    Raises:
        ValueError: If it takes the calendar to tell, and the frequency names none.
    """
    if label == "end" or frequency == "D":
        return period
    following = period + LONGEST_PERIOD
    while (found := period_on_or_before(following, frequency=frequency)) > period:
        following = found - ONE_DAY
    return following


def period_on_or_before(day: date, *, frequency: str) -> date:
    """Returns the latest date not after `day` that a period can carry.

    Raises:
        ValueError: If the frequency names no calendar.
    """
    unit, _, anchor = frequency.partition("-")
    if frequency == "D":
        return day
    if unit == "W" and anchor in WEEKDAYS:
        return day - timedelta(days=(day.weekday() - WEEKDAYS.index(anchor)) % 7)
    if frequency == "MS":
        return day.replace(day=1)
    if frequency == "ME":
        ends_its_month = (day + ONE_DAY).day == 1
        return day if ends_its_month else day.replace(day=1) - ONE_DAY
    raise ValueError(f"frequency {frequency!r} does not say which dates its periods carry")
