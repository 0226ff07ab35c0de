"""Quantiles from how far the model was off in the backtest, by step of the horizon and kind of series.

Errors are measured relative to how much a series usually changes from one period to the next, so that those of
calm and of nervous series, large and small, can be pooled.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Self

import numpy as np

from job_code.panel import Floats, Integers, Panel

KINDS = ("smooth", "mixed", "intermittent")
ZERO_SHARE_EDGES = (0.05, 0.5)  # shares of zeros at which the next kind begins
LEAST_ERRORS = 200  # below it the tails of a distribution are guesswork: neighbouring steps are pooled first
BORROWED_CHANGES = 4
SMALLEST_CHANGE = 0.02  # of the series' size: a series that stood still may yet move
NORMAL_TO_MEAN_CHANGE = 0.886  # standard deviation of a random walk's step over its mean absolute step, E|x| = 0.798 s


@dataclass(frozen=True)
class ErrorDistribution:
    """Offsets from the expected demand to its quantiles.

    Attributes:
        levels: Quantile levels, ascending.
        offsets: In usual changes of a series, shape (kinds, steps, levels), ascending over the levels.
    """

    levels: tuple[float, ...]
    offsets: Floats

    @classmethod
    def measured(cls, errors: Floats, weight: Floats, kind: Integers, levels: tuple[float, ...]) -> Self:
        """Takes the quantiles of a backtest's errors.

        Args:
            errors: Actual minus forecast in usual changes of the series, shape (series, steps).
            weight: How much each entry counts, same shape.
            kind: What `kind_of_series` gave, shape (series,).
            levels: Quantile levels.
        """
        kinds = [
            np.where(np.count_nonzero(weight[kind == k]) >= LEAST_ERRORS, kind == k, True)
            for k in range(len(ZERO_SHARE_EDGES) + 1)
        ]
        tables = [
            [_pooled_quantiles(errors[chosen], weight[chosen], step, levels) for step in range(errors.shape[1])]
            for chosen in kinds
        ]
        return cls(levels, np.asarray(tables))

    @classmethod
    def assumed(cls, levels: tuple[float, ...]) -> Self:
        """A random walk's first step, for demand whose history is too short to measure any error."""
        normal = [NormalDist().inv_cdf(level) / NORMAL_TO_MEAN_CHANGE for level in levels]
        return cls(levels, np.tile(normal, (len(ZERO_SHARE_EDGES) + 1, 1, 1)))

    def quantiles(self, mean: Floats, panel: Panel, change: Floats) -> Floats:
        """Quantiles around expected demand.

        Args:
            mean: Expected demand, shape (series, horizon).
            panel: The series' history.
            change: The series' usual change, shape (series,).

        Returns:
            Shape (series, horizon, levels). Beyond the steps that were measured the spread grows with the square
            root of the step, as that of a random walk does.
        """
        measured = self.offsets.shape[1]
        steps = np.arange(mean.shape[1])
        growth = np.sqrt(np.maximum(steps + 1, measured) / measured)
        offsets = self.offsets[:, np.minimum(steps, measured - 1)] * growth[:, None]
        spread: Floats = change[:, None, None] * offsets[kind_of_series(panel)]
        return mean[:, :, None] + spread


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
    change[panel.starts] = 0.0
    year = panel.frequency.per_year
    total = panel.mean_of_last(change, year) * np.minimum(panel.lengths, year)
    counted = np.minimum(panel.lengths - 1, year)  # the first value is no change
    return total, counted, panel.mean_of_last(np.abs(panel.values), year)


def kind_of_series(panel: Panel) -> Integers:
    """Whether a series is smooth (0), mixed (1) or intermittent (2), by its share of zeros, shape (series,)."""
    return np.digitize(zero_share(panel), ZERO_SHARE_EDGES)


def zero_share(panel: Panel) -> Floats:
    """Share of zeros in the last year of each series, shape (series,)."""
    return panel.mean_of_last((panel.values == 0).astype(np.float64), panel.frequency.per_year)


def _pooled_quantiles(errors: Floats, weight: Floats, step: int, levels: tuple[float, ...]) -> Floats:
    steps = errors.shape[1]
    for reach in range(steps):
        near = slice(max(0, step - reach), step + reach + 1)
        counted = weight[:, near] > 0
        if np.count_nonzero(counted) >= LEAST_ERRORS or (near.start == 0 and near.stop >= steps):
            break
    if not counted.any():
        return np.zeros(len(levels))
    pooled: Floats = np.quantile(
        errors[:, near][counted], levels, weights=weight[:, near][counted], method="inverted_cdf"
    )
    return pooled
