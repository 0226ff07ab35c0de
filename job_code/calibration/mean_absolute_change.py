"""The mean absolute change of a series from one period to the next: the unit of its forecast errors.

Of periods shorter than a day, it is the change to the same time of the next day.

A series with a short history is shrunk towards the other series, so that one odd period does not decide its intervals.
"""

import numpy as np

from job_code.series.arrays import Floats, Integers
from job_code.series.panel import Panel

PRIOR_WEIGHT = 4  # changes; the prior counts as much as this many changes of the series itself
MIN_RELATIVE_CHANGE = 0.02  # of the series' mean demand: a series without changes may still move


def mean_absolute_change(panel: Panel, prior: float) -> Floats:
    """Return the mean absolute change of each series over its last year, shrunk towards a prior.

    Args:
        panel: The series.
        prior: Result of `prior_relative_change` for many series.

    Returns:
        In units of demand, shape (series,). It is 0 only for a series without demand in its last year.
    """
    total, count, mean = _changes(panel)
    shrunk = (total + PRIOR_WEIGHT * prior * mean) / (count + PRIOR_WEIGHT)
    change: Floats = np.maximum(shrunk, MIN_RELATIVE_CHANGE * mean)
    return change


def prior_relative_change(panel: Panel, weight: Floats) -> float:
    """Return the median over series of their mean absolute change, relative to their mean demand.

    Args:
        panel: The series.
        weight: Weight of each series, shape (series,).
    """
    total, count, mean = _changes(panel)
    usable = (count > 0) & (mean > 0) & (weight > 0)
    if not usable.any():
        return 1.0
    relative = total[usable] / count[usable] / mean[usable]
    return float(np.quantile(relative, 0.5, weights=weight[usable], method="inverted_cdf"))


def _changes(panel: Panel) -> tuple[Floats, Integers, Floats]:
    """Return sum and number of each series' absolute changes over its last year, and its mean absolute demand."""
    apart = min(panel.frequency.seasons.change, len(panel.values))
    change = np.zeros(len(panel.values))
    change[apart:] = np.abs(panel.values[apart:] - panel.values[: len(change) - apart])
    # A change needs two observed values. The first values of a series have no predecessor.
    before = np.concatenate([np.zeros(apart, dtype=bool), panel.observed[: len(change) - apart]])
    observed = panel.observed & before & (panel.age >= apart)
    year = panel.frequency.window
    periods = np.minimum(panel.lengths, year)
    total = panel.mean_of_last(np.where(observed, change, 0.0), year) * periods
    count = np.round(panel.mean_of_last(observed.astype(np.float64), year) * periods).astype(np.int64)
    return total, count, panel.mean_of_last(np.abs(panel.values), year)
