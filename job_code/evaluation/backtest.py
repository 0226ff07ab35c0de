"""Rolling-origin backtest without refit.

The model is trained once, on demand before the first cutoff, and forecasts from several cutoffs. Ensemble weights,
residual scale and quantiles are cross-fitted: each half of the series is scored with values from the other half. So the
scores are out of sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from job_code.calibration.calibrator import ConformalCalibrator
from job_code.config import ForecastConfig
from job_code.evaluation.backtest_windows import BacktestWindow, make_backtest_windows
from job_code.evaluation.cross_fit import ObservedRows, cross_fit
from job_code.evaluation.window_forecast import forecast_window
from job_code.model.baselines import BASELINES
from job_code.model.direct_model import DirectModel
from job_code.model.fitting import ModelFit
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Floats, Integers

# Fraction of the training rows of the run's model. More rows would take long and hardly improve the backtest's model.
BACKTEST_TRAIN_FRACTION = 1 / 3


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Observations and their forecasts: one row for each series, window and step. Arrays have shape (rows,).

    Attributes:
        steps: Steps of the horizon that the backtest covers.
        windows: Number of windows.
        series: Index of the series in the sample.
        period: Number of the period.
        step: Periods ahead of the cutoff, from 1.
        demand_class: Demand class of the series at the cutoff.
        weight: Weight of the row: the series it stands for.
        mase_scale: The series' in-sample error of seasonal naive; NaN if it is not defined.
        actual: Observed demand.
        forecast: Expected demand.
        model: Expected demand by the model alone.
        seasonal_naive: The seasonal naive forecast.
        moving_average: The moving average.
        quantiles: Shape (rows, levels).
        levels: Levels of the quantiles.
        calibrator: The calibrator, fitted to all rows.
        learning_curve: WAPE of the model in the first window, and of a model trained on half the series. None if the
            sample is the full population.
    """

    steps: int
    windows: int
    series: Integers
    period: Integers
    step: Integers
    demand_class: Integers
    weight: Floats
    mase_scale: Floats
    actual: Floats
    forecast: Floats
    model: Floats
    seasonal_naive: Floats
    moving_average: Floats
    quantiles: Floats
    levels: tuple[float, ...]
    calibrator: ConformalCalibrator
    learning_curve: tuple[float | None, float | None] | None

    @property
    def candidates(self) -> dict[str, Floats]:
        """All forecasts of expected demand, by name."""
        return {
            "forecast": self.forecast,
            "model": self.model,
            "seasonal_naive": self.seasonal_naive,
            "moving_average": self.moving_average,
        }


@dataclass(frozen=True, kw_only=True)
class BacktestPlan:
    """The windows of a backtest, and the models it needs.

    Attributes:
        sample: The series.
        windows: The windows, the earliest first.
        past: The sample as known at the first cutoff.
    """

    sample: Sample
    windows: tuple[BacktestWindow, ...]
    past: Sample

    @classmethod
    def of(cls, sample: Sample, config: ForecastConfig) -> Self | None:
        """Make the windows. Return None if every series is too short for one.

        With `cutoff_rule = "series"`, windows are counted back from each series' own end. So the training data of one
        series may cover held-out periods of another.

        Args:
            sample: The series, with all of their demand.
            config: The configuration.
        """
        windows = make_backtest_windows(sample.panel, config)
        if not windows:
            return None
        held_out = windows[0].held_out_periods
        past = sample.select(sample.panel.lengths > held_out).without_last(held_out)
        return cls(sample=sample, windows=tuple(windows), past=past)

    @property
    def fits(self) -> list[ModelFit]:
        """The models to train: on all series, and on half of them unless the sample is the full population."""
        pasts = [self.past]
        if not self.sample.is_full_population and self.past.in_half_sample.any():
            pasts.append(self.past.select(self.past.in_half_sample))
        steps, share = self.windows[0].steps, BACKTEST_TRAIN_FRACTION
        return [ModelFit.of(past.panel, past.exogenous, past.active, horizon=steps, share=share) for past in pasts]


def backtest(plan: BacktestPlan, models: Sequence[DirectModel], config: ForecastConfig) -> Backtest | None:
    """Forecast the held-out periods of a sample from several cutoffs.

    Each series has the weight of all series it stands for. So the scores are estimates for all series of the run.

    Args:
        plan: The windows.
        models: One for each of the plan's `fits`.
        config: The configuration.

    Returns:
        None if no held-out period was observed.
    """
    sample, windows = plan.sample, plan.windows
    model, *smaller = models
    parts = [forecast_window(sample, window, model, config) for window in windows]
    observed = ObservedRows.of(parts)
    rows = observed.rows
    if not observed.weight.any():
        return None
    forecast = cross_fit(observed, config)
    wape_of_half = [forecast_window(sample, windows[0], half, config).wape for half in smaller]
    return Backtest(
        steps=windows[0].steps,
        windows=len(windows),
        series=observed.group,
        period=np.concatenate([part.period for part in parts]),
        step=rows.step,
        demand_class=rows.demand_class,
        weight=observed.weight,
        mase_scale=np.concatenate([part.mase_scale for part in parts]),
        actual=observed.actual,
        forecast=forecast.mean,
        model=rows.mean,
        seasonal_naive=rows.baselines[list(BASELINES).index("seasonal naive")],
        moving_average=np.concatenate([part.moving_average for part in parts]),
        quantiles=forecast.quantiles,
        levels=config.quantiles,
        calibrator=observed.fit_calibrator(config),
        learning_curve=(parts[0].wape, wape_of_half[0]) if wape_of_half else None,
    )
