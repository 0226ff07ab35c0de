"""The last run of each partition: counts by status, and a table with the runs that need action first."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lambdas.shared.registry_record import OPEN, Run, Status
from lambdas.shared.registry_table import RunTable

from .rows import runs_as_html

CONCURRENT_READS = 32
SHOWN = 50
NO_RUN = "without a run"
NEEDS_ACTION: tuple[Status, ...] = ("failed", "pending_approval", "aborted", "expired")


def latest_runs(table: RunTable, partitions: Sequence[str]) -> list[Run]:
    """Return the run of each partition that was attempted last; without attempts if there is none.

    Args:
        table: The run registry.
        partitions: Names of the partitions.
    """
    with ThreadPoolExecutor(CONCURRENT_READS) as reads:
        return list(reads.map(table.last_attempted, partitions))


def partitions_as_html(runs: Sequence[Run], *, region: str) -> str:
    """Return a line of counts and a table of the first runs, as HTML.

    Args:
        runs: The last run of each partition.
        region: Region of the deployment, for the links.
    """
    counted = Counter(_status(run) for run in runs)
    counts = ", ".join(f"{count:,} {status}" for status, count in counted.most_common())
    shown = sorted((run for run in runs if run.attempts), key=lambda run: (_rank(run), run.partition))
    page = f"<p>{len(runs):,} partitions{f': {counts}' if counts else ''}</p>"
    page += runs_as_html(shown[:SHOWN], region=region, with_partition=True)
    return page if len(shown) <= SHOWN else f"{page}<p>... and {len(shown) - SHOWN:,} more</p>"


def _status(run: Run) -> str:
    return run.last.status if run.last is not None else NO_RUN


def _rank(run: Run) -> int:
    status = _status(run)
    return 0 if status in NEEDS_ACTION else 1 if status in OPEN else 2
