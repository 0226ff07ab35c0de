"""Accuracy of forecasts, by the definitions the field compares by.

All functions take arrays of shape (entries,) and, of the same shape, how much each entry counts: 0 for one that does
not, 1 for one that does, and more for one that stands for others as well.
"""

import numpy as np

from job_code.calibration.pit import probability_range
from job_code.series.arrays import Floats
from job_code.series.panel import Panel


def wape(actual: Floats, forecast: Floats, weight: Floats) -> float | None:
    """Weighted absolute percentage error: sum of absolute errors over sum of absolute demand; None without demand."""
    demand = (weight * np.abs(actual)).sum()
    return float((weight * np.abs(forecast - actual)).sum() / demand) if demand > 0 else None


def bias(actual: Floats, forecast: Floats, weight: Floats) -> float | None:
    """Sum of errors over sum of demand: positive where too much was forecast; None without demand."""
    demand = (weight * np.abs(actual)).sum()
    return float((weight * (forecast - actual)).sum() / demand) if demand > 0 else None


def mase(actual: Floats, forecast: Floats, weight: Floats, scale: Floats) -> float | None:
    """Mean absolute scaled error (Hyndman and Koehler, 2006): errors over each series' in-sample naive error.

    Args:
        actual: Observed demand.
        forecast: Forecast demand.
        weight: How much each entry counts.
        scale: What `naive_error` gave for the series of each entry; those without a scale are left out.
    """
    scaled = np.abs(forecast - actual) / scale
    usable = (weight > 0) & np.isfinite(scaled)
    return float(np.average(scaled[usable], weights=weight[usable])) if usable.any() else None


def naive_error(panel: Panel) -> Floats:
    """Mean absolute error, within a panel, of repeating the value of one season ago.

    Returns:
        Shape (series,); NaN for a series no longer than a season or without any such error.
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
    """Twice the pinball loss, summed over all entries, over the sum of absolute demand, averaged over the levels.

    Args:
        actual: Observed demand.
        quantiles: Shape (entries, levels).
        levels: The quantiles' levels.
        weight: How much each entry counts.
    """
    demand = (weight * np.abs(actual)).sum()
    if demand == 0:
        return None
    errors = [actual - quantile for quantile in quantiles.T]
    pinball = [np.maximum(level * error, (level - 1) * error) for level, error in zip(levels, errors, strict=True)]
    return float(2 * np.mean([(weight * loss).sum() for loss in pinball]) / demand)


def calibration(actual: Floats, quantiles: Floats, levels: tuple[float, ...], weight: Floats) -> Floats:
    """Where observations fall among their quantiles: shares below the first, between each two, and above the last.

    An observation of a whole range of probability is divided accordingly (the expectation of a randomised probability
    integral transform: Czado, Gneiting and Held, 2009).

    Args:
        actual: Observed demand.
        quantiles: Shape (entries, levels).
        levels: The quantiles' levels.
        weight: How much each entry counts; at least one counts for something.

    Returns:
        Shape (levels + 1,), in sum 1; of a calibrated forecast the distances of the levels, from 0 to 1.
    """
    edges = np.array([0.0, *levels, 1.0])
    low, high = probability_range(actual, quantiles, levels)
    overlap = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
    shares = np.maximum(overlap, 0.0) / (high - low)[:, None]
    found: Floats = np.average(shares, axis=0, weights=weight)
    return found


def coverage(actual: Floats, quantiles: Floats, levels: tuple[float, ...], weight: Floats) -> float:
    """Share of observations between the lowest and the highest quantile, by what `calibration` says."""
    return float(calibration(actual, quantiles, levels, weight)[1:-1].sum())
