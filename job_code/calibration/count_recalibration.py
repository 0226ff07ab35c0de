"""Which level of pooled errors is which quantile of counts.

Errors of different series are pooled on one scale, but counts are whole on scales of their own: what is pooled smears
their steps, and a tenth of the counts need not lie below what was to be their lowest tenth. The backtest shows where
they do lie, and the levels are moved accordingly.
"""

from collections.abc import Sequence

import numpy as np

from job_code.calibration.pit import probability_range
from job_code.calibration.residual_quantiles import LEAST_ERRORS
from job_code.series.arrays import Floats, Integers
from job_code.series.demand_classes import KINDS

GRID = tuple(np.linspace(0.02, 0.98, 49).round(2).tolist())


def fine_levels(levels: Sequence[float]) -> tuple[float, ...]:
    """Levels close enough together to find any between them; those asked for are among them."""
    return tuple(sorted({*GRID, *levels}))


def count_levels(
    actual: Floats, quantiles: Floats, fine: Sequence[float], weight: Floats, kind: Integers, levels: Sequence[float]
) -> Floats:
    """Levels whose quantiles, rounded, are calibrated for counts.

    Args:
        actual: Observed counts, shape (entries,).
        quantiles: Their quantiles as they would be, rounded, shape (entries, fine levels).
        fine: Levels of these.
        weight: How much each entry counts, shape (entries,).
        kind: Kind of its series, shape (entries,).
        levels: Levels that are asked for.

    Returns:
        Shape (kinds, levels); the levels asked for, where too little was observed, and for smooth demand.
    """
    found = np.tile(np.asarray(levels, dtype=np.float64), (len(KINDS), 1))
    at = np.array([0.0, *fine, 1.0])
    for number in range(KINDS.index("smooth") + 1, len(KINDS)):  # steps matter where zeros are among the counts
        own = (kind == number) & (weight > 0)
        if np.count_nonzero(own) >= LEAST_ERRORS:
            low, high = probability_range(actual[own], quantiles[own], fine)
            below = np.clip((at - low[:, None]) / (high - low)[:, None], 0, 1)
            share = np.average(below, axis=0, weights=weight[own])  # of counts that lie below each level
            found[number] = np.interp(levels, np.maximum.accumulate(share), at)
    return found
