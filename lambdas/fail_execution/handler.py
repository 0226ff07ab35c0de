"""The last state of a failed execution: it fails with the cause, so that a redrive starts here and resumes the work.

A Fail state cannot resume: a redriven Fail state fails again.
"""

from typing import Literal

from contract.function_errors import IncompleteRun
from contract.state.run_state import FailedEvent, RunState
from lambdas.shared.logs import log_invocation

ResumeAt = Literal["start", "fleet", "check"]
# The same files would fail the same way, so the job must run again.
NEEDS_A_NEW_JOB = (IncompleteRun.__name__,)


@log_invocation
def handler(event: FailedEvent, _context: object) -> dict[str, ResumeAt]:
    """Handle the state Failed."""
    return {"from": resume(event)}


def resume(event: FailedEvent) -> ResumeAt:
    """Return the state where a redriven execution resumes.

    Args:
        event: The failure, the numbers of redrives, and the data of the execution.

    Returns:
        `check` if all jobs have completed, so that none runs twice; `fleet` if only the training job of a fleet has
        completed; otherwise `start`.

    Raises:
        Exception: If the execution was not redriven; with the failure's name and cause.
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
