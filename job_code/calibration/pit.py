"""The probability integral transform: where an observation lies in its predicted distribution."""

from collections.abc import Sequence

import numpy as np

from job_code.series.arrays import Floats


def randomized_pit_bounds(actual: Floats, quantiles: Floats, levels: Sequence[float]) -> tuple[Floats, Floats]:
    """Return the range of probability that each observation covers in its predicted distribution.

    An observation between two quantiles covers the range between their levels. An observation equal to several
    quantiles, which is common for counts, covers the range from the first of their levels to the last. The randomized
    transform draws a uniform number from this range (Czado, Gneiting and Held, 2009).

    Args:
        actual: Observed demand, shape (rows,).
        quantiles: Predicted quantiles, shape (rows, levels).
        levels: Their levels, ascending.

    Returns:
        Lower and upper bounds, each of shape (rows,).
    """
    edges = np.array([0.0, *levels, 1.0])
    below, upto = (quantiles < actual[:, None]).sum(axis=1), (quantiles <= actual[:, None]).sum(axis=1)
    between = (edges[1:] + edges[:-1]) / 2
    tied = upto > below
    # The exact start and end of a count's probability are unknown. Only a count of 0 is known to start at 0.
    low = np.where(tied & ((below > 0) | (actual != 0)), between[below], edges[below])
    return low, np.where(tied, between[upto], edges[upto + 1])
