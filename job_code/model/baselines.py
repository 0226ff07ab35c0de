"""Baselines: simple forecasts that the model is blended with and compared to."""

import numpy as np

from job_code.features.feature_recipe import recipe_for
from job_code.series.arrays import Floats
from job_code.series.panel import Panel


def seasonal_naive(panel: Panel, steps: int) -> Floats:
    """Repeat the value of one season ago, or the last value of a series shorter than a season.

    Returns:
        Shape (series, steps).
    """
    season = panel.frequency.season
    lag = np.where(panel.lengths >= season, season, 1)
    ends = panel.starts + panel.lengths
    repeated: Floats = panel.values[(ends - lag)[:, None] + np.arange(steps) % lag[:, None]]
    return repeated


def yearly_mean(panel: Panel, steps: int) -> Floats:
    """Repeat the mean of the last year.

    Returns:
        Shape (series, steps).
    """
    return np.repeat(panel.mean_of_last(panel.values, panel.frequency.window)[:, None], steps, axis=1)


def moving_average(panel: Panel, steps: int) -> Floats:
    """Repeat the mean of the last quarter, or of the last month for daily demand.

    Returns:
        Shape (series, steps).
    """
    window = recipe_for(panel.frequency).level_window
    return np.repeat(panel.mean_of_last(panel.values, window)[:, None], steps, axis=1)


BASELINES = {"seasonal naive": seasonal_naive, "yearly mean": yearly_mean}
