"""How good the forecast would have been: fit without the last horizon, forecast it, compare with what happened."""

from dataclasses import dataclass, replace

import numpy as np

from job_code import metrics
from job_code.combination import Combination, best_combinations, combine, seasonal_naive
from job_code.config import ForecastConfig
from job_code.error_distribution import ErrorDistribution, kind_of_series, typical_change, usual_change
from job_code.model import DirectModel
from job_code.panel import Booleans, Floats, Panel
from job_code.regimes import Resources
from job_code.sample import Sample

LEAST_SERIES_FOR_COVERAGE = 20


@dataclass(frozen=True)
class Backtest:
    """What happened in the held-out periods beside what was forecast for them.

    Attributes:
        series: Which series of the sample took part, shape (all series,).
        history: The series that took part, without the held-out periods.
        actual: What happened, shape (series that took part, steps).
        model: What the model alone expected, same shape.
        forecast: What was expected, same shape.
        baseline: Seasonal naive, same shape.
        weight: How much each entry counts, same shape.
        combinations: What the forecast is made of, for each kind of series.
        errors: Distribution of the forecast's errors, for the quantiles.
        scores: Metrics of forecast, model and baseline, by name; None where they cannot be computed.
        wape_of_half: The model's WAPE if it learns from half the sample; None where the sample is everything.
    """

    series: Booleans
    history: Panel
    actual: Floats
    model: Floats
    forecast: Floats
    baseline: Floats
    weight: Floats
    combinations: tuple[Combination, ...]
    errors: ErrorDistribution
    scores: dict[str, dict[str, float | None]]
    wape_of_half: float | None

    @property
    def steps(self) -> int:
        """Number of periods held out."""
        return int(self.actual.shape[1])


def backtest(sample: Sample, config: ForecastConfig, resources: Resources) -> Backtest | None:
    """Holds out the last horizon, or a quarter of the longest history where that is shorter.

    What is measured there also decides how forecasts are combined and how wide the quantiles are: the scores are
    those of a choice made in hindsight, a little better than what the next horizon will show. With
    `cutoff_rule = "series"` each series is held out from its own end, so that others may have seen the same weeks.
    Every series of the sample counts for those it stands for: the scores are estimates for all series of the run.

    Returns:
        None where no series is long enough to hold anything out.
    """
    steps = min(config.horizon, max(1, int(sample.panel.lengths.max()) // 4))
    series = sample.panel.lengths > steps
    if not series.any():
        return None
    taking_part = sample.select(series)
    actual = taking_part.panel.last(steps)
    past = taking_part.without_last(steps)
    history = past.panel
    centre, model = _fit_and_predict(past, np.ones(len(history), dtype=bool), steps, config, resources)
    weight = np.repeat(past.weight[:, None], steps, axis=1)
    if config.gap_rule == "carry_forward":
        # Values carried forward are no observations; zeros that stand for missing rows are, by that rule.
        observed = replace(taking_part.panel, values=taking_part.panel.observed.astype(np.float64))
        weight = np.where(observed.last(steps) > 0, weight, 0.0)
    change = usual_change(history, typical_change(history, past.weight))
    baseline = seasonal_naive(history, steps)
    combinations = best_combinations(actual, centre, weight, history, change)
    forecast = combine(model, history, combinations)
    centre = combine(centre, history, combinations)
    learned = np.where(past.active[:, None], weight, 0.0)
    errors = np.divide(actual - centre, change[:, None], out=np.zeros_like(actual), where=change[:, None] > 0)
    distribution = ErrorDistribution.measured(errors, learned, kind_of_series(history), config.quantiles)
    scale = metrics.naive_error(history)
    scores = {
        name: {
            "wape": metrics.wape(actual, candidate, weight),
            "mase": metrics.mase(actual, candidate, weight, scale),
            "bias": metrics.bias(actual, candidate, weight),
        }
        for name, candidate in (("forecast", forecast), ("model", model), ("baseline", baseline))
    }
    scores["forecast"] |= {"wql": None, "coverage": None}
    if len(history) >= LEAST_SERIES_FOR_COVERAGE and learned.any():
        quantiles = _quantiles_from_other_series(history, centre, errors, learned, change, config)
        scores["forecast"] |= {
            "wql": metrics.weighted_quantile_loss(actual, quantiles, config.quantiles, learned),
            "coverage": metrics.coverage(actual, quantiles, learned),
        }
    half = None
    if not sample.is_everything and past.half.any():
        half = metrics.wape(actual, _fit_and_predict(past, past.half, steps, config, resources)[1], weight)
    return Backtest(
        series, history, actual, model, forecast, baseline, weight, combinations, distribution, scores, half
    )


def non_negative(values: Floats, config: ForecastConfig) -> Floats:
    """Demand that cannot be negative is not forecast negative."""
    return values if config.negative_rule == "keep" else np.maximum(values, 0.0)


def _fit_and_predict(
    past: Sample, learn_from: Booleans, steps: int, config: ForecastConfig, resources: Resources
) -> tuple[Floats, Floats]:
    """The model's forecast, of regular series the median; and expected demand."""
    teaching = past.select(learn_from)
    model = DirectModel.fit(teaching.panel, teaching.exogenous, teaching.active, config, resources, horizon=steps)
    centre = non_negative(model.predict(past.panel, past.exogenous, past.active, steps), config)
    return centre, model.mean(centre, past.panel)


def _quantiles_from_other_series(
    history: Panel, forecast: Floats, errors: Floats, learned: Floats, change: Floats, config: ForecastConfig
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
        quantiles[judged] = others.quantiles(forecast[judged], history.select(judged), change[judged])
    return non_negative(quantiles, config)
