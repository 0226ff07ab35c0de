"""Impute stockouts: out-of-stock periods have missing demand, not zero demand, so their demand is estimated.

The history contains the estimates, so that later lags and means do not fall. Estimates are not used as training
targets and not used for scores.
"""

import numpy as np

from job_code.series.arrays import Booleans, Floats
from job_code.series.panel import Panel

MIN_IN_STOCK_SHARE = 0.5  # minimum in-stock share of a period whose sales are extrapolated
PERIODS_IN_MEAN = 8  # number of in-stock periods whose mean estimates the demand of an out-of-stock period


def impute_stockouts(panel: Panel, share: Floats) -> Booleans:
    """Replace the sales of periods that are partly or wholly out of stock by estimates of demand, in place.

    If the in-stock share is at least one half, the function divides the sales by the share. Otherwise it uses the mean
    of the latest in-stock periods before. If there are none, it uses the first in-stock periods after. An estimate is
    never below the sales. The estimates of integer series are integers.

    Args:
        panel: The series.
        share: In-stock share of each period, 0 to 1, shape (values,).

    Returns:
        Whether each value is the mean of other periods because its share is below one half, shape (values,).
    """
    off = share < MIN_IN_STOCK_SHARE
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


def _usual(panel: Panel, in_stock: Booleans) -> Floats:
    """Return the mean of the latest in-stock periods up to each value, else of the first after it, else 0.

    Shape (values,).
    """
    total = np.concatenate([[0.0], np.cumsum(panel.values[in_stock])])
    before = np.cumsum(in_stock)  # number of in-stock periods up to and including each value, over all series
    first = np.concatenate([[0], before])[panel.starts]
    last = before[panel.starts + panel.lengths - 1]
    first, last = np.repeat(first, panel.lengths), np.repeat(last, panel.lengths)
    begin = np.maximum(before - PERIODS_IN_MEAN, first)
    end = np.where(before > first, before, np.minimum(first + PERIODS_IN_MEAN, last))
    mean: Floats = (total[end] - total[begin]) / np.maximum(end - begin, 1)
    return mean
