"""Start the worker processes of a large run before this process imports its libraries."""

from collections.abc import Mapping
from pathlib import Path

from contract.job_start import DEMAND
from job_code.errors import InputError
from job_code.files.find_files import find_files
from job_code.runtime.process_pool import ProcessPool, available_cores

# Size of the demand files. A smaller run takes seconds, and starting processes would slow down its own imports.
WORTH_PROCESSES = 500_000  # bytes


def workers_for(inputs: Mapping[str, Path]) -> ProcessPool:
    """Create a pool with one process per core.

    For a large input, start the processes now. They import the job's libraries at the same time as this process.

    Args:
        inputs: File or folder of each input, by name.
    """
    workers = ProcessPool(available_cores())
    if DEMAND in inputs and _bytes_of(inputs[DEMAND]) >= WORTH_PROCESSES:
        workers.preload("job_code.entrypoints.run")
    return workers


def _bytes_of(path: Path) -> int:
    try:
        return sum(file.stat().st_size for file in find_files(path, source=DEMAND).inputs.values())
    except (InputError, OSError):
        return 0  # the run reports it
