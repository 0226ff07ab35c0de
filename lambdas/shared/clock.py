"""What day it is in the environment's time zone."""

from datetime import date, datetime

from dateutil import tz  # type: ignore[import-untyped]


def local_date(moment: datetime, *, time_zone: str) -> date:
    """The day of a moment.

    Args:
        moment: With a time zone.
        time_zone: IANA name.

    Raises:
        ValueError: If nobody here knows the zone; one line with what to do.
    """
    # dateutil comes with boto3 and brings the time zones along where the system has none.
    zone = tz.gettz(time_zone)
    # astimezone would take None for the zone of the machine.
    if zone is None:
        raise ValueError(
            f"configuration: the function's time zone data do not know {time_zone!r}; set schedule.time_zone to an "
            "older name of the zone, or to UTC, deploy, and rerun"
        )
    return moment.astimezone(zone).date()
