"""Averages the model with a simple forecast, as far as the backtest says that the model should be trusted.

A model fitted on little more than a year has hardly seen a season repeat, and last year's value still knows more
about the next one than the model does. On sparse demand there may be nothing to learn but the mean, and what the
model adds to that from step to step is noise. At a cold start the simple forecasts know next to nothing.
"""

from dataclasses import dataclass

import numpy as np

from job_code.calibration.forecast_table import Entries
from job_code.model.baselines import SIMPLE_FORECASTS
from job_code.series.arrays import Floats
from job_code.series.demand_classes import KINDS

SHARES = np.linspace(1, 0, 11)  # of two that are equally good, the one with more of the model comes first
LEAST_ENTRIES = 100  # with fewer of its kind, a share is chosen by all series together


@dataclass(frozen=True)
class Combination:
    """What a forecast is made of, for one kind of series.

    Attributes:
        model_share: Weight of the model, 0 to 1.
        simple: Name of the simple forecast that has the rest.
    """

    model_share: float = 1.0
    simple: str = "seasonal naive"


def combine(entries: Entries, model: Floats, combinations: tuple[Combination, ...]) -> Floats:
    """Averages the model's forecast with a simple one.

    Args:
        entries: What is forecast.
        model: The model's forecast, shape (entries,).
        combinations: One for each kind of series, in the order of `KINDS`.
    """
    share = np.array([combination.model_share for combination in combinations])[entries.kind]
    share = np.where(entries.cold_start, 1.0, share)
    names = list(SIMPLE_FORECASTS)
    chosen = np.array([names.index(combination.simple) for combination in combinations])[entries.kind]
    simple = entries.simple[chosen, np.arange(len(entries))]
    combined: Floats = np.where(entries.active, share * model + (1 - share) * simple, 0.0)
    return combined


def best_combinations(actual: Floats, weight: Floats, entries: Entries) -> tuple[Combination, ...]:
    """Chooses, for each kind of series, what would have been the best in a backtest.

    Errors are taken relative to the series' usual change. Smooth series are judged by the absolute error; the others
    by the squared one, as the absolute error of sparse demand is least where nothing is forecast at all.

    Args:
        actual: What happened, shape (entries,).
        weight: How much each entry counts, shape (entries,).
        entries: What was forecast.

    Returns:
        One for each kind of series, in the order of `KINDS`.
    """
    usable = ~entries.cold_start & entries.active & (entries.change > 0) & (weight > 0)
    scale = np.where(entries.change > 0, entries.change, 1.0)
    actual, model, simple = actual / scale, entries.model / scale, entries.simple / scale
    chosen = []
    for number, name in enumerate(KINDS):
        own = usable & (entries.kind == number)
        judged = own if np.count_nonzero(own) >= LEAST_ENTRIES else usable
        power = 1 if name == "smooth" else 2
        chosen.append(_best(actual[judged], model[judged], simple[:, judged], weight[judged], power=power))
    return tuple(chosen)


def _best(actual: Floats, model: Floats, simple: Floats, weight: Floats, *, power: int) -> Combination:
    best, least = Combination(), np.inf
    if len(actual):
        for name, forecast in zip(SIMPLE_FORECASTS, simple, strict=True):
            for share in SHARES:
                error = actual - share * model - (1 - share) * forecast
                loss = np.average(np.abs(error) ** power, weights=weight)
                if loss < least:
                    best, least = Combination(round(float(share), 1), name), loss
    return best
