"""The cutoff and the fleet of a run, from the execution's input and the environment."""

from collections.abc import Mapping
from datetime import date, datetime

from contract.calendar.due import last_complete_period, period_on_or_before
from contract.calendar.frequencies import FREQUENCY_RULE, calendar_of, is_partial
from contract.calendar.labels import LABEL_RULE, Label, label_text
from contract.environments.settings import FleetDefaults
from contract.function_errors import InputError
from lambdas.shared.clock import UnknownZoneError, due_time, local_time, time_in_zone
from lambdas.shared.execution_input import Request


def asked_cutoff(
    request: Request, *, config: Mapping[str, str], time_zone: str, period_label: str, started_at: datetime
) -> Label | None:
    """Return the last observed period, from the request or the scheduled time.

    Args:
        request: The requested run.
        config: Configuration of the run, with overrides.
        time_zone: IANA name of the schedule's zone.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        started_at: Start of the execution.

    Returns:
        The period; None for the last period of the demand.

    Raises:
        InputError: If the period is invalid or in the future.
    """
    frequency, demand_zone = config.get("frequency", ""), config.get("time_zone", "")
    if request.scheduled_time is not None:
        begin = config.get("day_begins_at", "")
        try:
            now = due_time(
                request.scheduled_time,
                frequency=frequency,
                schedule_zone=time_zone,
                demand_zone=demand_zone,
                day_begins_at=int(begin) if begin.isdecimal() else 0,  # the job refuses other values
            )
            return last_complete_period(now, frequency=frequency, label=period_label)
        except UnknownZoneError as error:
            raise InputError([str(error)]) from None
        except ValueError as error:
            raise InputError([f"configuration: {error}; a scheduled run needs {FREQUENCY_RULE}"]) from None
    if request.cutoff is None:
        return None
    now = _local_time(started_at, time_zone=time_zone)
    if _is_after(request.cutoff, now, started_at):
        raise InputError(
            [
                f"input: cutoff {label_text(request.cutoff)} is in the future (today is {now.date()}); "
                "give an observed period"
            ]
        )
    if frequency and not is_partial(frequency):
        _check_label(request.cutoff, frequency, demand_zone=demand_zone)
    return request.cutoff


def _is_after(cutoff: Label, now: datetime, moment: datetime) -> bool:
    """Return whether a cutoff is in the future. Numbers have no date.

    Args:
        cutoff: The requested cutoff.
        now: The local time, without its zone.
        moment: The same time with its zone.
    """
    if isinstance(cutoff, datetime):
        return cutoff > (now if cutoff.tzinfo is None else moment)
    return isinstance(cutoff, date) and cutoff > now.date()


def _check_label(cutoff: Label, frequency: str, *, demand_zone: str) -> None:
    """Check that a cutoff is a label. The hours of demand with a zone have labels in UTC, those of others have none."""
    shown = label_text(cutoff)
    try:
        in_utc = bool(demand_zone) and calendar_of(frequency).is_sub_daily
        same = _in_zone(cutoff, demand_zone) if in_utc else _without_zone(cutoff)
        nearest = label_text(period_on_or_before(same, frequency=frequency))
    except UnknownZoneError as error:
        raise InputError([str(error)]) from None
    except ValueError as error:
        raise InputError([f"input: cutoff {error}; write it as {LABEL_RULE}"]) from None
    if nearest != shown:
        weekday = f" ({cutoff:%A})" if isinstance(cutoff, date) else ""
        periods = f"{frequency} in UTC" if in_utc else frequency
        raise InputError([f"input: cutoff {shown}{weekday} is not a period of {periods}; use {nearest}"])


def _in_zone(label: Label, zone: str) -> Label:
    """Return a label of a part of a day in a zone. Without a zone, it is a local time."""
    if isinstance(label, int):
        return label
    time = label if isinstance(label, datetime) else datetime(label.year, label.month, label.day)  # noqa: DTZ001
    return time_in_zone(time, time_zone=zone)


def _without_zone(label: Label) -> Label:
    return label.replace(tzinfo=None) if isinstance(label, datetime) else label


def _local_time(moment: datetime, *, time_zone: str) -> datetime:
    try:
        return local_time(moment, time_zone=time_zone)
    except ValueError as error:
        raise InputError([str(error)]) from None


def asked_fleet(request: Request, settled: FleetDefaults | None) -> tuple[bool, int | None]:
    """Return whether a fleet forecasts, and its number of instances if already known.

    Args:
        request: The requested run.
        settled: The environment's fleet settings; None if it has no fleet.

    Raises:
        InputError: If the request needs a fleet, and the environment has none.
    """
    asked = request.fleet
    if settled is None:
        if asked:
            raise InputError(["input: fleet: this environment has no fleet; add a table [fleet] and deploy"])
        return False, None
    if asked is None or isinstance(asked, bool):
        return settled.enabled if asked is None else asked, settled.instances
    return True, asked
