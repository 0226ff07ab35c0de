"""Classes of series by their share of periods without demand."""

import numpy as np

from job_code.series.arrays import Floats, Integers
from job_code.series.panel import Panel

# By the share of zeros alone. The classes of Syntetos and Boylan (smooth, erratic, intermittent, lumpy) also ask how
# much the sizes of sales vary, so that their erratic demand is smooth here, and their lumpy demand intermittent.
KINDS = ("smooth", "mixed", "intermittent")
ZERO_SHARE_EDGES = (0.05, 0.5)  # shares of zeros at which the next kind begins


def kind_of_series(panel: Panel) -> Integers:
    """Whether a series is smooth (0), mixed (1) or intermittent (2), by its share of zeros, shape (series,)."""
    return np.digitize(zero_share(panel), ZERO_SHARE_EDGES)


def zero_share(panel: Panel) -> Floats:
    """Share of zeros in what was observed in the last year of each series, shape (series,)."""
    zero = panel.observed & (panel.values == 0)
    share, observed = (
        panel.mean_of_last(each.astype(np.float64), panel.frequency.per_year) for each in (zero, panel.observed)
    )
    found: Floats = np.divide(share, observed, out=np.zeros(len(panel)), where=observed > 0)
    return found
