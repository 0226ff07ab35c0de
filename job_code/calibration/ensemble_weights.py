"""Blend the model with a baseline, with weights that the backtest selects for each demand class.

A model trained on little more than one year has hardly seen a repeated season, so last year's value may be the better
forecast. For sparse demand, the mean may be the best possible forecast. For a cold-start series the baselines have too
little history, so the forecast is the model's alone.
"""

from dataclasses import dataclass

import numpy as np

from job_code.calibration.forecast_table import ForecastRows
from job_code.model.baselines import BASELINES
from job_code.series.arrays import Floats
from job_code.series.demand_classes import DEMAND_CLASSES

WEIGHTS = np.linspace(1, 0, 11)  # candidates for the model's weight; between equally good weights, the larger one wins
MIN_ROWS = 100  # a demand class with fewer rows uses the weights of all series together


@dataclass(frozen=True)
class EnsembleWeights:
    """The blend of one demand class.

    Attributes:
        model_weight: Weight of the model, 0 to 1.
        baseline: Name of the baseline that gets the remaining weight.
    """

    model_weight: float = 1.0
    baseline: str = "seasonal naive"


def blend(rows: ForecastRows, model: Floats, weights: tuple[EnsembleWeights, ...]) -> Floats:
    """Average the model's forecast with a baseline.

    Args:
        rows: The rows to forecast.
        model: The model's forecast, shape (rows,).
        weights: One for each demand class, in the order of `DEMAND_CLASSES`.

    Returns:
        Shape (rows,); 0 for discontinued series.
    """
    weight = np.array([each.model_weight for each in weights])[rows.demand_class]
    weight = np.where(rows.cold_start, 1.0, weight)
    names = list(BASELINES)
    chosen = np.array([names.index(each.baseline) for each in weights])[rows.demand_class]
    baseline = rows.baselines[chosen, np.arange(len(rows))]
    blended: Floats = np.where(rows.active, weight * model + (1 - weight) * baseline, 0.0)
    return blended


def fit_ensemble_weights(actual: Floats, weight: Floats, rows: ForecastRows) -> tuple[EnsembleWeights, ...]:
    """Select, for each demand class, the weights with the smallest error in a backtest.

    Errors are relative to the series' mean absolute change. Smooth series minimize the absolute error, the others the
    squared error, because a forecast of 0 minimizes the absolute error of sparse demand.

    Args:
        actual: Observed demand, shape (rows,).
        weight: Weight of each row, shape (rows,).
        rows: The forecasts of the backtest.

    Returns:
        One for each demand class, in the order of `DEMAND_CLASSES`.
    """
    change = rows.mean_absolute_change
    usable = ~rows.cold_start & rows.active & (change > 0) & (weight > 0)
    scale = np.where(change > 0, change, 1.0)
    actual, model, baselines = actual / scale, rows.model / scale, rows.baselines / scale
    chosen = []
    for number, name in enumerate(DEMAND_CLASSES):
        own = usable & (rows.demand_class == number)
        used = own if np.count_nonzero(own) >= MIN_ROWS else usable
        power = 1 if name == "smooth" else 2
        chosen.append(_best(actual[used], model[used], baselines[:, used], weight[used], power=power))
    return tuple(chosen)


def _best(actual: Floats, model: Floats, baselines: Floats, weight: Floats, *, power: int) -> EnsembleWeights:
    best, least = EnsembleWeights(), np.inf
    if len(actual):
        for name, forecast in zip(BASELINES, baselines, strict=True):
            for model_weight in WEIGHTS:
                error = actual - model_weight * model - (1 - model_weight) * forecast
                loss = np.average(np.abs(error) ** power, weights=weight)
                if loss < least:
                    best, least = EnsembleWeights(round(float(model_weight), 1), name), loss
    return best
