"""How good the forecast would have been: fit without the last horizon, forecast it, compare with what happened."""

from dataclasses import dataclass, replace

import numpy as np

from job_code import metrics
from job_code.activity import is_active
from job_code.combination import Combination, best_combinations, combine, seasonal_naive
from job_code.config import ForecastConfig
from job_code.error_distribution import ErrorDistribution, kind_of_series, usual_change
from job_code.model import ChangeModel, Resources
from job_code.panel import Booleans, Floats, Panel
from job_code.static_columns import StaticColumns

LEAST_SERIES_FOR_COVERAGE = 20


@dataclass(frozen=True)
class Backtest:
    """What happened in the held-out periods beside what was forecast for them.

    Attributes:
        series: Which series of the panel took part, shape (all series,).
        history: The series that took part, without the held-out periods.
        actual: What happened, shape (series that took part, steps).
        model: What the model alone expected, same shape.
        forecast: What was expected, same shape.
        baseline: Seasonal naive, same shape.
        counted: Entries that are scored, same shape.
        combinations: What the forecast is made of, for each kind of series.
        errors: Distribution of the forecast's errors, for the quantiles.
        scores: Metrics of forecast, model and baseline, by name; None where they cannot be computed.
    """

    series: Booleans
    history: Panel
    actual: Floats
    model: Floats
    forecast: Floats
    baseline: Floats
    counted: Booleans
    combinations: tuple[Combination, ...]
    errors: ErrorDistribution
    scores: dict[str, dict[str, float | None]]

    @property
    def steps(self) -> int:
        """Number of periods held out."""
        return int(self.actual.shape[1])


def backtest(
    panel: Panel, static: StaticColumns | None, config: ForecastConfig, resources: Resources
) -> Backtest | None:
    """Holds out the last horizon, or a quarter of the longest history where that is shorter.

    What is measured there also decides how forecasts are combined and how wide the quantiles are: the scores are
    those of a choice made in hindsight, a little better than what the next horizon will show. With
    `cutoff_rule = "series"` each series is held out from its own end, so that others may have seen the same weeks.

    Returns:
        None where no series is long enough to hold anything out.
    """
    steps = min(config.horizon, max(1, int(panel.lengths.max()) // 4))
    series = panel.lengths > steps
    if not series.any():
        return None
    taking_part = panel.select(series)
    history = taking_part.without_last(steps)
    described = replace(static, columns=static.columns.filter(series)) if static else None
    model = non_negative(ChangeModel(history, described, config, resources).predict(steps), config)
    actual = taking_part.last(steps)
    counted = np.ones(actual.shape, dtype=bool)
    if config.gap_rule == "carry_forward":
        # Values carried forward are no observations; zeros that stand for missing rows are, by that rule.
        counted = replace(taking_part, values=taking_part.observed.astype(np.float64)).last(steps) > 0
    baseline = seasonal_naive(history, steps)
    combinations = best_combinations(actual, model, counted, history)
    forecast = combine(model, history, combinations)
    learned = counted & is_active(history)[:, None]
    errors = _relative_errors(history, actual, forecast)
    distribution = ErrorDistribution.measured(errors, learned, kind_of_series(history), config.quantiles)
    scale = metrics.naive_error(history)
    scores = {
        name: {
            "wape": metrics.wape(actual, candidate, counted),
            "mase": metrics.mase(actual, candidate, counted, scale),
            "bias": metrics.bias(actual, candidate, counted),
        }
        for name, candidate in (("forecast", forecast), ("model", model), ("baseline", baseline))
    }
    scores["forecast"] |= {"wql": None, "coverage": None}
    if len(history) >= LEAST_SERIES_FOR_COVERAGE and learned.any():
        quantiles = _quantiles_from_other_series(history, forecast, errors, learned, config)
        scores["forecast"] |= {
            "wql": metrics.weighted_quantile_loss(actual, quantiles, config.quantiles, learned),
            "coverage": metrics.coverage(actual, quantiles, learned),
        }
    return Backtest(series, history, actual, model, forecast, baseline, counted, combinations, distribution, scores)


def non_negative(values: Floats, config: ForecastConfig) -> Floats:
    """Demand that cannot be negative is not forecast negative."""
    return values if config.negative_rule == "keep" else np.maximum(values, 0.0)


def _relative_errors(history: Panel, actual: Floats, forecast: Floats) -> Floats:
    change = usual_change(history)[:, None]
    return np.divide(actual - forecast, change, out=np.zeros_like(actual), where=change > 0)


def _quantiles_from_other_series(
    history: Panel, forecast: Floats, errors: Floats, learned: Booleans, config: ForecastConfig
) -> Floats:
    """Quantiles each half of the series gets from the other half's errors, so that none judges itself.

    Returns:
        Shape (series, steps, levels).
    """
    quantiles = np.empty((*forecast.shape, len(config.quantiles)))
    kind = kind_of_series(history)
    even = np.arange(len(history)) % 2 == 0
    for judged in (even, ~even):
        others = ErrorDistribution.measured(errors[~judged], learned[~judged], kind[~judged], config.quantiles)
        quantiles[judged] = others.quantiles(forecast[judged], history.select(judged))
    return non_negative(quantiles, config)
