"""Lets worker processes load beside the job's own start."""

from job_code.config import ForecastConfig
from job_code.features.training_rows import FEW_ROWS, WORTH_PROCESSES
from job_code.runtime.process_pool import available_cores, load_early

MODULES = ("job_code.entrypoints.worker_modules",)


def load_workers_early(config: ForecastConfig) -> None:
    """Begin to load what workers need, where even little demand gives them fits to do.

    Args:
        config: Says how many trees a fit has.
    """
    if available_cores() > 1 and config.trees * FEW_ROWS >= WORTH_PROCESSES:
        load_early(MODULES)
