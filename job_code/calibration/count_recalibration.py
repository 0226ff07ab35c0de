"""Recalibrate quantiles of counts.

Residuals of different series are pooled on one scale. The counts of each series have another scale, so pooling blurs
their steps. A tenth of the counts need not be below their pooled 10 % quantile. The backtest shows the share of counts
below each level, and this module moves the levels accordingly.
"""

from collections.abc import Sequence

import numpy as np

from job_code.calibration.pit import randomized_pit_bounds
from job_code.calibration.residual_quantiles import MIN_RESIDUALS
from job_code.series.arrays import Floats, Integers
from job_code.series.demand_classes import DEMAND_CLASSES

GRID = tuple(np.linspace(0.02, 0.98, 49).round(2).tolist())


def dense_quantile_levels(levels: Sequence[float]) -> tuple[float, ...]:
    """Return a dense, ascending grid of quantile levels that contains the given levels."""
    return tuple(sorted({*GRID, *levels}))


def recalibrate_count_quantiles(
    actual: Floats,
    quantiles: Floats,
    dense: Sequence[float],
    weight: Floats,
    demand_class: Integers,
    levels: Sequence[float],
) -> Floats:
    """Find the levels whose rounded quantiles are calibrated for counts.

    Args:
        actual: Observed counts, shape (rows,).
        quantiles: Rounded quantiles before recalibration, shape (rows, dense levels).
        dense: Their levels, from `dense_quantile_levels`.
        weight: Weight of each row, shape (rows,).
        demand_class: Demand class of each row's series, shape (rows,).
        levels: The configured levels.

    Returns:
        Shape (demand classes, levels). Smooth demand, and a class with too few observations, keeps the configured
        levels.
    """
    found = np.tile(np.asarray(levels, dtype=np.float64), (len(DEMAND_CLASSES), 1))
    edges = np.array([0.0, *dense, 1.0])
    for number in range(DEMAND_CLASSES.index("smooth") + 1, len(DEMAND_CLASSES)):  # steps matter where zeros occur
        own = (demand_class == number) & (weight > 0)
        if np.count_nonzero(own) >= MIN_RESIDUALS:
            low, high = randomized_pit_bounds(actual[own], quantiles[own], dense)
            below = np.clip((edges - low[:, None]) / (high - low)[:, None], 0, 1)
            share_below = np.average(below, axis=0, weights=weight[own])  # share of the counts, by level
            found[number] = np.interp(levels, np.maximum.accumulate(share_below), edges)
    return found
