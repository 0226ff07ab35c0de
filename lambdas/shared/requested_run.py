"""The cutoff and the fleet of a run, from the execution's input and the environment."""

from collections.abc import Mapping
from datetime import date, datetime

from contract.environments.settings import FleetDefaults
from contract.function_errors import InputError
from contract.periods import FREQUENCY_RULE, last_complete_period, period_on_or_before
from lambdas.shared.clock import local_date
from lambdas.shared.execution_input import Request


def asked_cutoff(
    request: Request, *, config: Mapping[str, str], time_zone: str, period_label: str, started_at: datetime
) -> date | None:
    """Return the last observed period, from the request or the scheduled time.

    Args:
        request: The requested run.
        config: Configuration of the run, with overrides.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        started_at: Start of the execution.

    Returns:
        The period; None for the last period of the demand.

    Raises:
        InputError: If the period is invalid or in the future.
    """
    frequency = config.get("frequency", "")
    if request.scheduled_time is not None:
        today = _local_date(request.scheduled_time, time_zone=time_zone)
        try:
            return last_complete_period(today, frequency=frequency, label=period_label)
        except ValueError as error:
            raise InputError([f"configuration: {error}; a scheduled run needs {FREQUENCY_RULE}"]) from None
    if request.cutoff is None:
        return None
    today = _local_date(started_at, time_zone=time_zone)
    if request.cutoff > today:
        raise InputError(
            [f"input: cutoff {request.cutoff} is in the future (today is {today}); give an observed period"]
        )
    if frequency not in ("", "W"):
        nearest = period_on_or_before(request.cutoff, frequency=frequency)
        if nearest != request.cutoff:
            raise InputError(
                [f"input: cutoff {request.cutoff} ({request.cutoff:%A}) is not a period of {frequency}; use {nearest}"]
            )
    return request.cutoff


def _local_date(moment: datetime, *, time_zone: str) -> date:
    try:
        return local_date(moment, time_zone=time_zone)
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
