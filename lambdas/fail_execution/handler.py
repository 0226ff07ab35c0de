"""The last state of a failed execution: it fails with what broke, so that a redrive begins here and goes on from it.

A Fail state could do the former, not the latter: redriven, it would fail again.
"""

from typing import Literal

from contract.function_errors import IncompleteRun
from contract.state.run_state import FailedEvent, RunState
from lambdas.shared.logs import logged

ResumeAt = Literal["start", "fleet", "check"]
# With the same files, these would end the same way: the job has to run once more.
NEEDS_A_NEW_JOB = (IncompleteRun.__name__,)


@logged
def handler(event: FailedEvent, _context: object) -> dict[str, ResumeAt]:
    """Answers the state machine's Failed state."""
    return {"from": resume(event)}


def resume(event: FailedEvent) -> ResumeAt:
    """Tells where a redriven execution goes on.

    Args:
        event: The failure, the redrives, and the data of the execution.

    Returns:
        `check` where all jobs have completed and what failed came after them, so that nothing is done twice; `fleet`
        where the one has that hands over to it; else `start`.

    Raises:
        Exception: Of the failure's name, with its cause, where the execution has not been redriven.
    """
    failure, state = event["failure"], event["data"]
    if event["redrives"] == event["redrives_before"]:
        raise type(str(failure["error"]), (Exception,), {})(failure["cause"])
    if not _completed(state, "job") or failure["error"] in NEEDS_A_NEW_JOB:
        return "start"
    by_fleet = "plan" in state and state["plan"]["fleet"]
    return "fleet" if by_fleet and not _completed(state, "fleet_job") else "check"


def _completed(state: RunState, job: Literal["job", "fleet_job"]) -> bool:
    return job in state and state[job]["status"] == "Completed"
