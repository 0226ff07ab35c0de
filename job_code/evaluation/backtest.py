"""How good forecasts would have been: fit without the last periods, forecast from several origins, compare.

The model is fitted once, before the first origin; each later origin knows the demand up to it. Every series is judged
by what the others have taught, so that averages, spreads and quantiles are no choice made in hindsight.
"""

from dataclasses import dataclass

import numpy as np

from job_code.calibration.calibrator import Calibration
from job_code.calibration.forecast_table import Entries
from job_code.calibration.usual_change import typical_change
from job_code.config import ForecastConfig
from job_code.evaluation import metrics
from job_code.evaluation.backtest_windows import BacktestOrigin, place_origins
from job_code.model.baselines import SIMPLE_FORECASTS, moving_average
from job_code.model.direct_model import DirectModel
from job_code.model.segment_model import Resources
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Booleans, Floats, Integers

TEACHING = 1 / 3  # of the rows that the run's own model learns from: they teach nearly as much, in less of the time
LEAST_SERIES_TO_DIVIDE = 20  # with fewer, each is judged by what all have taught, itself included


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """What happened beside what was forecast for it: one entry a series, origin and step, of shape (entries,).

    Attributes:
        steps: Steps of the horizon that were measured.
        origins: Number of origins.
        series: Index of the series in the sample.
        period: Number of the period.
        step: Periods ahead of the origin, from 1.
        kind: Kind of the series at the origin.
        weight: How much the entry counts.
        scale: The series' in-sample naive error, NaN where there is none.
        actual: What happened.
        forecast: Expected demand.
        model: The same by the model alone.
        baseline: Seasonal naive.
        average: Moving average.
        quantiles: Shape (entries, levels).
        levels: Their levels.
        calibration: What all of it has taught.
        halved: WAPE of the model from the first origin, and of one that learnt from half the series; None where the
            sample is everything.
    """

    steps: int
    origins: int
    series: Integers
    period: Integers
    step: Integers
    kind: Integers
    weight: Floats
    scale: Floats
    actual: Floats
    forecast: Floats
    model: Floats
    baseline: Floats
    average: Floats
    quantiles: Floats
    levels: tuple[float, ...]
    calibration: Calibration
    halved: tuple[float | None, float | None] | None

    @property
    def candidates(self) -> dict[str, Floats]:
        """All that was forecast for the same periods, by name."""
        return {
            "forecast": self.forecast,
            "model": self.model,
            "baseline": self.baseline,
            "moving_average": self.average,
        }


def backtest(sample: Sample, config: ForecastConfig, resources: Resources) -> Backtest | None:
    """Forecast the last periods of a sample from several origins.

    With `cutoff_rule = "series"` origins are counted back from each series' own end, so that others may have seen the
    same periods. Every series counts for those it stands for: the scores are estimates for all series of the run.

    Returns:
        None where no series is long enough to hold anything out, or nothing was observed in what would be.
    """
    origins = place_origins(sample.panel, config)
    if not origins:
        return None
    first = origins[0]
    past = sample.select(sample.panel.lengths > first.back).without_last(first.back)
    model = _fit(past, np.ones(len(past.panel), dtype=bool), first.steps, config, resources)
    parts = [_observe(sample, origin, model, config) for origin in origins]
    entries = Entries.stack([part.entries for part in parts])
    series, actual, weight = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("series", "actual", "weight")
    )
    if not weight.any():
        return None
    outcome = _Outcome(entries=entries, series=series, actual=actual, weight=weight)
    mean, quantiles = _cross_calibrate(outcome, config, resources)
    measured = not sample.is_everything and past.half.any()
    halved = (parts[0].wape, _wape_with_half(sample, past, first, config, resources)) if measured else None
    return Backtest(
        steps=first.steps,
        origins=len(origins),
        series=series,
        period=np.concatenate([part.period for part in parts]),
        step=entries.step,
        kind=entries.kind,
        weight=weight,
        scale=np.concatenate([part.scale for part in parts]),
        actual=actual,
        forecast=mean,
        model=entries.mean,
        baseline=entries.simple[list(SIMPLE_FORECASTS).index("seasonal naive")],
        average=np.concatenate([part.average for part in parts]),
        quantiles=quantiles,
        levels=config.quantiles,
        calibration=Calibration.learn(actual, weight, entries, config, threads=resources.threads),
        halved=halved,
    )


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What was forecast from all origins, and what happened; shape (entries,)."""

    entries: Entries
    series: Integers
    actual: Floats
    weight: Floats

    def calibration_of(self, learn_from: Booleans, config: ForecastConfig, resources: Resources) -> Calibration:
        """Learn from some of the entries."""
        return Calibration.learn(
            self.actual[learn_from],
            self.weight[learn_from],
            self.entries.where(learn_from),
            config,
            threads=resources.threads,
        )


def _cross_calibrate(outcome: _Outcome, config: ForecastConfig, resources: Resources) -> tuple[Floats, Floats]:
    """Forecast each half of the series by what the other has taught.

    Returns:
        Means of shape (entries,), and quantiles of shape (entries, levels).
    """
    count = len(outcome.entries)
    mean, quantiles = np.zeros(count), np.zeros((count, len(config.quantiles)))
    divided = len(np.unique(outcome.series)) >= LEAST_SERIES_TO_DIVIDE
    even = outcome.series % 2 == 0
    for judged in (even, ~even):
        others = ~judged if divided else np.ones(count, dtype=bool)
        calibrated = outcome.calibration_of(others, config, resources).apply(outcome.entries.where(judged), config)
        mean[judged], quantiles[judged] = calibrated.mean, calibrated.quantiles
    return mean, quantiles


@dataclass(frozen=True, kw_only=True)
class _Observed:
    """What was forecast from one origin, and what happened; shape (entries,)."""

    entries: Entries
    series: Integers
    period: Integers
    actual: Floats
    weight: Floats
    scale: Floats
    average: Floats

    @property
    def wape(self) -> float | None:
        """Of the model alone."""
        return metrics.wape(self.actual, self.entries.mean, self.weight)


def _observe(sample: Sample, origin: BacktestOrigin, model: DirectModel, config: ForecastConfig) -> _Observed:
    known = sample.select(origin.series)
    past, steps = known.without_last(origin.back), origin.steps
    history = past.panel
    ahead = np.arange(1, steps + 1)
    actual = known.panel.last(origin.back)[:, :steps]
    weight = np.where(known.panel.last_observed(origin.back)[:, :steps], past.weight[:, None], 0.0)
    return _Observed(
        entries=Entries.of(
            model,
            history,
            past.exogenous,
            past.active,
            config,
            steps=steps,
            typical_change=typical_change(history, past.weight),
        ),
        series=np.repeat(np.flatnonzero(origin.series), steps),
        period=(history.last_period[:, None] + ahead).ravel(),
        actual=actual.ravel(),
        weight=weight.ravel(),
        scale=np.repeat(metrics.naive_error(history), steps),
        average=moving_average(history, steps).ravel(),
    )


def _wape_with_half(
    sample: Sample, past: Sample, origin: BacktestOrigin, config: ForecastConfig, resources: Resources
) -> float | None:
    """Score a model that learnt from half the series, from the first origin."""
    smaller = _fit(past, past.half, origin.steps, config, resources)
    return _observe(sample, origin, smaller, config).wape


def _fit(past: Sample, learn_from: Booleans, steps: int, config: ForecastConfig, resources: Resources) -> DirectModel:
    teaching = past.select(learn_from)
    return DirectModel.fit(
        teaching.panel, teaching.exogenous, teaching.active, config, resources, horizon=steps, share=TEACHING
    )
