"""Frequencies by pandas' names: how a name divides time into periods."""

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Literal

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
EPOCH = date(1970, 1, 1)
HOUR, DAY, WEEK = 60, 1_440, 10_080  # minutes
NUMBERED = "1"  # MLForecast's name of integer periods
FREQUENCY_RULE = (
    "15min, 30min, h, D, B, W-MON ... W-SUN, 2W-MON, MS, MS@15, ME, QS-JAN, QE-DEC, YS-JAN, YE-DEC, "
    "or 1 for numbered periods"
)
NAME = re.compile(r"(\d+)?(min|h|D|B|W|[MQY][SE])(?:-([A-Z]{3}))?(?:@(\d{4}-\d{2}-\d{2}|\d{1,2}))?")
MINUTES = {"min": 1, "h": HOUR, "D": DAY, "W": WEEK}
SPAN = {"M": 1, "Q": 3, "Y": 12}  # months
UNITS = {15: "quarter hour", 30: "half hour", HOUR: "hour", DAY: "day", WEEK: "week"}
UNITS_OF_MONTHS = {1: "month", 3: "quarter", 12: "year"}
MAX_TIMES = 9_999
SHORTEST_MONTH = 28  # days; no month may begin later

Kind = Literal["minutes", "business", "months", "numbered"]
PeriodLabel = Literal["start", "end"]


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """How a frequency divides time.

    Attributes:
        name: Canonical name of the frequency.
        kind: `minutes` for periods of equal length, `business` for Monday to Friday, `months`, or `numbered`.
        unit: Name of a period in messages: `hour`, `week`, `quarter`; `period` for one without a name.
        step: Length of a period, in minutes or months.
        phase: Begin of period 0: minutes since 1970-01-01, or months since year 0.
        is_dated_by_end: Whether the last day of a period labels it, or the end of a period shorter than a day.
        begin_day: Day of the month on which months begin, from 1.
    """

    name: str
    kind: Kind
    unit: str
    step: int = 1
    phase: int = 0
    is_dated_by_end: bool = False
    begin_day: int = 1

    @property
    def is_sub_daily(self) -> bool:
        """Whether several periods can be in one day."""
        return self.kind == "minutes" and self.step < DAY

    @property
    def lead(self) -> int:
        """Minutes from the begin of a period to its label. Months have none: their length differs."""
        if self.kind != "minutes" or not self.is_dated_by_end:
            return 0
        return self.step - (1 if self.is_sub_daily else DAY)


@lru_cache(maxsize=256)
def calendar_of(frequency: str) -> Calendar:
    """Return the calendar of a frequency.

    Raises:
        ValueError: If the name is unknown, or lacks its weekday, month or begin.
    """
    found = None if is_partial(frequency) else _read(frequency)
    if found is None:
        raise ValueError(f"frequency {frequency!r} does not define the labels of periods; use {FREQUENCY_RULE}")
    return found


def labeled(calendar: Calendar, label: PeriodLabel) -> Calendar:
    """Return a calendar whose periods have another label. The names of months already say which day labels them.

    Args:
        calendar: The calendar. A day and a numbered period are their own begin and end.
        label: `start` if a period's label is its begin, `end` if it is its last day or its end.

    Raises:
        ValueError: If the label is `end`, and the calendar has months with their first day as label.
    """
    if label == "start" or calendar.is_dated_by_end or calendar.kind in ("business", "numbered"):
        return calendar
    if calendar.kind == "months":
        raise ValueError(f"periods of {calendar.name} carry their first day. Set period_label=start")
    return replace(calendar, is_dated_by_end=calendar.step != DAY)


def is_partial(frequency: str) -> bool:
    """Return whether a name lacks its weekday, month or begin, such as `W`, `2W-MON` or `QS`."""
    match = NAME.fullmatch(frequency)
    if match is None:
        return False
    times, base, anchor, begin = match.groups()
    if base in ("D", "W") and int(times or 1) > 1:
        return begin is None
    return anchor is None and (base == "W" or base[0] in "QY")


def canonical_name(frequency: str) -> str:
    """Return the one name of a frequency: `h` for `60min`, `QS-JAN` for `QS-APR`. A partial name stays as it is.

    Raises:
        ValueError: If the name is unknown.
    """
    if is_partial(frequency):
        times, base, anchor, begin = parts_of(frequency)
        is_valid = begin is None and (anchor is None or anchor in WEEKDAYS) and 1 <= times <= MAX_TIMES
        if is_valid and (base[0] not in "QY" or times == 1):
            return f"{times if times > 1 else ''}{base}{f'-{anchor}' if anchor else ''}"
    elif (found := _read(frequency)) is not None:
        return found.name
    raise ValueError(f"{frequency!r} is not a known frequency. Use {FREQUENCY_RULE}")


def parts_of(frequency: str) -> tuple[int, str, str | None, str | None]:
    """Return the parts of a name that matches `NAME`: multiple, base, weekday or month, and begin."""
    match = NAME.fullmatch(frequency)
    assert match is not None
    times, base, anchor, begin = match.groups()
    return int(times or 1), base, anchor, begin


def _read(frequency: str) -> Calendar | None:
    """Return the calendar of a name that is not partial; None if the name is unknown."""
    if frequency == NUMBERED:
        return Calendar(name=NUMBERED, kind="numbered", unit="period")
    if NAME.fullmatch(frequency) is None:
        return None
    times, base, anchor, begin = parts_of(frequency)
    if base in MINUTES:
        return _of_minutes(times * MINUTES[base], base, anchor, begin) if 1 <= times <= MAX_TIMES else None
    if times != 1:
        return None
    if base == "B":
        return None if anchor or begin else Calendar(name="B", kind="business", unit="business day", step=DAY)
    return _of_months(base, anchor, begin)


def _of_minutes(step: int, base: str, anchor: str | None, begin: str | None) -> Calendar | None:
    unit = UNITS.get(step, "period")
    if base in ("min", "h"):
        if anchor or begin or step > DAY or DAY % step:
            return None
        name = {HOUR: "h", DAY: "D"}.get(step, f"{step // HOUR}h" if step % HOUR == 0 else f"{step}min")
        return Calendar(name=name, kind="minutes", unit=unit, step=step)
    if base == "D":
        if anchor:
            return None
        return Calendar(name="D", kind="minutes", unit=unit, step=step) if step == DAY else _begun(step, "D", begin)
    if anchor not in WEEKDAYS:
        return None
    weekday = WEEKDAYS.index(anchor)
    if step == WEEK:
        phase = (weekday - EPOCH.weekday()) % 7 * DAY
        return None if begin else Calendar(name=f"W-{anchor}", kind="minutes", unit=unit, step=step, phase=phase)
    found = _begun(step, f"W-{anchor}", begin)
    return found if found is not None and date.fromisoformat(str(begin)).weekday() == weekday else None


def _begun(step: int, base: str, begin: str | None) -> Calendar | None:
    """Return a calendar with several days or weeks in a period. Its name has the first label from 1970-01-01 on."""
    try:
        days = (date.fromisoformat(begin or "") - EPOCH).days
    except ValueError:
        return None
    phase = days * DAY % step
    times = step // (WEEK if base.startswith("W") else DAY)
    first = date.fromordinal(EPOCH.toordinal() + phase // DAY)
    return Calendar(name=f"{times}{base}@{first}", kind="minutes", unit="period", step=step, phase=phase)


def _of_months(base: str, anchor: str | None, begin: str | None) -> Calendar | None:
    step, is_dated_by_end = SPAN[base[0]], base[1] == "E"
    begin_day = int(begin) if begin is not None and begin.isdecimal() else 1
    if begin is not None and (is_dated_by_end or not begin.isdecimal() or not 1 <= begin_day <= SHORTEST_MONTH):
        return None
    if (anchor is None) != (step == 1) or (anchor is not None and anchor not in MONTHS):
        return None
    month = MONTHS.index(anchor) if anchor else 0
    # QS-JAN begins with January, QE-DEC ends with December.
    phase = (month + 1 if is_dated_by_end else month) % step
    shown = (phase - 1) % step + 12 - step if is_dated_by_end else phase
    return Calendar(
        name=(base if step == 1 else f"{base}-{MONTHS[shown]}") + (f"@{begin_day}" if begin_day > 1 else ""),
        kind="months",
        unit=UNITS_OF_MONTHS[step],
        step=step,
        phase=phase,
        is_dated_by_end=is_dated_by_end,
        begin_day=begin_day,
    )
