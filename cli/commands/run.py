"""`onejob run`."""

from cli.options import takes
from cli.rehearsal.request import RehearsalRequest


@takes(RehearsalRequest)
def run(request: RehearsalRequest) -> int:
    """Deploy to the local cloud on this computer, run, and download the forecasts.

    Deploys the environment, uploads your demand or synthetic demand, and runs the state machine. Needs no AWS account.
    Exits with 1 if the run failed and with 2 if the input is invalid.
    """
    from cli.rehearsal.run_rehearsal import rehearse

    return rehearse(request)
