"""How much series usually change from one period to the next: the unit in which errors are measured.

A series with a short history borrows from the others, so that one odd period does not decide its intervals.
"""

import numpy as np

from job_code.series.arrays import Floats, Integers
from job_code.series.panel import Panel

BORROWED_CHANGES = 4
SMALLEST_CHANGE = 0.02  # of the series' size: a series that stood still may yet move


def usual_change(panel: Panel, typical: float) -> Floats:
    """How much a series usually changes from one period to the next: the mean absolute change over its last year.

    A series of a few periods has shown little of it: what is usual, relative to its size, among the others counts as
    much as `BORROWED_CHANGES` changes of its own.

    Args:
        panel: The series.
        typical: What `typical_change` gave for many of them.

    Returns:
        Shape (series,); 0 only for a series without demand in its last year.
    """
    total, counted, size = _changes(panel)
    shrunk = (total + BORROWED_CHANGES * typical * size) / (counted + BORROWED_CHANGES)
    usual: Floats = np.maximum(shrunk, SMALLEST_CHANGE * size)
    return usual


def typical_change(panel: Panel, weight: Floats) -> float:
    """What is usual among series: the median mean absolute change over the last year, relative to their size.

    Args:
        panel: The series.
        weight: How much each series counts, shape (series,).
    """
    total, counted, size = _changes(panel)
    telling = (counted > 0) & (size > 0) & (weight > 0)
    if not telling.any():
        return 1.0
    relative = total[telling] / counted[telling] / size[telling]
    return float(np.quantile(relative, 0.5, weights=weight[telling], method="inverted_cdf"))


def _changes(panel: Panel) -> tuple[Floats, Integers, Floats]:
    """Sum and number of the absolute changes of each series over its last year, and its mean absolute demand then."""
    change = np.abs(np.diff(panel.values, prepend=panel.values[:1]))
    told = panel.observed & np.concatenate([[False], panel.observed[:-1]])  # what was estimated has not changed
    told[panel.starts] = False  # the first value is no change
    year = panel.frequency.per_year
    periods = np.minimum(panel.lengths, year)
    total = panel.mean_of_last(np.where(told, change, 0.0), year) * periods
    counted = np.round(panel.mean_of_last(told.astype(np.float64), year) * periods).astype(np.int64)
    return total, counted, panel.mean_of_last(np.abs(panel.values), year)
