"""Scores of a backtest: of everything, by step of the horizon, and by segment."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from job_code.evaluation import metrics
from job_code.evaluation.backtest import Backtest
from job_code.exogenous.static_features import StaticEncoding
from job_code.preparation.stratification import STRATA
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Booleans, Integers
from job_code.series.demand_classes import KINDS

Scores = dict[str, dict[str, float | None]]
NOT_MEASURED: Scores = {
    name: dict.fromkeys(("wape", "mase", "bias", "wql", *(("coverage",) if name == "forecast" else ())))
    for name in ("forecast", "model", "baseline", "moving_average")
}
MOST_SEGMENTS = 12  # of a static column, for it to be told by these: a table is read by people


def scores(tested: Backtest, chosen: Booleans | None = None) -> Scores:
    """Scores of the forecast, the model alone, seasonal naive and a moving average.

    Args:
        tested: The backtest.
        chosen: Which entries count, shape (entries,); all when absent.

    Returns:
        For each of them `wape`, `mase`, `bias` and `wql`, for the forecast `coverage` too; None where they cannot be
        computed. What forecasts one value is taken to forecast it at every level.
    """
    counts = tested.weight > 0 if chosen is None else chosen & (tested.weight > 0)
    weight, actual, scale, quantiles = (
        each[counts] for each in (tested.weight, tested.actual, tested.scale, tested.quantiles)
    )
    candidates = {name: candidate[counts] for name, candidate in tested.candidates.items()}
    found: Scores = {
        name: {
            "wape": metrics.wape(actual, candidate, weight),
            "mase": metrics.mase(actual, candidate, weight, scale),
            "bias": metrics.bias(actual, candidate, weight),
            "wql": metrics.weighted_quantile_loss(
                actual, np.broadcast_to(candidate[:, None], quantiles.shape), tested.levels, weight
            ),
        }
        for name, candidate in candidates.items()
    }
    found["forecast"] |= {
        "wql": metrics.weighted_quantile_loss(actual, quantiles, tested.levels, weight),
        "coverage": metrics.coverage(actual, quantiles, tested.levels, weight) if len(weight) else None,
    }
    return found


def scores_by_step(tested: Backtest) -> list[dict[str, Any]]:
    """Scores at every step, in order."""
    return [{"step": step, **scores(tested, tested.step == step)} for step in range(1, tested.steps + 1)]


def scores_by_segment(tested: Backtest, sample: Sample, encoding: StaticEncoding) -> list[dict[str, Any]]:
    """Scores of fast, slow and young series, of each kind of demand, and by what static columns tell.

    Classes are those of today: what the largest series of today sold a while ago is, on average, less than their share
    now, and the other way round.

    Returns:
        One a segment: `by` (what divides the series), `segment`, `share_of_demand`, and the scores.
    """
    total = (tested.weight * np.abs(tested.actual)).sum()
    found = []
    for by, names, segment in _divisions(tested, sample, encoding):
        for number, name in enumerate(names):
            own = segment == number
            if (tested.weight[own] > 0).any():
                demand = (tested.weight * np.abs(tested.actual))[own].sum()
                share = float(demand / total) if total > 0 else None
                found.append({"by": by, "segment": name, "share_of_demand": share, **scores(tested, own)})
    return found


def _divisions(
    tested: Backtest, sample: Sample, encoding: StaticEncoding
) -> Iterator[tuple[str, tuple[str, ...], Integers]]:
    yield "class", tuple(name.replace("_", " ") for name in STRATA), sample.stratum[tested.series]
    yield "kind", KINDS, tested.kind
    for column, categories in encoding.categories.items():
        if len(categories) <= MOST_SEGMENTS:
            codes = sample.exogenous.static.columns[column].fill_null(-1).to_numpy()
            yield column, categories, codes[tested.series].astype(np.int64)
