"""Accuracy of forecasts, by the definitions the field compares by.

All functions take arrays of shape (series, steps) and a mask of the entries that count.
"""

import numpy as np

from job_code.panel import Booleans, Floats, Panel


def wape(actual: Floats, forecast: Floats, counted: Booleans) -> float | None:
    """Weighted absolute percentage error: sum of absolute errors over sum of absolute demand; None without demand."""
    demand = np.abs(actual[counted]).sum()
    return float(np.abs(forecast - actual)[counted].sum() / demand) if demand > 0 else None


def bias(actual: Floats, forecast: Floats, counted: Booleans) -> float | None:
    """Sum of errors over sum of demand: positive where too much was forecast; None without demand."""
    demand = np.abs(actual[counted]).sum()
    return float((forecast - actual)[counted].sum() / demand) if demand > 0 else None


def mase(actual: Floats, forecast: Floats, counted: Booleans, scale: Floats) -> float | None:
    """Mean absolute scaled error (Hyndman and Koehler, 2006): errors over each series' in-sample naive error.

    Args:
        actual: Observed demand.
        forecast: Forecast demand.
        counted: Entries that count.
        scale: What `naive_error` gave, shape (series,); series without a scale are left out.
    """
    scaled = np.abs(forecast - actual) / scale[:, None]
    usable = counted & np.isfinite(scaled)
    return float(scaled[usable].mean()) if usable.any() else None


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
    actual: Floats, quantiles: Floats, levels: tuple[float, ...], counted: Booleans
) -> float | None:
    """Twice the pinball loss, summed over all entries, over the sum of absolute demand, averaged over the levels.

    Args:
        actual: Observed demand.
        quantiles: Shape (series, steps, levels).
        levels: The quantiles' levels.
        counted: Entries that count.
    """
    demand = np.abs(actual[counted]).sum()
    if demand == 0:
        return None
    error = actual[counted][:, None] - quantiles[counted]
    level = np.asarray(levels)
    return float(2 * np.maximum(level * error, (level - 1) * error).sum(axis=0).mean() / demand)


def coverage(actual: Floats, quantiles: Floats, counted: Booleans) -> float:
    """Share of observations between the lowest and the highest quantile, both included."""
    inside = (actual >= quantiles[..., 0]) & (actual <= quantiles[..., -1])
    return float(inside[counted].mean())
