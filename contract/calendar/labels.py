"""Labels of periods: a date, a time, or a number. Files, keys and messages show them."""

import re
from datetime import UTC, date, datetime, timedelta

from contract.calendar.frequencies import DAY, Calendar
from contract.calendar.periods import moment_of, period_at

Label = date | int  # a `datetime` is a `date`; one with a zone is in UTC

MIDNIGHT = datetime(1970, 1, 1)  # noqa: DTZ001 (local labels have no zone)
DIGITS = 10  # a number as text has leading zeros, so that texts and numbers have the same order
NUMBER = re.compile(r"\d{1,10}")
WITHOUT_TIME = re.compile(r"\d{4}-\d{2}-\d{2}|\d{4}-W\d{2}")  # a week is its Monday
LABEL_RULE = "2026-11-16, 2026-11-16T05:00, 2026-11-16T05:00Z, or the number of a numbered period"


def label_of_period(period: int, calendar: Calendar, *, zoned: bool = False) -> Label:
    """Return the label of a period: a number, a date, or the time of a period shorter than a day.

    Args:
        period: Number of the period.
        calendar: Its calendar.
        zoned: Whether the times have a zone. They are in UTC.

    Raises:
        OverflowError: If Python has no such date.
    """
    moment = moment_of(period, calendar)
    if calendar.kind == "numbered":
        return moment
    label = MIDNIGHT + timedelta(minutes=moment)
    if not calendar.is_sub_daily:
        return label.date()
    return label.replace(tzinfo=UTC) if zoned else label


def period_number(label: Label, calendar: Calendar) -> int:
    """Return the number of the period that contains a label.

    Args:
        label: The label. Without a time, it is the begin of its day.
        calendar: The calendar.

    Raises:
        ValueError: If only one of label and calendar is a number.
    """
    return period_at(moment_of_label(label, calendar), calendar)


def moment_of_label(label: Label, calendar: Calendar) -> int:
    """Return the moment of a label: minutes since 1970-01-01, or the number of a numbered period.

    Raises:
        ValueError: If only one of label and calendar is a number.
    """
    if isinstance(label, int) != (calendar.kind == "numbered"):
        kind = "numbers" if calendar.kind == "numbered" else "dates"
        raise ValueError(f"{label} is not a period of {calendar.name}, whose periods have {kind}")
    if isinstance(label, int):
        return label
    if not isinstance(label, datetime):
        return (label - MIDNIGHT.date()).days * DAY
    utc = label if label.tzinfo is None else label.astimezone(UTC).replace(tzinfo=None)
    return (utc - MIDNIGHT) // timedelta(minutes=1)


def label_text(label: Label) -> str:
    """Return a label as text: `2026-11-16`, `2026-11-16T05:00`, with `Z` in UTC, or `0000000042`."""
    if isinstance(label, int):
        return f"{label:0{DIGITS}d}"
    if not isinstance(label, datetime):
        return label.isoformat()
    if label.tzinfo is None:
        return label.isoformat(timespec="minutes")
    return f"{label.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='minutes')}Z"


def read_label(value: object) -> Label:
    """Return the label in a text, a number or a date: the inverse of `label_text`.

    Raises:
        ValueError: If the value is not a label.
    """
    if isinstance(value, date) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    text = value.strip() if isinstance(value, str) else ""
    if NUMBER.fullmatch(text):
        return int(text)
    try:
        return date.fromisoformat(text) if WITHOUT_TIME.fullmatch(text) else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{value!r} is not the label of a period; write it as {LABEL_RULE}") from None
