"""Train the models of all customers in worker processes, bundle by bundle."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from job_code.config import ForecastConfig
from job_code.evaluation.cross_fit import MIN_GROUPS
from job_code.many_models.bundle import customers_of
from job_code.many_models.train_bundle import SharedModel, TrainedBundle, train_bundle
from job_code.preparation.training_sample import Sample
from job_code.runtime.process_pool import ProcessPool
from job_code.series.arrays import Booleans

MAX_CUSTOMERS = 200  # of a bundle; a killed machine loses the work of a bundle
BUNDLES_PER_WORKER = 4  # so that the workers end at about the same time


@dataclass(frozen=True, kw_only=True)
class _Task:
    bundle: Sample
    by: tuple[str, ...]
    shared: SharedModel
    config: ForecastConfig


def train_customers(
    sample: Sample, by: Sequence[str], shared: SharedModel, config: ForecastConfig, workers: ProcessPool
) -> Iterator[TrainedBundle]:
    """Train and compare the models of all customers.

    Args:
        sample: All series of all customers, sorted by key.
        by: The first key columns, which identify a customer.
        shared: The global model and the windows.
        config: Model settings of the own models.
        workers: The processes. Each trains one bundle at a time, in one thread.

    Yields:
        The results of the bundles, in the order of the keys.
    """
    tasks = [
        _Task(bundle=sample.select(series), by=tuple(by), shared=shared, config=config)
        for series in split_into_bundles(sample, by, workers=workers.count)
    ]
    yield from workers.map(_train, tasks)


def split_into_bundles(sample: Sample, by: Sequence[str], *, workers: int) -> list[Booleans]:
    """Divide the customers into bundles of about equally many values. A bundle has enough customers to compare them.

    Args:
        sample: All series of all customers, sorted by key.
        by: The first key columns, which identify a customer.
        workers: Number of processes that work at a time.

    Returns:
        For each bundle, whether it has each series, shape (series,).
    """
    customers = list(customers_of(sample, by))
    wanted = max(-(-len(customers) // MAX_CUSTOMERS), BUNDLES_PER_WORKER * workers)
    count = max(1, min(wanted, len(customers) // MIN_GROUPS))
    values = np.cumsum([int(sample.panel.lengths[customer.series].sum()) for customer in customers])
    number = np.minimum((values - 1) * count // values[-1], count - 1)
    return [
        np.logical_or.reduce([customers[at].series for at in np.flatnonzero(number == bundle)])
        for bundle in np.unique(number).tolist()
    ]


def _train(task: _Task) -> TrainedBundle:
    return train_bundle(task.bundle, task.by, task.shared, task.config)
