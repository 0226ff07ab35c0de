"""Averages the model with a simple forecast, as far as the backtest says that the model should be trusted.

A model fitted on little more than a year has hardly seen a season repeat, and last year's value still knows more
about the next one than the model does. On sparse demand there may be nothing to learn but the mean, and what the
model adds to that from step to step is noise. Of a new series the simple forecasts know next to nothing.
"""

from dataclasses import dataclass

import numpy as np

from job_code.activity import is_new
from job_code.error_distribution import KINDS, kind_of_series
from job_code.panel import Floats, Panel

SHARES = np.linspace(1, 0, 11)  # of two that are equally good, the one with more of the model comes first
LEAST_ENTRIES = 100  # with fewer of its kind, a share is chosen by all series together


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


SIMPLE_FORECASTS = {"seasonal naive": seasonal_naive, "recent mean": recent_mean}


@dataclass(frozen=True)
class Combination:
    """What a forecast is made of, for one kind of series.

    Attributes:
        model_share: Weight of the model, 0 to 1.
        simple: Name of the simple forecast that has the rest.
    """

    model_share: float = 1.0
    simple: str = "seasonal naive"


def combine(model: Floats, panel: Panel, combinations: tuple[Combination, ...]) -> Floats:
    """Averages the model's forecast with a simple one.

    Args:
        model: The model's forecast, shape (series, steps).
        panel: The series' history.
        combinations: One for each kind of series, in the order of `KINDS`.
    """
    kind = kind_of_series(panel)
    share = np.array([combination.model_share for combination in combinations])[kind]
    share = np.where(is_new(panel.lengths, panel.frequency), 1.0, share)[:, None]
    simple = np.zeros_like(model)
    for name, forecast in SIMPLE_FORECASTS.items():
        chosen = np.array([combination.simple == name for combination in combinations])[kind]
        if chosen.any():
            simple[chosen] = forecast(panel, model.shape[1])[chosen]
    combined: Floats = share * model + (1 - share) * simple
    return combined


def best_combinations(
    actual: Floats, model: Floats, weight: Floats, panel: Panel, change: Floats
) -> tuple[Combination, ...]:
    """Chooses, for each kind of series, what would have been the best in a backtest.

    Errors are taken relative to the series' usual change. Smooth series are judged by the absolute error; the others
    by the squared one, as the absolute error of sparse demand is least where nothing is forecast at all.

    Args:
        actual: What happened, shape (series, steps).
        model: The model's forecast, same shape.
        weight: How much each entry counts, same shape.
        panel: The series' history before the backtest.
        change: The series' usual change, shape (series,).

    Returns:
        One for each kind of series, in the order of `KINDS`.
    """
    kind = kind_of_series(panel)
    known = ~is_new(panel.lengths, panel.frequency)
    usable = np.where((known & (change > 0))[:, None], weight, 0.0)
    scale = np.where(change > 0, change, 1.0)[:, None]
    simple = {name: forecast(panel, actual.shape[1]) / scale for name, forecast in SIMPLE_FORECASTS.items()}
    chosen = []
    for number, name in enumerate(KINDS):
        own = np.where((kind == number)[:, None], usable, 0.0)
        judged = own if np.count_nonzero(own) >= LEAST_ENTRIES else usable
        chosen.append(_best(actual / scale, model / scale, simple, judged, power=1 if name == "smooth" else 2))
    return tuple(chosen)


def _best(actual: Floats, model: Floats, simple: dict[str, Floats], weight: Floats, *, power: int) -> Combination:
    best, least = Combination(), np.inf
    judged = weight > 0
    if judged.any():
        for name, forecast in simple.items():
            for share in SHARES:
                error = actual[judged] - share * model[judged] - (1 - share) * forecast[judged]
                loss = np.average(np.abs(error) ** power, weights=weight[judged])
                if loss < least:
                    best, least = Combination(round(float(share), 1), name), loss
    return best
