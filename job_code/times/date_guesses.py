"""Guess what unreadable dates are, so that the message can name the cure: serial dates, epochs, other orders of day."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

SPREADSHEET_EPOCH = date(1899, 12, 30)
FIRST_SERIAL, LAST_SERIAL = 32_874, 73_050  # 1990 to 2099
FIRST_SECOND, LAST_SECOND = 631_152_000, 4_102_444_799  # 1990 to 2099
EPOCHS = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}
NUMBER = re.compile(r"\d{5,19}(?:\.\d*)?")
DAY_AND_MONTH = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:\D.*)?")
PART_OF_YEAR = re.compile(r"(?:19|20)\d{2}(?:\d{2}|[ -]?(?:W|KW|CW)[ -]?\d{1,2}|[/.]\d{1,2})", re.IGNORECASE)
MONTH_NAME = re.compile(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", re.IGNORECASE)
SOURCES = "Write dates like 2026-11-16"
MONTHS_OF_YEAR, DIGITS_OF_YEAR = 12, 4


def guess_remedy(values: Sequence[object]) -> str | None:
    """Return what unreadable dates probably are, and how to write them; None without a guess.

    Args:
        values: Some values of the time column that are no dates.
    """
    texts = [text for value in values if value is not None and (text := str(value).strip())]
    if not texts:
        return None
    numbers = [date_of_number(float(text)) if NUMBER.fullmatch(text) else None for text in texts]
    if numbers[0] is not None and all(numbers):
        return f"{describe_number(texts[0], numbers[0])}. {SOURCES}"
    if all(PART_OF_YEAR.fullmatch(text) for text in texts):
        return "Write weeks like 2026-W05, and months like 2026-01"
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


def _remedy_of_order(parts: Sequence[tuple[str, ...]]) -> str:
    """Return how to write dates of day and month in any order, from their parts: first, sign, second, year."""
    if any(len(year) < DIGITS_OF_YEAR for *_, year in parts):
        return f"Years of two digits are unclear. {SOURCES}"
    if any(int(second) > MONTHS_OF_YEAR for _, _, second, _ in parts):
        return f"The month is probably first, as in the United States. {SOURCES}"
    if any(int(first) > MONTHS_OF_YEAR for first, *_ in parts):
        return f"The day is probably first. {SOURCES}"
    return f"Day and month are unclear. {SOURCES}"
