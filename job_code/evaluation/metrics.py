"""Accuracy metrics, as defined in the forecasting literature.

All functions take arrays of shape (rows,), among them the weight of each row. A row with weight 0 does not count.
"""

import numpy as np

from job_code.calibration.pit import randomized_pit_bounds
from job_code.series.arrays import Floats
from job_code.series.panel import Panel


def wape(actual: Floats, forecast: Floats, weight: Floats) -> float | None:
    """Return the sum of absolute errors over the sum of absolute demand (WAPE); None without demand."""
    demand = (weight * np.abs(actual)).sum()
    return float((weight * np.abs(forecast - actual)).sum() / demand) if demand > 0 else None


def bias(actual: Floats, forecast: Floats, weight: Floats) -> float | None:
    """Return the sum of errors over the sum of demand; positive if the forecast is too high; None without demand."""
    demand = (weight * np.abs(actual)).sum()
    return float((weight * (forecast - actual)).sum() / demand) if demand > 0 else None


def mase(actual: Floats, forecast: Floats, weight: Floats, scale: Floats) -> float | None:
    """Return the mean absolute scaled error (Hyndman and Koehler, 2006).

    Args:
        actual: Observed demand.
        forecast: Forecast demand.
        weight: Weight of each row.
        scale: In-sample error of seasonal naive for each row's series, from `seasonal_naive_mae`. Rows with NaN are
            ignored.
    """
    scaled = np.abs(forecast - actual) / scale
    usable = (weight > 0) & np.isfinite(scaled)
    return float(np.average(scaled[usable], weights=weight[usable])) if usable.any() else None


def seasonal_naive_mae(panel: Panel) -> Floats:
    """Return the mean absolute error of seasonal naive within a panel.

    Returns:
        Shape (series,); NaN for a series no longer than a season, or without any error.
    """
    season = panel.frequency.season
    error = np.zeros_like(panel.values)
    error[season:] = np.abs(panel.values[season:] - panel.values[:-season])
    error[panel.age < season] = 0.0
    pairs = np.maximum(panel.lengths - season, 0)
    total = np.add.reduceat(error, panel.starts)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / pairs
    return np.where((pairs > 0) & (total > 0), mean, np.nan)


def weighted_quantile_loss(
    actual: Floats, quantiles: Floats, levels: tuple[float, ...], weight: Floats
) -> float | None:
    """Return the weighted quantile loss: twice the pinball loss over absolute demand, averaged over the levels.

    Args:
        actual: Observed demand.
        quantiles: Shape (rows, levels).
        levels: The quantiles' levels.
        weight: Weight of each row.
    """
    demand = (weight * np.abs(actual)).sum()
    if demand == 0:
        return None
    errors = [actual - quantile for quantile in quantiles.T]
    pinball = [np.maximum(level * error, (level - 1) * error) for level, error in zip(levels, errors, strict=True)]
    return float(2 * np.mean([(weight * loss).sum() for loss in pinball]) / demand)


def pit_histogram(actual: Floats, quantiles: Floats, levels: tuple[float, ...], weight: Floats) -> Floats:
    """Return the histogram of the randomized probability integral transform (Czado, Gneiting and Held, 2009).

    An observation that covers a range of probability is divided among the bins in proportion, which is the expectation
    of the randomized transform.

    Args:
        actual: Observed demand.
        quantiles: Shape (rows, levels).
        levels: The quantiles' levels.
        weight: Weight of each row; at least one is above 0.

    Returns:
        Share of the observations below the first quantile, between neighbors, and above the last, shape (levels + 1,).
        The sum is 1. For a calibrated forecast, the shares are the distances between the levels.
    """
    edges = np.array([0.0, *levels, 1.0])
    low, high = randomized_pit_bounds(actual, quantiles, levels)
    overlap = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
    shares = np.maximum(overlap, 0.0) / (high - low)[:, None]
    found: Floats = np.average(shares, axis=0, weights=weight)
    return found


def coverage(actual: Floats, quantiles: Floats, levels: tuple[float, ...], weight: Floats) -> float:
    """Return the share of observations between the lowest and the highest quantile, by `pit_histogram`."""
    return float(pit_histogram(actual, quantiles, levels, weight)[1:-1].sum())
