"""Whether a fleet forecasts, by the execution's input and the environment."""

from contract.environments.settings import FleetDefaults
from lambdas.shared.errors import InputError
from lambdas.shared.execution_input import Request


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
