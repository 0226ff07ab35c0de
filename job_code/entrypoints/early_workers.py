"""The processes of a run, started before the run's own libraries are imported where there is much to do."""

from collections.abc import Mapping
from pathlib import Path

from contract.job_start import DEMAND
from job_code.runtime.process_pool import Workers, available_cores

# Of demand files. Below, a run takes seconds, and processes that import the same libraries would slow its start.
WORTH_PROCESSES = 500_000  # bytes


def workers_for(inputs: Mapping[str, Path]) -> Workers:
    """Make a pool of one process a core.

    Of a large input, the processes start now: they import the job's libraries while this process does.

    Args:
        inputs: File or folder of each input, by name.
    """
    workers = Workers(available_cores())
    if DEMAND in inputs and _bytes_of(inputs[DEMAND]) >= WORTH_PROCESSES:
        workers.preload("job_code.entrypoints.run")
    return workers


def _bytes_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
