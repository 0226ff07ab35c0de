"""Guess what unreadable dates are, so that the message can name the cure: serial dates, epochs, other orders of day."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

SPREADSHEET_EPOCH = date(1899, 12, 30)
FIRST_SERIAL, LAST_SERIAL = 32_874, 73_050  # 1990 to 2099
FIRST_SECOND, LAST_SECOND = 631_152_000, 4_102_444_799  # 1990 to 2099
EPOCHS = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}
NUMBER = re.compile(r"\d{5,19}(?:\.\d*)?")
WHOLE = re.compile(r"(?<=\d)\.0+$")
ORDINAL = re.compile(r"\d{1,6}")
YEAR = re.compile(r"(?:19|20)\d{2}")
DAY_AND_MONTH = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:\D.*)?")
PART_OF_YEAR = re.compile(r"(?:19|20)\d{2}(?:\d{2}|[ -]?(?:W|KW|CW)[ -]?\d{1,2}|[/.]\d{1,2})", re.IGNORECASE)
QUARTER = re.compile(r"Q[1-4][ /.-]?\d{4}|\d{4}[ /.]Q[1-4]|[1-4]Q[ /.-]?\d{4}", re.IGNORECASE)
YEAR_LAST = re.compile(r"(?:W|KW|CW)[ -]?\d{1,2}[ /.-]\d{4}|\d{1,2}[/.-]\d{4}", re.IGNORECASE)
WEEK = re.compile(r"\d{4}-W\d{2}")
DAY_OR_MONTH = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
END_OF_DAY = re.compile(r".*[T ]24:00(?::00(?:\.0+)?)?")
MONTH_NAME = re.compile(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", re.IGNORECASE)
SOURCES = "Write dates like 2026-11-16"
NUMBERED = "If the column numbers the periods, set frequency=1"
MONTHS_OF_YEAR, DIGITS_OF_YEAR = 12, 4
FORMS = (  # of texts, with the remedy of each
    (END_OF_DAY, "Write 24:00 as 00:00 of the next day"),
    (PART_OF_YEAR, "Write weeks like 2026-W05, and months like 2026-01"),
    (YEAR_LAST, "Write weeks like 2026-W05, and months like 2026-01"),
    (QUARTER, "Write quarters like 2026-Q3"),
    (DAY_OR_MONTH, "The calendar has no such date. Correct it"),
    (YEAR, "Write years like 2026-01-01"),
    (ORDINAL, f"{SOURCES}; in pandas, .dt.to_timestamp() converts periods. {NUMBERED}"),
)


def guess_remedy(values: Sequence[object], *, column: str = "") -> str | None:
    """Return what unreadable dates probably are, and how to write them; None without a guess.

    Args:
        values: Some values of the time column that are no dates.
        column: Name of the column.
    """
    texts = [WHOLE.sub("", text) for value in values if value is not None and (text := str(value).strip())]
    if not texts:
        return None
    numbers = [date_of_number(float(text)) if NUMBER.fullmatch(text) else None for text in texts]
    if numbers[0] is not None and all(numbers):
        return f"{describe_number(texts[0], numbers[0])}. {SOURCES}"
    if set(texts) == {column}:
        return "Remove the repeated lines of the header"
    if all(map(WEEK.fullmatch, texts)):
        return _remedy_of_week(texts[0])
    found_form = next((remedy for form, remedy in FORMS if all(map(form.fullmatch, texts))), None)
    if found_form is not None:
        return found_form
    orders = [DAY_AND_MONTH.fullmatch(text) for text in texts]
    if all(orders):
        return _remedy_of_order([found.groups() for found in orders if found])
    return f"{SOURCES}, without names of months" if all(map(MONTH_NAME.search, texts)) else None


def date_of_number(number: float) -> tuple[str, date] | None:
    """Return the unit of a number that is a date, and the date; None for other numbers.

    Args:
        number: Days of a spreadsheet, or seconds since 1970 or their parts.
    """
    if FIRST_SERIAL <= number < LAST_SERIAL:
        return "days of a spreadsheet", SPREADSHEET_EPOCH + timedelta(days=int(number))
    for name, per_second in EPOCHS.items():
        if FIRST_SECOND * per_second <= number <= LAST_SECOND * per_second:
            return f"{name} since 1970", datetime.fromtimestamp(number // per_second, tz=UTC).date()
    return None


def describe_number(text: str, found: tuple[str, date]) -> str:
    """Return a sentence about a number that is a date, without its period."""
    unit, day = found
    return f"These are probably {unit}: {text} is {day}"


def _remedy_of_week(text: str) -> str:
    """Return why a week does not exist."""
    year = int(text[:DIGITS_OF_YEAR])
    last = date(year, 12, 28).isocalendar().week if year else 0  # always in the last week
    return f"The year {year} has the weeks {year}-W01 to {year}-W{last:02d}. Correct {text}"


def _remedy_of_order(parts: Sequence[tuple[str, ...]]) -> str:
    """Return how to write dates of day and month in any order, from their parts: first, sign, second, year."""
    if any(len(year) < DIGITS_OF_YEAR for *_, year in parts):
        return f"Years of two digits are unclear. {SOURCES}"
    if any(int(second) > MONTHS_OF_YEAR for _, _, second, _ in parts):
        return f"The month is probably first, as in the United States. {SOURCES}"
    if any(int(first) > MONTHS_OF_YEAR for first, *_ in parts):
        return f"The day is probably first. {SOURCES}"
    if all(sign == "." for _, sign, *_ in parts):  # the day is first, so the rest of the text is unreadable
        return f"{SOURCES}, and times like 2026-11-16 05:00"
    return f"Day and month are unclear. {SOURCES}"
