"""Demand classes: series by their share of periods without demand.

Syntetos and Boylan (2005) divide demand into smooth, erratic, intermittent and lumpy, by frequency and variability.
The classes here use only the share of zeros. So erratic demand is smooth here, and lumpy demand is intermittent.
"""

import numpy as np

from job_code.series.arrays import Floats, Integers
from job_code.series.panel import Panel

DEMAND_CLASSES = ("smooth", "mixed", "intermittent")
ZERO_SHARE_EDGES = (0.05, 0.5)  # share of zeros at which the next class begins


def classify_demand(panel: Panel) -> Integers:
    """Return the demand class of each series, as a position in `DEMAND_CLASSES`, shape (series,)."""
    return np.digitize(zero_share(panel), ZERO_SHARE_EDGES)


def zero_share(panel: Panel) -> Floats:
    """Return the share of zeros among the observed values of each series' latest window, shape (series,)."""
    zero = panel.observed & (panel.values == 0)
    share, observed = (
        panel.mean_of_last(each.astype(np.float64), panel.frequency.window) for each in (zero, panel.observed)
    )
    found: Floats = np.divide(share, observed, out=np.zeros(len(panel)), where=observed > 0)
    return found
