"""An empty shelf is missing demand, not zero demand: what would have sold in periods off sale is estimated.

The estimate stands in the history, so that the lags and means after it are not those of an empty shelf; nothing is
learnt from it and nothing is judged by it.
"""

import numpy as np

from job_code.series.arrays import Booleans, Floats
from job_code.series.panel import Panel

ENOUGH = 0.5  # of a period on sale, to extrapolate from what was sold in it
USUAL = 8  # periods on sale whose mean is what an article usually sells


def impute_stockouts(panel: Panel, share: Floats) -> Booleans:
    """Replaces, in place, what was sold in periods not wholly on sale by what would have sold.

    Where a period was on sale for half of the time or more, its sales are extrapolated to all of it. Otherwise the mean
    of the latest periods before that is taken, of the first ones after it where there are none before; but no less than
    was sold. Series of whole numbers get whole numbers.

    Args:
        panel: The series.
        share: Share of each period on sale, 0 to 1, shape (values,).

    Returns:
        Which values are no more than estimates: those of the periods mostly off sale, shape (values,).
    """
    off = share < ENOUGH
    partly = (share < 1) & ~off
    if not (off | partly).any():
        return off
    values = panel.values
    odd = np.add.reduceat((values != np.round(values)).astype(np.int64), panel.starts) > 0
    values[partly] /= share[partly]
    values[off] = np.maximum(values[off], _usual(panel, ~off)[off])
    estimated = off | partly
    whole = estimated & ~np.repeat(odd, panel.lengths)
    values[whole] = np.round(values[whole])
    return off


def _usual(panel: Panel, in_stock_share: Booleans) -> Floats:
    """Mean of the latest periods on sale up to each value, else of the first after it, else 0; shape (values,)."""
    total = np.concatenate([[0.0], np.cumsum(panel.values[in_stock_share])])
    before = np.cumsum(in_stock_share)  # periods on sale up to and including each value, of all series
    first = np.concatenate([[0], before])[panel.starts]
    last = before[panel.starts + panel.lengths - 1]
    first, last = np.repeat(first, panel.lengths), np.repeat(last, panel.lengths)
    begin = np.maximum(before - USUAL, first)
    end = np.where(before > first, before, np.minimum(first + USUAL, last))
    mean: Floats = (total[end] - total[begin]) / np.maximum(end - begin, 1)
    return mean
