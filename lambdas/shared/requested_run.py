"""The cutoff and the fleet that an execution asks for, by its input and the environment."""

from collections.abc import Mapping
from datetime import date, datetime

from contract.environments.settings import FleetDefaults
from contract.function_errors import InputError
from contract.periods import IN_WORDS, last_complete_period, period_on_or_before
from lambdas.shared.clock import local_date
from lambdas.shared.execution_input import Request


def asked_cutoff(
    request: Request, *, config: Mapping[str, str], time_zone: str, period_label: str, started_at: datetime
) -> date | None:
    """The last observed period, as asked for or as it follows from the scheduled time.

    Args:
        request: What the execution was asked for.
        config: The run's configuration, overrides included.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        started_at: When the execution was started.

    Returns:
        None where it is the last period of the demand.

    Raises:
        InputError: If there is no such period.
    """
    frequency = config.get("frequency", "")
    if request.scheduled_time is not None:
        today = _local_date(request.scheduled_time, time_zone=time_zone)
        try:
            return last_complete_period(today, frequency=frequency, label=period_label)
        except ValueError as error:
            raise InputError([f"configuration: {error}; a scheduled run needs {IN_WORDS}"]) from None
    if request.cutoff is None:
        return None
    today = _local_date(started_at, time_zone=time_zone)
    if request.cutoff > today:
        raise InputError(
            [f"input: cutoff {request.cutoff} lies in the future ({today} today); give an observed period"]
        )
    if frequency not in ("", "W"):
        nearest = period_on_or_before(request.cutoff, frequency=frequency)
        if nearest != request.cutoff:
            raise InputError(
                [f"input: cutoff {request.cutoff} ({request.cutoff:%A}) is no period of {frequency}; {nearest} is one"]
            )
    return request.cutoff


def _local_date(moment: datetime, *, time_zone: str) -> date:
    try:
        return local_date(moment, time_zone=time_zone)
    except ValueError as error:
        raise InputError([str(error)]) from None


def asked_fleet(request: Request, settled: FleetDefaults | None) -> tuple[bool, int | None]:
    """Whether a fleet forecasts, and on how many machines, where that is settled already.

    Args:
        request: What the execution was asked for.
        settled: What the fleet does where an execution does not say; None where there is none.

    Raises:
        InputError: If there is no fleet, and one was asked for.
    """
    asked = request.fleet
    if settled is None:
        if asked:
            raise InputError(["input: fleet: this environment has none; give it a table [fleet] and deploy"])
        return False, None
    if asked is None or isinstance(asked, bool):
        return settled.enabled if asked is None else asked, settled.instances
    return True, asked
