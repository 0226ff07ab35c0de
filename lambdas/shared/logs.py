"""One line of JSON an invocation, with the run it was about: what CloudWatch Logs Insights searches."""

import functools
import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

Event = TypeVar("Event", bound=Mapping[str, object])
Answer = TypeVar("Answer")


def logged(handler: Callable[[Event, object], Answer]) -> Callable[[Event, Any], Answer]:
    """Makes a handler write a line when it is done, or what it raised."""

    @functools.wraps(handler)
    def wrapped(event: Event, context: Any) -> Answer:  # noqa: ANN401 (Lambda's own)
        begun = time.monotonic()
        fields = {"function": context.function_name, "request_id": context.aws_request_id, **about(event)}
        try:
            answer = handler(event, context)
        except Exception as error:
            seconds = round(time.monotonic() - begun, 3)
            write("ERROR", str(error), **fields, error=type(error).__name__, seconds=seconds)
            raise
        planned = about({"plan": answer}) if isinstance(answer, dict) else {}
        write("INFO", "done", **{**planned, **fields}, seconds=round(time.monotonic() - begun, 3))
        return answer

    return wrapped


def about(event: Mapping[str, object]) -> dict[str, str]:
    """The run that an event is about, as far as it says so.

    Args:
        event: The state machine's data, or what else calls a function.
    """
    # It may be the data of a state machine, or an event of another service.
    state: Any = event.get("data", event)
    plan, job = state.get("plan") or {}, state.get("job") or {}
    found = {
        "execution": (state.get("execution") or {}).get("id") or (state.get("detail") or {}).get("executionArn"),
        "partition": plan.get("partition"),
        "cutoff": (state.get("run") or {}).get("cutoff") or (state.get("claim") or {}).get("cutoff"),
        "run_id": job.get("name"),
        # Before there is a job: what its name will begin with.
        "job_name": job.get("name") or plan.get("job_name"),
    }
    return {name: value for name, value in found.items() if value}


def write(level: str, message: str, **fields: object) -> None:
    """Writes one line.

    Args:
        level: `INFO`, `WARNING` or `ERROR`.
        message: For people.
        **fields: What a machine may look for.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"timestamp": now, "level": level, "message": message, **fields}
    sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()
