"""Quantiles of the backtest's residuals, by step of the horizon and demand class.

Residuals are divided by their expected size (`scale_model`). Then residuals of calm and volatile, large and small
series can be pooled.
"""

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Self

import numpy as np

from job_code.series.arrays import Floats, Integers
from job_code.series.demand_classes import DEMAND_CLASSES

MIN_RESIDUALS = 200  # fewer do not show the tails of a distribution, so neighboring steps are pooled first
STEPS_TO_REACH = 6  # the quantiles of a step also use the steps up to a sixth of the horizon before and after it
# A normal quantile divided by this is in mean absolute changes. A random walk has 0.798, white noise 1.128.
NORMAL_TO_MEAN_CHANGE = 0.886


@dataclass(frozen=True)
class ResidualQuantiles:
    """Quantiles of residuals that are relative to their expected size.

    Attributes:
        levels: Quantile levels, ascending.
        values: Quantiles, shape (demand classes, steps, levels), ascending along the levels.
    """

    levels: tuple[float, ...]
    values: Floats

    @classmethod
    def fit(
        cls, residuals: Floats, weight: Floats, demand_class: Integers, step: Integers, levels: tuple[float, ...]
    ) -> Self:
        """Compute the quantiles of a backtest's residuals.

        Args:
            residuals: Actual minus forecast, relative to its expected size, shape (rows,).
            weight: Weight of each row, shape (rows,).
            demand_class: Demand class of each row's series, shape (rows,).
            step: Periods ahead, shape (rows,).
            levels: Quantile levels.
        """
        counted = weight > 0
        residuals, weight, demand_class, step = (
            residuals[counted],
            weight[counted],
            demand_class[counted],
            step[counted],
        )
        steps = int(step.max(initial=1))
        tables = []
        for number in range(len(DEMAND_CLASSES)):
            own = demand_class == number
            chosen = own if np.count_nonzero(own) >= MIN_RESIDUALS else np.ones(len(own), dtype=bool)
            tables.append(_by_step(residuals[chosen], weight[chosen], step[chosen], steps, levels))
        return cls(levels, np.asarray(tables))

    @classmethod
    def random_walk_default(cls, levels: tuple[float, ...]) -> Self:
        """Return a random walk's first step, for demand whose history is too short for a backtest."""
        normal = [NormalDist().inv_cdf(level) / NORMAL_TO_MEAN_CHANGE for level in levels]
        return cls(levels, np.tile(normal, (len(DEMAND_CLASSES), 1, 1)))

    def at(self, levels: Floats) -> "ResidualQuantiles":
        """Interpolate the quantiles at other levels for each demand class.

        Args:
            levels: Ascending, shape (demand classes, levels).
        """
        tables = [
            [np.interp(own, self.levels, values) for values in table]
            for own, table in zip(levels, self.values, strict=True)
        ]
        return replace(self, values=np.asarray(tables))

    def quantiles(self, center: Floats, residual_size: Floats, demand_class: Integers, step: Integers) -> Floats:
        """Return quantiles around forecasts.

        Args:
            center: The forecasts, shape (rows,).
            residual_size: Expected size of their residuals, in units of demand, shape (rows,).
            demand_class: Demand class of each row's series, shape (rows,).
            step: Periods ahead, shape (rows,).

        Returns:
            Shape (rows, levels).
        """
        values = self.values[demand_class, np.minimum(step, self.values.shape[1]) - 1]
        quantiles: Floats = center[:, None] + residual_size[:, None] * values
        return quantiles


def _by_step(residuals: Floats, weight: Floats, step: Integers, steps: int, levels: tuple[float, ...]) -> Floats:
    """Compute quantiles at every step, from the residuals of that step and its neighbors, shape (steps, levels)."""
    order = np.argsort(step, kind="stable")
    residuals, weight = residuals[order], weight[order]
    ends = np.searchsorted(step[order], np.arange(steps + 1), side="right")  # number of residuals up to each step
    table = np.zeros((steps, len(levels)))
    for at in range(steps if len(residuals) else 0):
        for reach in range(steps // STEPS_TO_REACH, steps + 1):
            near = slice(ends[max(0, at - reach)], ends[min(steps, at + reach + 1)])
            if near.stop - near.start >= MIN_RESIDUALS or near.stop - near.start == len(residuals):
                break
        table[at] = np.quantile(residuals[near], levels, weights=weight[near], method="inverted_cdf")
    return table
