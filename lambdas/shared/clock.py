"""The local date and time in the environment's time zone."""

from datetime import date, datetime, timedelta, tzinfo

from dateutil import tz  # type: ignore[import-untyped]

from contract.calendar.frequencies import calendar_of

SCHEDULE_ZONE, DEMAND_ZONE = "schedule.time_zone", "forecast.time_zone"  # the settings


class UnknownZoneError(ValueError):
    """A time zone is unknown. The message has the fix in one line."""


def local_date(moment: datetime, *, time_zone: str) -> date:
    """Return the local date at a time.

    Args:
        moment: Time with a zone.
        time_zone: IANA name.

    Raises:
        UnknownZoneError: If the time zone is unknown.
    """
    return local_time(moment, time_zone=time_zone).date()


def local_time(moment: datetime, *, time_zone: str, setting: str = SCHEDULE_ZONE) -> datetime:
    """Return the local time, without its zone.

    Args:
        moment: Time with a zone.
        time_zone: IANA name.
        setting: The setting that has it, for the message.

    Raises:
        UnknownZoneError: If the time zone is unknown.
    """
    return time_in_zone(moment, time_zone=time_zone, setting=setting).replace(tzinfo=None)


def time_in_zone(moment: datetime, *, time_zone: str, setting: str = SCHEDULE_ZONE) -> datetime:
    """Return a time in a zone. A local time without a zone is one of this zone.

    Args:
        moment: Time.
        time_zone: IANA name.
        setting: The setting that has it, for the message.

    Raises:
        UnknownZoneError: If the time zone is unknown.
    """
    zone = _zone(time_zone, setting)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def due_time(moment: datetime, *, frequency: str, schedule_zone: str, demand_zone: str, day_begins_at: int) -> datetime:
    """Return the time by which periods are complete, as `last_complete_period` takes it.

    Args:
        moment: Time with a zone.
        frequency: Frequency of the demand.
        schedule_zone: IANA name of the schedule's zone.
        demand_zone: The demand's configured zone, which precedes the schedule's; empty if there is none. Its
            hours begin as its clocks show.
        day_begins_at: Hour at which a day of the demand begins. Before it, the day before is not over.

    Raises:
        UnknownZoneError: If the time zone is unknown.
        ValueError: If the frequency is unknown or partial.
    """
    if demand_zone and calendar_of(frequency).is_sub_daily:
        return time_in_zone(moment, time_zone=demand_zone, setting=DEMAND_ZONE)
    setting = DEMAND_ZONE if demand_zone else SCHEDULE_ZONE
    local = local_time(moment, time_zone=demand_zone or schedule_zone, setting=setting)
    return local - timedelta(hours=day_begins_at)


def _zone(name: str, setting: str = SCHEDULE_ZONE) -> tzinfo:
    # dateutil is a dependency of boto3 and has its own time zones, in case the system has none.
    zone: tzinfo | None = tz.gettz(name)
    # astimezone would read None as the local zone of the system.
    if zone is None:
        raise UnknownZoneError(
            f"configuration: the function's time zone data do not contain {name!r}; set {setting} to an older name of "
            "the zone, or to UTC, deploy, and rerun"
        )
    return zone
