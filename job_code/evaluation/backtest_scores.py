"""Scores of a backtest: overall, by step of the horizon, and by group of series."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from job_code.evaluation import metrics
from job_code.evaluation.backtest import Backtest
from job_code.exogenous.static_features import StaticEncoding
from job_code.preparation.stratification import STRATA
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Booleans, Integers
from job_code.series.demand_classes import DEMAND_CLASSES

Scores = dict[str, dict[str, float | None]]
NOT_MEASURED: Scores = {
    name: dict.fromkeys(("wape", "mase", "bias", "wql", *(("coverage",) if name == "forecast" else ())))
    for name in ("forecast", "model", "seasonal_naive", "moving_average")
}
MAX_GROUPS = 12  # a static column with more categories would make the report's table unreadable


def scores(tested: Backtest, chosen: Booleans | None = None) -> Scores:
    """Score the forecast, the model alone, seasonal naive and a moving average.

    Args:
        tested: The backtest.
        chosen: Whether each row counts, shape (rows,); all when absent.

    Returns:
        `wape`, `mase`, `bias` and `wql` of each, and `coverage` of the forecast; None if the data do not define it.
        The quantiles of a point forecast are all equal to the forecast.
    """
    counts = tested.weight > 0 if chosen is None else chosen & (tested.weight > 0)
    weight, actual, scale, quantiles = (
        each[counts] for each in (tested.weight, tested.actual, tested.mase_scale, tested.quantiles)
    )
    candidates = {name: candidate[counts] for name, candidate in tested.candidates.items()}
    found: Scores = {
        name: {
            "wape": metrics.wape(actual, candidate, weight),
            "mase": metrics.mase(actual, candidate, weight, scale),
            "bias": metrics.bias(actual, candidate, weight),
            "wql": metrics.weighted_quantile_loss(
                actual,
                quantiles if name == "forecast" else np.broadcast_to(candidate[:, None], quantiles.shape),
                tested.levels,
                weight,
            ),
        }
        for name, candidate in candidates.items()
    }
    found["forecast"]["coverage"] = metrics.coverage(actual, quantiles, tested.levels, weight) if len(weight) else None
    return found


def scores_by_step(tested: Backtest) -> list[dict[str, Any]]:
    """Return the scores of every step, in order."""
    return [{"step": step, **scores(tested, tested.step == step)} for step in range(1, tested.steps + 1)]


def scores_by_group(tested: Backtest, sample: Sample, encoding: StaticEncoding) -> list[dict[str, Any]]:
    """Return the scores of each stratum, demand class, and category of the static columns.

    The strata are assigned by today's demand. The largest series of today had, on average, less demand in the past, so
    their forecasts show a negative bias. The smallest series show a positive bias.

    Returns:
        One item for each group: `by` (what divides the series), `group`, `share_of_demand`, and the scores.
    """
    total = (tested.weight * np.abs(tested.actual)).sum()
    found = []
    for by, names, group in _divisions(tested, sample, encoding):
        for number, name in enumerate(names):
            own = group == number
            if (tested.weight[own] > 0).any():
                demand = (tested.weight * np.abs(tested.actual))[own].sum()
                share = float(demand / total) if total > 0 else None
                found.append({"by": by, "group": name, "share_of_demand": share, **scores(tested, own)})
    return found


def _divisions(
    tested: Backtest, sample: Sample, encoding: StaticEncoding
) -> Iterator[tuple[str, tuple[str, ...], Integers]]:
    yield "class", tuple(name.replace("_", " ") for name in STRATA), sample.stratum[tested.series]
    yield "demand class", DEMAND_CLASSES, tested.demand_class
    for column, categories in encoding.categories.items():
        if len(categories) <= MAX_GROUPS:
            codes = sample.exogenous.static.columns[column].fill_null(-1).to_numpy()
            yield column, categories, codes[tested.series].astype(np.int64)
