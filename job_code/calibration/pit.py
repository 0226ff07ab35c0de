"""Where an actual value lies in its predicted distribution (probability integral transform)."""

from collections.abc import Sequence

import numpy as np

from job_code.series.arrays import Floats


def probability_range(actual: Floats, quantiles: Floats, levels: Sequence[float]) -> tuple[Floats, Floats]:
    """From which to which probability of its forecast an observation reaches.

    One that lies between two quantiles could be anywhere between their levels; one that several quantiles are equal
    to, as happens with counts, anywhere from the first of their levels to the last.

    Args:
        actual: Observed demand.
        quantiles: Shape (entries, levels).
        levels: The quantiles' levels.

    Returns:
        Both ends, shape (entries,).
    """
    edges = np.array([0.0, *levels, 1.0])
    below, upto = (quantiles < actual[:, None]).sum(axis=1), (quantiles <= actual[:, None]).sum(axis=1)
    between = (edges[1:] + edges[:-1]) / 2
    tied = upto > below
    # Where between two levels the probability of a count begins and ends is not known, but that none is less than 0.
    low = np.where(tied & ((below > 0) | (actual != 0)), between[below], edges[below])
    return low, np.where(tied, between[upto], edges[upto + 1])
