"""The last run of each partition: how many ended how, and those that need somebody first."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lambdas.shared.registry_record import OPEN, Run, Status
from lambdas.shared.registry_table import RunTable

from .rows import runs_as_html

LOOKS_AT_A_TIME = 32
SHOWN = 50
NO_RUN = "without a run"
NEED_SOMEBODY: tuple[Status, ...] = ("failed", "pending_approval", "aborted", "expired")


def latest_runs(table: RunTable, partitions: Sequence[str]) -> list[Run]:
    """The run of each that was worked on last; one without attempts where there is none.

    Args:
        table: The run registry.
        partitions: Their names.
    """
    with ThreadPoolExecutor(LOOKS_AT_A_TIME) as looks:
        return list(looks.map(table.last_attempted, partitions))


def partitions_as_html(runs: Sequence[Run], *, region: str) -> str:
    """A line of counts, and a table of the first runs.

    Args:
        runs: The last of each partition.
        region: Of the deployment, for the links.
    """
    counted = Counter(_status(run) for run in runs)
    told = ", ".join(f"{count:,} {status}" for status, count in counted.most_common())
    shown = sorted((run for run in runs if run.attempts), key=lambda run: (_rank(run), run.partition))
    page = f"<p>{len(runs):,} partitions{f': {told}' if told else ''}</p>"
    page += runs_as_html(shown[:SHOWN], region=region, with_partition=True)
    return page if len(shown) <= SHOWN else f"{page}<p>... and {len(shown) - SHOWN:,} more</p>"


def _status(run: Run) -> str:
    return run.last.status if run.last is not None else NO_RUN


def _rank(run: Run) -> int:
    status = _status(run)
    return 0 if status in NEED_SOMEBODY else 1 if status in OPEN else 2
