"""`onejob run`."""

from cli.options import takes
from cli.rehearsal.request import RehearsalRequest


@takes(RehearsalRequest)
def run(request: RehearsalRequest) -> int:
    """Rehearse the weekly run in a cloud on this machine, and show the forecasts.

    Deploys the environment, uploads your demand or synthetic demand, and runs the state machine. Needs no AWS account.
    Exits with 1 if the run failed, with 2 if the input is at fault.
    """
    from cli.rehearsal.run_rehearsal import rehearse

    return rehearse(request)
