"""Arithmetic of periods: a moment is a number of minutes since 1970-01-01, and every period has a number.

Every function takes a whole number or an array of them. In a calendar of numbered periods, moments are the numbers.
"""

from typing import Any, TypeVar

from contract.calendar.frequencies import DAY, Calendar

Number = TypeVar("Number", bound=Any)  # an int, or an array of whole numbers

DAYS_FROM_YEAR_0 = 719_468  # 0000-03-01 to 1970-01-01
MONDAY = 3  # days from 1969-12-29, a Monday, to 1970-01-01
BUSINESS_DAYS = 5


def period_at(moment: Number, calendar: Calendar) -> Number:
    """Return the number of the period that contains a moment. Consecutive periods differ by 1.

    A weekend belongs to the business day before it.

    Args:
        moment: Local moment, or UTC for periods shorter than a day.
        calendar: The calendar.
    """
    if calendar.kind == "numbered":
        return moment
    if calendar.kind == "minutes":
        period: Number = (moment - calendar.phase + calendar.lead) // calendar.step
    elif calendar.kind == "business":
        days = moment // DAY + MONDAY
        weekday = days % 7
        period = days // 7 * BUSINESS_DAYS + weekday - weekday // BUSINESS_DAYS * (weekday - BUSINESS_DAYS + 1)
    else:
        period = (_month_of(moment // DAY - (calendar.begin_day - 1)) - calendar.phase) // calendar.step
    return period


def moment_of(period: Number, calendar: Calendar) -> Number:
    """Return the moment that labels a period: the inverse of `period_at`.

    Args:
        period: Number of the period.
        calendar: The calendar.
    """
    if calendar.kind == "numbered":
        return period
    if calendar.kind == "minutes":
        moment: Number = period * calendar.step + calendar.phase
    elif calendar.kind == "business":
        moment = (period // BUSINESS_DAYS * 7 + period % BUSINESS_DAYS - MONDAY) * DAY
    else:
        month = period * calendar.step + calendar.phase
        days = _first_day(month + calendar.step) - 1 if calendar.is_dated_by_end else _first_day(month)
        moment = (days + calendar.begin_day - 1) * DAY
    return moment


def begin_of(period: Number, calendar: Calendar) -> Number:
    """Return the first moment that a period contains.

    Args:
        period: Number of the period.
        calendar: The calendar.
    """
    if calendar.kind == "months" and calendar.is_dated_by_end:
        begin: Number = _first_day(period * calendar.step + calendar.phase) * DAY
    else:
        begin = moment_of(period, calendar) - calendar.lead
    return begin


def _month_of(day: Number) -> Number:
    """Return the months since January of year 0, from days since 1970-01-01.

    Years begin with March, so that a leap day is the last day of its year. Every 146,097 days the calendar repeats.
    """
    since = day + DAYS_FROM_YEAR_0
    era, of_era = since // 146_097, since % 146_097
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month: Number = (year + era * 400) * 12 + (5 * of_year + 2) // 153 + 2
    return month


def _first_day(month: Number) -> Number:
    """Return the first day of a month, in days since 1970-01-01."""
    year, of_year = (month - 2) // 12, (month - 2) % 12
    of_years = 365 * year + year // 4 - year // 100 + year // 400
    day: Number = of_years + (153 * of_year + 2) // 5 - DAYS_FROM_YEAR_0
    return day
