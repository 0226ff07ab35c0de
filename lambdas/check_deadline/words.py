"""What operators read of runs that are late: pure, so that every case can be tested."""

from collections.abc import Mapping

from contract.names import partitions_machine
from lambdas.shared.registry_record import Run

SHOWN = 10
MAX_REASON = 300


def of_all(run: Run, *, deployment: str, cutoff: str) -> tuple[str, str]:
    """Subject and message of an environment that has but one run at a time.

    Args:
        run: What is known of it.
        deployment: Name of the deployment.
        cutoff: Of the run that is due.
    """
    last = run.last
    if last is None:
        why = (
            "No execution has had it: none was started, or one failed before it had the run. Look at the state "
            "machine's executions, mend what failed, and start one with {}."
        )
    elif last.is_open:
        why = f"Execution {_execution(run)} has been at work on it since {last.started_at}; there is nothing to do yet."
    else:
        ended = f"ended as {last.status} at {last.ended_at}: {_summary(run)}"
        why = f"Execution {_execution(run)} {ended}. See its message for what helps."
    return _subject(deployment, cutoff), (
        f"{deployment}: the forecast from {cutoff} is not published, and should be by now.\n\n"
        f"{why}\n\nReaders go on with the last published run."
    )


def of_many(late: Mapping[str, Run], *, count: int, deployment: str, cutoff: str) -> tuple[str, str]:
    """Subject and message of an environment with partitions: how many, the first of them, and where to look.

    Args:
        late: What is known of those that are late, by partition.
        count: Of all partitions.
        deployment: Name of the deployment.
        cutoff: Of the runs that are due.
    """
    if not count:
        return _subject(deployment, cutoff), (
            f"{deployment}: the forecasts from {cutoff} are not published: no partition has demand, where there should "
            "be some for each by now."
        )
    lines = [f"{partition}: {_in_short(run)}" for partition, run in sorted(late.items())]
    if len(lines) > SHOWN:
        lines[SHOWN:] = [f"... and {len(lines) - SHOWN:,} more"]
    told = "\n".join(lines)
    number = f"{len(late):,} of {count:,}"
    return _subject(deployment, cutoff, f"{number} partitions"), (
        f"{deployment}: of {count:,} partitions {len(late):,} have no published forecast from {cutoff}, and should by "
        f"now.\n\n{told}\n\nThe dashboard {deployment} shows those that need somebody. Mend what failed and start the "
        f"state machine {partitions_machine(deployment)} with {{}}: what is published is not made anew. Readers go on "
        "with the last published run of each."
    )


def _subject(deployment: str, cutoff: str, which: str = "") -> str:
    return f"{deployment}: late: {f'{which} without' if which else 'no'} forecast from {cutoff}"


def _in_short(run: Run) -> str:
    last = run.last
    if last is None:
        return "no execution has had it"
    if last.is_open:
        return f"at work since {last.started_at}, execution {_execution(run)}"
    return f"{last.status} at {last.ended_at}, execution {_execution(run)}: {_summary(run)[:MAX_REASON]}"


def _execution(run: Run) -> str:
    return run.last.execution.rsplit(":", 1)[-1] if run.last else ""


def _summary(run: Run) -> str:
    return str(run.last.details.get("summary", "")).rstrip(".") if run.last else ""
