"""Averages the model with seasonal naive, as far as the backtest says it should be trusted.

A model fitted on little more than a year has hardly seen a season repeat, and last year's value still knows more
about the next one than the model does. Averaging is left to smooth series: on intermittent ones the absolute error,
which the share is chosen by, rewards forecasting nothing.
"""

import numpy as np

from job_code.error_distribution import kind_of_series, usual_change
from job_code.panel import Booleans, Floats, Panel

SHARES = np.linspace(0, 1, 11)


def seasonal_naive(panel: Panel, steps: int) -> Floats:
    """The value of the same period one season ago; the last value for a series shorter than a season.

    Returns:
        Shape (series, steps).
    """
    season = panel.frequency.season
    back = np.where(panel.lengths >= season, season, 1)
    ends = panel.starts + panel.lengths
    repeated: Floats = panel.values[(ends - back)[:, None] + np.arange(steps) % back[:, None]]
    return repeated


def combine(model: Floats, baseline: Floats, panel: Panel, share: float) -> Floats:
    """Averages two forecasts of smooth series; those of the others stay the model's.

    Args:
        model: The model's forecast, shape (series, steps).
        baseline: Seasonal naive, same shape.
        panel: The series' history.
        share: Weight of the model, 0 to 1.
    """
    return np.where(is_smooth(panel)[:, None], share * model + (1 - share) * baseline, model)


def best_share(actual: Floats, model: Floats, baseline: Floats, counted: Booleans, panel: Panel) -> float:
    """The model's weight with the least mean absolute error, relative to the series' usual change, in a backtest.

    Args:
        actual: What happened, shape (series, steps).
        model: The model's forecast, same shape.
        baseline: Seasonal naive, same shape.
        counted: Entries that count, same shape.
        panel: The series' history before the backtest.

    Returns:
        One of `SHARES`; 1 where there is no smooth series to choose it by.
    """
    change = usual_change(panel)
    used = counted & (is_smooth(panel) & (change > 0))[:, None]
    if not used.any():
        return 1.0
    scale = np.broadcast_to(change[:, None], actual.shape)[used]
    losses = [
        np.mean(np.abs(actual[used] - share * model[used] - (1 - share) * baseline[used]) / scale) for share in SHARES
    ]
    return float(SHARES[int(np.argmin(losses))])


def is_smooth(panel: Panel) -> Booleans:
    """Whether a series hardly ever stands at zero, shape (series,)."""
    smooth: Booleans = kind_of_series(panel) == 0
    return smooth
