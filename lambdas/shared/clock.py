"""The local date and time in the environment's time zone."""

from datetime import UTC, date, datetime

from dateutil import tz  # type: ignore[import-untyped]

from contract.calendar.frequencies import calendar_of


def local_date(moment: datetime, *, time_zone: str) -> date:
    """Return the local date at a time.

    Args:
        moment: Time with a zone.
        time_zone: IANA name.

    Raises:
        ValueError: If the time zone is unknown, with the fix in one line.
    """
    return local_time(moment, time_zone=time_zone).date()


def local_time(moment: datetime, *, time_zone: str) -> datetime:
    """Return the local time, without its zone. The arguments and errors are those of `local_date`."""
    # dateutil is a dependency of boto3 and has its own time zones, in case the system has none.
    zone = tz.gettz(time_zone)
    # astimezone would read None as the local zone of the system.
    if zone is None:
        raise ValueError(
            f"configuration: the function's time zone data do not contain {time_zone!r}; set schedule.time_zone to an "
            "older name of the zone, or to UTC, deploy, and rerun"
        )
    return moment.astimezone(zone).replace(tzinfo=None)


def due_time(moment: datetime, local: datetime, *, frequency: str, demand_zone: str) -> datetime:
    """Return the time by which periods are complete, as `last_complete_period` takes it.

    Args:
        moment: Time with a zone.
        local: The same time in the schedule's zone, without it.
        frequency: Frequency of the demand.
        demand_zone: The demand's configured zone; empty if there is none. Its hours have labels in UTC.

    Raises:
        ValueError: If the frequency is unknown or partial.
    """
    return moment.astimezone(UTC) if demand_zone and calendar_of(frequency).is_sub_daily else local
