"""Notifications about late runs. All functions are pure."""

from collections.abc import Mapping

from contract.names import partitions_machine
from lambdas.shared.registry_record import Run

SHOWN = 10
MAX_REASON = 300


def late_run_message(run: Run, *, deployment: str, cutoff: str) -> tuple[str, str]:
    """Return subject and message for an environment without partitions.

    Args:
        run: The run in the registry.
        deployment: Name of the deployment.
        cutoff: Cutoff of the due run.
    """
    last = run.last
    if last is None:
        why = (
            "No execution works on it. Either none was started, or one failed at its beginning. Check the state "
            f'machine\'s executions, fix the failure, and start one with {{"cutoff": "{cutoff}"}}.'
        )
    elif last.is_open:
        why = f"Execution {_execution(run)} has been working on it since {last.started_at}. No action is needed yet."
    else:
        ended = f"ended with status {last.status} at {last.ended_at}: {_summary(run)}"
        why = f"Execution {_execution(run)} {ended}. Its notification has the fix."
    return _subject(deployment, cutoff), (
        f"{deployment}: the forecast with cutoff {cutoff} is not published by its deadline.\n\n"
        f"{why}\n\nReaders keep the last published run."
    )


def late_partitions_message(late: Mapping[str, Run], *, count: int, deployment: str, cutoff: str) -> tuple[str, str]:
    """Return subject and message for an environment with partitions: counts, the first late ones, and the fix.

    Args:
        late: The late runs in the registry, by partition.
        count: Number of all partitions.
        deployment: Name of the deployment.
        cutoff: Cutoff of the due runs.
    """
    if not count:
        return _subject(deployment, cutoff), (
            f"{deployment}: the forecasts with cutoff {cutoff} are not published by their deadline, because no "
            "partition has demand. Upload the demand."
        )
    lines = [f"{partition}: {_in_short(run)}" for partition, run in sorted(late.items())]
    if len(lines) > SHOWN:
        lines[SHOWN:] = [f"... and {len(lines) - SHOWN:,} more"]
    listed = "\n".join(lines)
    number = f"{len(late):,} of {count:,}"
    return _subject(deployment, cutoff, f"{number} partitions"), (
        f"{deployment}: {len(late):,} of {count:,} partitions have no published forecast with cutoff {cutoff} by the "
        f"deadline.\n\n{listed}\n\nThe dashboard {deployment} lists the partitions that need action. Fix the failures, "
        f"then start the state machine {partitions_machine(deployment)} with "
        f'{{"cutoff": "{cutoff}"}}. It skips published partitions. '
        "Readers keep the last published run of each partition."
    )


def _subject(deployment: str, cutoff: str, which: str = "") -> str:
    return f"{deployment}: late: {f'{which} without' if which else 'no'} forecast from {cutoff}"


def _in_short(run: Run) -> str:
    last = run.last
    if last is None:
        return "no execution works on it"
    if last.is_open:
        return f"in progress since {last.started_at}, execution {_execution(run)}"
    return f"{last.status} at {last.ended_at}, execution {_execution(run)}: {_summary(run)[:MAX_REASON]}"


def _execution(run: Run) -> str:
    return run.last.execution.rsplit(":", 1)[-1] if run.last else ""


def _summary(run: Run) -> str:
    return str(run.last.details.get("summary", "")).rstrip(".") if run.last else ""
