"""Parts of a day in a time zone: UTC numbers the periods, and the clocks of the zone show where they begin."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

from contract.calendar.frequencies import Calendar

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
WEEKS = [FIRST + timedelta(weeks=week) for week in range(522)]  # ten years, and no clock change lasts less than a week


def in_zone(calendar: Calendar, zone: tzinfo) -> Calendar:
    """Return a calendar whose periods begin when the clocks of a zone show their begin: hours at the full hour.

    Args:
        calendar: The calendar in UTC. Days and longer periods are local, and stay as they are.
        zone: The zone.

    Raises:
        ValueError: If clock changes move the begins, as those of one hour do with periods of two hours.
    """
    if not calendar.is_sub_daily:
        return calendar
    minutes = {(week.astimezone(zone).utcoffset() or timedelta()) // timedelta(minutes=1) for week in WEEKS}
    phases = {-each % calendar.step for each in minutes}
    if len(phases) > 1:
        raise ValueError(
            f"clock changes of the zone move the begins of periods of {calendar.name}. Write the local times without "
            "their zone and remove time_zone, or set frequency to D"
        )
    return replace(calendar, phase=phases.pop())
