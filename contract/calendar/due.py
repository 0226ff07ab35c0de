"""The last complete period at a moment, and the last day of a period."""

from datetime import UTC, date, datetime, timedelta

from contract.calendar.frequencies import DAY, calendar_of
from contract.calendar.labels import Label, label_of_period, moment_of_label
from contract.calendar.periods import moment_of, period_at
from contract.calendar.zones import in_zone

ONE_DAY = timedelta(days=1)


def period_on_or_before(label: Label, *, frequency: str) -> Label:
    """Return the latest label of a period that is not after a label.

    Args:
        label: Any date, time or number. Hours of a time with a zone begin as the clocks of the zone show.
        frequency: Name of the frequency.

    Raises:
        ValueError: If the name is unknown or partial, only one of label and calendar is a number, or clock changes of
            the zone move the begins of the periods.
    """
    calendar, zone = calendar_of(frequency), label.tzinfo if isinstance(label, datetime) else None
    if zone is not None:
        calendar = in_zone(calendar, zone)
    moment = moment_of_label(label, calendar)
    number = period_at(moment, calendar)
    latest = number if moment_of(number, calendar) <= moment else number - 1
    return label_of_period(latest, calendar, zoned=zone is not None)


def last_complete_period(now: datetime, *, frequency: str, label: str) -> Label:
    """Return the label of the last complete period.

    A period shorter than a day is complete at its end. Of longer periods, yesterday's demand is complete, and today's
    does not count.

    Args:
        now: The local time without a zone. For times of day with a zone, the time in that zone.
        frequency: Name of the frequency.
        label: `start` if a period's label is its begin, `end` if it is its last day or its end.

    Raises:
        ValueError: If the name is unknown or partial, or of numbered periods.
    """
    calendar = calendar_of(frequency)
    if calendar.kind == "numbered":
        raise ValueError(f"frequency {frequency!r} has numbered periods, which no date completes")
    if calendar.is_sub_daily:
        step = timedelta(minutes=calendar.step if label == "start" else 0)
        # Python subtracts from the time on the clock, which may change meanwhile.
        begun = now - step if now.tzinfo is None else (now.astimezone(UTC) - step).astimezone(now.tzinfo)
        return period_on_or_before(begun, frequency=frequency)
    today = now.date()
    # A business day is its only day, also for someone who asks on a Sunday.
    if label == "end" or calendar.kind == "business":
        return period_on_or_before(today - ONE_DAY, frequency=frequency)
    # The period that contains today is not complete; the one before it is.
    current = period_on_or_before(today, frequency=frequency)
    assert isinstance(current, date)
    return period_on_or_before(current - ONE_DAY, frequency=frequency)


def last_day(period: Label, *, frequency: str, label: str) -> date:
    """Return the last day of a period.

    Args:
        period: Label of the period.
        frequency: Name of the frequency.
        label: `start` if a period's label is its begin, `end` if it is its last day or its end.

    Raises:
        ValueError: If the periods are numbered, or if the label is `start` and the name is unknown or partial.
    """
    if isinstance(period, int):
        raise ValueError(f"the period {period} has a number and no last day")
    day = period.date() if isinstance(period, datetime) else period
    if label == "end" or isinstance(period, datetime):
        return day
    calendar = calendar_of(frequency)
    following = moment_of(period_at(moment_of_label(day, calendar), calendar) + 1, calendar)
    return day if calendar.kind == "business" else date.fromordinal(date(1970, 1, 1).toordinal() + following // DAY - 1)
