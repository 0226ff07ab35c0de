"""Rules for the values of the configuration that a type cannot say, and for values that must agree."""

import codecs
import unicodedata
import zoneinfo
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import holidays

from contract.calendar.frequencies import NUMBERED, PeriodLabel, calendar_of, is_partial, labeled
from contract.calendar.labels import Label, label_text, read_label
from contract.calendar.zones import in_zone
from contract.limits import MAX_DATE, MIN_DATE, PARTITION_KEYS, RESERVED_COLUMNS


def plausible_label(value: object) -> Label:
    """Return the label of a period that is a number, or a date in the valid range."""
    label = read_label(value)
    day = label.date() if isinstance(label, datetime) else label
    if isinstance(day, date) and not MIN_DATE <= day <= MAX_DATE:
        raise ValueError(f"{label_text(label)} must be from {MIN_DATE} to {MAX_DATE}")
    return label


def composed(name: str) -> str:
    """Return the name of a column with each letter and its accent as one character (NFC). macOS writes two."""
    return unicodedata.normalize("NFC", name)


def of_column(value: str) -> str:
    """Return a column with its rule or value, such as `price=hold`, without blanks."""
    column, _, setting = (part.strip() for part in value.rpartition("="))
    if not column or not setting or "," in value:
        raise ValueError(f"{value!r} is not a column, an equals sign and its rule or value, such as price=hold")
    return f"{composed(column)}={setting}"


def known_encoding(value: str) -> str:
    """Return Python's name of an encoding. A byte order mark of UTF-8 needs none of its own."""
    try:
        "".encode(value)
    except (LookupError, ValueError):
        raise ValueError(f"{value!r} is not a known encoding. Write a name like utf-8 or cp1252") from None
    return codecs.lookup(value).name.removesuffix("-sig")


def known_country(value: str) -> str:
    """Return a country or region whose public holidays are known."""
    country, _, part = value.partition("-")
    try:
        holidays.country_holidays(country, subdiv=part or None, years=2026)
    except NotImplementedError:
        raise ValueError(f"{value!r} has no known holidays. Write a code like DE or DE-BY") from None
    return value


def known_zone(value: str) -> str:
    """Return an IANA time zone."""
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is not an IANA time zone such as Europe/Berlin or UTC") from None
    return value


def check_columns(
    key: Sequence[str], observed: Sequence[str], *, outputs: Collection[str], working: Collection[str]
) -> None:
    """Check that the columns of the demand differ from each other and from those of the job.

    Args:
        key: The key columns.
        observed: The other columns of the demand.
        outputs: Columns of the forecasts.
        working: Columns that the job adds to the input.

    Raises:
        ValueError: With the first problem.
    """
    named = [*key, *observed]
    twice = _repeated(named)
    if twice:
        raise ValueError(f"key, time, target and in_stock_column use the same column: {', '.join(twice)}")
    added = sorted(set(named) & set(working))
    if added:
        raise ValueError(f"key, time and target cannot be named {', '.join(added)}. Rename the column")
    reserved = sorted(name for name in key if name.lower() in {*RESERVED_COLUMNS, *PARTITION_KEYS})
    if reserved:
        raise ValueError(
            f"key: Glue, Hive or Athena reserve the column name {', '.join(reserved)}. Rename the key column"
        )
    alike = sorted(name for name in key if [each.lower() for each in key].count(name.lower()) > 1)
    if alike:
        raise ValueError(f"key: Glue does not distinguish the columns {', '.join(alike)}. Rename one of them")
    taken = sorted(name for name in key if name.lower() in set(outputs))
    if taken:
        raise ValueError(f"key: the forecasts have output columns named {', '.join(taken)}. Rename the key column")


def check_covariates(settings: Mapping[str, Sequence[str]], demand: Collection[str]) -> None:
    """Check that settings of covariates name each column once, and no column of the demand.

    Args:
        settings: Values such as `price=hold`, by the name of the setting.
        demand: Columns of the demand.

    Raises:
        ValueError: With the first problem.
    """
    for name, values in settings.items():
        columns = [each.rpartition("=")[0] for each in values]
        twice = _repeated(columns)
        if twice:
            raise ValueError(f"{name}: {', '.join(twice)} has several. Keep one")
        taken = sorted(set(demand) & set(columns))
        if taken:
            raise ValueError(f"{name}: {', '.join(taken)} is no covariate, but a key, time or target. Remove it")


def check_calendar(
    frequency: str | None, *, time_zone: str | None, day_begins_at: int, country: str | None, label: PeriodLabel
) -> None:
    """Check that the settings of times fit the frequency.

    Args:
        frequency: Name of the calendar; None if the job infers it.
        time_zone: Zone of the periods.
        day_begins_at: Hour at which a day begins.
        country: Country of the public holidays.
        label: Whether the begin or the end of a period labels it.

    Raises:
        ValueError: With the first problem.
    """
    dated = frequency is not None and frequency != NUMBERED
    if time_zone is not None and not dated:
        raise ValueError("time_zone: needs the frequency, which decides whether times of day count. Set it, too")
    if frequency == NUMBERED and country is not None:
        raise ValueError(f"country_holidays: numbered periods (frequency={NUMBERED}) have no date. Remove it")
    calendar = calendar_of(str(frequency)) if dated and not is_partial(str(frequency)) else None
    if calendar is not None:
        try:
            labeled(calendar, label)
        except ValueError as error:
            raise ValueError(f"period_label: {error}") from None
    is_sub_daily = calendar is not None and calendar.is_sub_daily
    if day_begins_at and (is_sub_daily or not dated):
        raise ValueError("day_begins_at: it needs a frequency of days or longer periods. Set frequency")
    if time_zone is not None and calendar is not None and is_sub_daily:
        try:
            in_zone(calendar, zoneinfo.ZoneInfo(time_zone))
        except ValueError as error:
            raise ValueError(f"time_zone: {error}") from None


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
