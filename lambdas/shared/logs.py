"""One JSON line per invocation with the run it belongs to, for CloudWatch Logs Insights."""

import functools
import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

Event = TypeVar("Event", bound=Mapping[str, object])
Answer = TypeVar("Answer")


def log_invocation(handler: Callable[[Event, object], Answer]) -> Callable[[Event, Any], Answer]:
    """Wrap a handler so that it logs one line when it ends, with its error if it raised one."""

    @functools.wraps(handler)
    def wrapped(event: Event, context: Any) -> Answer:  # noqa: ANN401 (Lambda's own)
        started = time.monotonic()
        fields = {"function": context.function_name, "request_id": context.aws_request_id, **run_context(event)}
        try:
            answer = handler(event, context)
        except Exception as error:
            seconds = round(time.monotonic() - started, 3)
            write("ERROR", str(error), **fields, error=type(error).__name__, seconds=seconds)
            raise
        planned = run_context({"plan": answer}) if isinstance(answer, dict) else {}
        write("INFO", "done", **{**planned, **fields}, seconds=round(time.monotonic() - started, 3))
        return answer

    return wrapped


def run_context(event: Mapping[str, object]) -> dict[str, str]:
    """Return the fields that identify the run of an event.

    Args:
        event: Data of the state machine, or another caller's event.
    """
    # A state machine's data, or an event of another service.
    state: Any = event.get("data", event)
    plan, job = state.get("plan") or {}, state.get("job") or {}
    found = {
        "execution": (state.get("execution") or {}).get("id") or (state.get("detail") or {}).get("executionArn"),
        "partition": plan.get("partition"),
        "cutoff": (state.get("run") or {}).get("cutoff") or (state.get("claim") or {}).get("cutoff"),
        "run_id": job.get("name"),
        # Before the job starts, only the prefix of its name is known.
        "job_name": job.get("name") or plan.get("job_name"),
    }
    return {name: value for name, value in found.items() if value}


def write(level: str, message: str, **fields: object) -> None:
    """Write one line.

    Args:
        level: `INFO`, `WARNING` or `ERROR`.
        message: Text for people.
        **fields: Fields for queries.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"timestamp": now, "level": level, "message": message, **fields}
    sys.stdout.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()
