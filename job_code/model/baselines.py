"""Forecasts anyone could make: what the model is averaged with, and compared to."""

import numpy as np

from job_code.features.feature_recipe import recipe_for
from job_code.series.arrays import Floats
from job_code.series.panel import Panel


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


def recent_mean(panel: Panel, steps: int) -> Floats:
    """The mean of the last year, at every step.

    Returns:
        Shape (series, steps).
    """
    return np.repeat(panel.mean_of_last(panel.values, panel.frequency.per_year)[:, None], steps, axis=1)


def moving_average(panel: Panel, steps: int) -> Floats:
    """The mean of the last quarter (or month of daily demand), at every step.

    Returns:
        Shape (series, steps).
    """
    window = recipe_for(panel.frequency).level
    return np.repeat(panel.mean_of_last(panel.values, window)[:, None], steps, axis=1)


SIMPLE_FORECASTS = {"seasonal naive": seasonal_naive, "recent mean": recent_mean}
