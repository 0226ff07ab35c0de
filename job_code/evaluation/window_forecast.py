"""Forecast one window of a backtest, and keep its observations."""

from dataclasses import dataclass

import numpy as np

from job_code.calibration.forecast_table import ForecastRows
from job_code.calibration.mean_absolute_change import prior_relative_change
from job_code.config import ForecastConfig
from job_code.evaluation import metrics
from job_code.evaluation.backtest_windows import BacktestWindow
from job_code.model.baselines import moving_average
from job_code.model.direct_model import DirectModel
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Floats, Integers


@dataclass(frozen=True, kw_only=True)
class WindowForecast:
    """The forecasts of one window and their observations. Arrays have shape (rows,).

    Attributes:
        rows: The forecasts.
        series: Index of the series in the sample.
        period: Number of the period.
        actual: Observed demand.
        weight: Weight of the row: the series it stands for; 0 if the period was not observed.
        mase_scale: The series' in-sample error of seasonal naive; NaN if it is not defined.
        moving_average: The moving average.
    """

    rows: ForecastRows
    series: Integers
    period: Integers
    actual: Floats
    weight: Floats
    mase_scale: Floats
    moving_average: Floats

    @property
    def wape(self) -> float | None:
        """WAPE of the model alone."""
        return metrics.wape(self.actual, self.rows.mean, self.weight)


def forecast_window(
    sample: Sample, window: BacktestWindow, model: DirectModel, config: ForecastConfig, *, prior: float | None = None
) -> WindowForecast:
    """Forecast the held-out periods of a window, from its cutoff.

    Args:
        sample: The series, with all of their demand.
        window: The window.
        model: The model, trained on demand before the earliest window.
        config: The configuration.
        prior: Result of `prior_relative_change`; None to compute it from the demand before the window.
    """
    known = sample.select(window.series)
    past, steps = known.without_last(window.held_out_periods), window.steps
    history = past.panel
    ahead = np.arange(1, steps + 1)
    actual = known.panel.last(window.held_out_periods)[:, :steps]
    observed = known.panel.last_observed(window.held_out_periods)[:, :steps]
    return WindowForecast(
        rows=ForecastRows.of(
            model,
            history,
            past.exogenous,
            past.active,
            config,
            steps=steps,
            prior_relative_change=prior_relative_change(history, past.weight) if prior is None else prior,
        ),
        series=np.repeat(np.flatnonzero(window.series), steps),
        period=(history.last_period[:, None] + ahead).ravel(),
        actual=actual.ravel(),
        weight=np.where(observed, past.weight[:, None], 0.0).ravel(),
        mase_scale=np.repeat(metrics.seasonal_naive_mae(history), steps),
        moving_average=moving_average(history, steps).ravel(),
    )
