"""Scores of a forecast on a task, as GluonTS and fev define them. Missing actuals are ignored."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from job_code.evaluation import metrics
from job_code.series.arrays import Floats


class TaskScores(BaseModel):
    """Scores of one forecast.

    Attributes:
        mase: Mean absolute error of the median, divided by the series' naive error in the past.
        wape: Sum of absolute errors of the median, divided by the sum of absolute demand.
        sql: Mean of twice the pinball loss, divided by the series' naive error; None without quantiles.
        wql: Sum of twice the pinball loss, divided by the sum of absolute demand, averaged over the levels.
        coverage: Share of actuals from the lowest to the highest quantile.
        coverage_first: Coverage at the first step.
        coverage_last: Coverage at the last step.
        bias: Sum of the mean's errors, divided by the sum of demand.
        calibration: Share of actuals in each tenth of their distribution (see `metrics.pit_histogram`).
    """

    model_config = ConfigDict(frozen=True)

    mase: float | None = None
    wape: float | None = None
    sql: float | None = None
    wql: float | None = None
    coverage: float | None = None
    coverage_first: float | None = None
    coverage_last: float | None = None
    bias: float | None = None
    calibration: list[float] | None = None


def score_point(actual: Floats, forecast: Floats, scale: Floats) -> TaskScores:
    """Score a forecast without quantiles.

    Args:
        actual: Actual values, shape (series, horizon); NaN if missing.
        forecast: Forecast values, shape (series, horizon).
        scale: Naive error of each series, shape (series,). Scaled scores ignore series with NaN or 0.
    """
    known = ~np.isnan(actual)
    error = np.abs(forecast - actual)
    return TaskScores(mase=_scaled(error, scale, known), wape=float(error[known].sum() / np.abs(actual[known]).sum()))


def score_quantiles(
    actual: Floats,
    mean: Floats,
    fine: Floats,
    dense_quantile_levels: Sequence[float],
    scale: Floats,
    levels: Sequence[float],
) -> TaskScores:
    """Score a forecast. Its quantiles include the median.

    Args:
        actual: Actual values, shape (series, horizon); NaN if missing.
        mean: Mean forecast, shape (series, horizon).
        fine: Quantiles, shape (series, horizon, len(dense_quantile_levels)).
        dense_quantile_levels: Levels of `fine`, ascending. The calibration uses all of them, summed to tenths.
        scale: Naive error of each series, shape (series,). Scaled scores ignore series with NaN or 0.
        levels: Levels to score, ascending; a subset of the dense levels.
    """
    quantiles = fine[..., [list(dense_quantile_levels).index(level) for level in levels]]
    known = ~np.isnan(actual)
    point = score_point(actual, quantiles[..., list(levels).index(0.5)], scale)
    error = actual[..., None] - quantiles
    loss = 2 * np.maximum(np.array(levels) * error, (np.array(levels) - 1) * error)
    inside = (actual >= quantiles[..., 0]) & (actual <= quantiles[..., -1])
    found = point.model_dump() | {
        "sql": float(np.mean([_scaled(loss[..., at], scale, known) for at in range(len(levels))])),
        "wql": float(loss[known].sum(axis=0).mean() / np.abs(actual[known]).sum()),
        "coverage": float(inside[known].mean()),
        "coverage_first": float(inside[:, 0][known[:, 0]].mean()),
        "coverage_last": float(inside[:, -1][known[:, -1]].mean()),
        "bias": float((mean - actual)[known].sum() / actual[known].sum()),
        "calibration": _tenths(actual[known], fine[known], dense_quantile_levels),
    }
    return TaskScores.model_validate(found)


def _tenths(actual: Floats, fine: Floats, levels: Sequence[float]) -> list[float]:
    shares = metrics.pit_histogram(actual, fine, tuple(levels), np.ones(len(actual)))
    tenth = np.floor(np.array([0.0, *levels]) * 10 + 1e-9).astype(int)
    return [float(share) for share in np.bincount(tenth, weights=shares, minlength=10)]


def _scaled(loss: Floats, scale: Floats, known: np.ndarray) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = (loss / scale[:, None])[known]
    return float(scaled[np.isfinite(scaled)].mean())
