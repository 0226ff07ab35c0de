"""The last state of a failed execution: it fails with what broke, so that a redrive begins here and goes on from it.

A Fail state could do the former, not the latter: redriven, it would fail again.
"""

from collections.abc import Mapping
from typing import Any, Literal

from lambdas.shared.logs import logged

# With the same files, these would end the same way: the job has to run once more.
NEEDS_A_NEW_JOB = ("IncompleteRun",)


@logged
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answers the state machine's Failed state."""
    return {"from": resume({**event["data"], **event})}


def resume(state: Mapping[str, Any]) -> Literal["start", "fleet", "check"]:
    """Tells where a redriven execution goes on.

    Args:
        state: `failure`; `redrives` so far, and `redrives_before`, when it failed; `job` as far as it got.

    Returns:
        `check` where all jobs have completed and what failed came after them, so that nothing is done twice; `fleet`
        where the one has that hands over to it; else `start`.

    Raises:
        Exception: Of the failure's name, with its cause, where the execution has not been redriven.
    """
    failure = state["failure"]
    if state["redrives"] == state["redrives_before"]:
        raise type(str(failure["error"]), (Exception,), {})(failure["cause"])
    if not _completed(state, "job") or failure["error"] in NEEDS_A_NEW_JOB:
        return "start"
    by_fleet = (state.get("plan") or {}).get("fleet", False)
    return "fleet" if by_fleet and not _completed(state, "fleet_job") else "check"


def _completed(state: Mapping[str, Any], job: str) -> bool:
    return bool((state.get(job) or {}).get("status") == "Completed")
