"""The last state of a failed execution: it fails with what broke, so that a redrive begins here and goes on from it.

A Fail state could do the former, not the latter: redriven, it would fail again.
"""

from collections.abc import Mapping
from typing import Any, Literal

from lambdas.observation.logs import logged

# With the same files, these would end the same way: the job has to run once more.
NEEDS_A_NEW_JOB = ("IncompleteRun",)


@logged
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answers the state machine's Failed state."""
    return {"from": resume({**event["data"], **event})}


def resume(state: Mapping[str, Any]) -> Literal["start", "check"]:
    """Tells where a redriven execution goes on.

    Args:
        state: `failure`; `redrives` so far, and `redrives_before`, when it failed; `job` as far as it got.

    Returns:
        `check` where a job has completed and what failed came after it, so that nothing is trained twice; else `start`.

    Raises:
        Exception: Of the failure's name, with its cause, where the execution has not been redriven.
    """
    failure = state["failure"]
    if state["redrives"] == state["redrives_before"]:
        raise type(str(failure["error"]), (Exception,), {})(failure["cause"])
    completed = (state.get("job") or {}).get("status") == "Completed"
    return "check" if completed and failure["error"] not in NEEDS_A_NEW_JOB else "start"
