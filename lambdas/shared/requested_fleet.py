"""Whether a fleet forecasts, by the execution's input and the environment."""

from collections.abc import Mapping
from typing import Any

from .execution_input import InputError, Request


def asked_fleet(request: Request, settled: Mapping[str, Any] | None) -> tuple[bool, int | None]:
    """Whether a fleet forecasts, and on how many machines, where that is settled already.

    Args:
        request: What the execution was asked for.
        settled: The fleet's `enabled` (whether it forecasts where an execution does not say) and `instances` (None: as
            many as it takes); None where there is none.

    Raises:
        InputError: If there is no fleet, and one was asked for.
    """
    asked = request.fleet
    if settled is None:
        if asked:
            raise InputError(["input: fleet: this environment has none; give it a table [fleet] and deploy"])
        return False, None
    if asked is None or isinstance(asked, bool):
        return bool(settled["enabled"] if asked is None else asked), settled["instances"]
    return True, asked
