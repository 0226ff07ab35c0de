"""How good forecasts would have been: fit without the last periods, forecast from several origins, compare.

The model is fitted once, before the first origin; each later origin knows the demand up to it. Every series is judged
by what the others have taught, so that averages, spreads and quantiles are no choice made in hindsight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from job_code.calibration.calibrator import Calibration
from job_code.calibration.forecast_table import Entries
from job_code.calibration.usual_change import typical_change
from job_code.config import ForecastConfig
from job_code.evaluation import metrics
from job_code.evaluation.backtest_windows import BacktestOrigin, place_origins
from job_code.model.baselines import SIMPLE_FORECASTS, moving_average
from job_code.model.direct_model import DirectModel
from job_code.model.fitting import ModelFit
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


@dataclass(frozen=True, kw_only=True)
class BacktestPlan:
    """What a backtest holds out, and which models it needs.

    Attributes:
        sample: The series.
        origins: Where forecasts start, the earliest first.
        past: What is known at the first of them.
    """

    sample: Sample
    origins: tuple[BacktestOrigin, ...]
    past: Sample

    @classmethod
    def of(cls, sample: Sample, config: ForecastConfig) -> Self | None:
        """Place the origins; None where no series is long enough to hold anything out.

        With `cutoff_rule = "series"` origins are counted back from each series' own end, so that others may have seen
        the same periods.

        Args:
            sample: The series, with all of their demand.
            config: The configuration.
        """
        origins = place_origins(sample.panel, config)
        if not origins:
            return None
        back = origins[0].back
        past = sample.select(sample.panel.lengths > back).without_last(back)
        return cls(sample=sample, origins=tuple(origins), past=past)

    @property
    def fits(self) -> list[ModelFit]:
        """The models: of all series; and of half of them, where the sample is not everything."""
        pasts = [self.past]
        if not self.sample.is_everything and self.past.half.any():
            pasts.append(self.past.select(self.past.half))
        steps = self.origins[0].steps
        return [ModelFit.of(past.panel, past.exogenous, past.active, horizon=steps, share=TEACHING) for past in pasts]


def backtest(plan: BacktestPlan, models: Sequence[DirectModel], config: ForecastConfig) -> Backtest | None:
    """Forecast the last periods of a sample from several origins.

    Every series counts for those it stands for: the scores are estimates for all series of the run.

    Args:
        plan: What is held out.
        models: One for each of its `fits`.
        config: The configuration.

    Returns:
        None where nothing was observed in what was held out.
    """
    sample, origins = plan.sample, plan.origins
    model, *smaller = models
    parts = [_observe(sample, origin, model, config) for origin in origins]
    entries = Entries.stack([part.entries for part in parts])
    series, actual, weight = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("series", "actual", "weight")
    )
    if not weight.any():
        return None
    outcome = _Outcome(entries=entries, series=series, actual=actual, weight=weight)
    mean, quantiles = _cross_calibrate(outcome, config)
    halved = [_observe(sample, origins[0], half, config).wape for half in smaller]
    return Backtest(
        steps=origins[0].steps,
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
        calibration=Calibration.learn(actual, weight, entries, config),
        halved=(parts[0].wape, halved[0]) if halved else None,
    )


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What was forecast from all origins, and what happened; shape (entries,)."""

    entries: Entries
    series: Integers
    actual: Floats
    weight: Floats

    def calibration_of(self, learn_from: Booleans, config: ForecastConfig) -> Calibration:
        """Learn from some of the entries."""
        return Calibration.learn(
            self.actual[learn_from],
            self.weight[learn_from],
            self.entries.where(learn_from),
            config,
        )


def _cross_calibrate(outcome: _Outcome, config: ForecastConfig) -> tuple[Floats, Floats]:
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
        calibrated = outcome.calibration_of(others, config).apply(outcome.entries.where(judged), config)
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
