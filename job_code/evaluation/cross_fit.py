"""Calibrate forecasts of a backtest without the observations that they are scored with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from job_code.calibration.calibrator import ConformalCalibrator, ProbabilisticForecast
from job_code.calibration.forecast_table import ForecastRows
from job_code.config import ForecastConfig
from job_code.evaluation.window_forecast import WindowForecast
from job_code.series.arrays import Booleans, Floats, Integers

MIN_GROUPS = 20  # fewer groups are all scored with values from all of them


@dataclass(frozen=True, kw_only=True)
class ObservedRows:
    """The forecasts of all windows of a backtest, and their observations. Arrays have shape (rows,).

    Attributes:
        rows: The forecasts.
        group: Number of the group of each row. A group is calibrated with the observations of others.
        actual: Observed demand.
        weight: Weight of the row; 0 if the period was not observed.
    """

    rows: ForecastRows
    group: Integers
    actual: Floats
    weight: Floats

    @classmethod
    def of(cls, windows: Sequence[WindowForecast]) -> Self:
        """Stack windows of the same series. Each series is a group."""
        series, actual, weight = (
            np.concatenate([getattr(window, name) for window in windows]) for name in ("series", "actual", "weight")
        )
        rows = ForecastRows.stack([window.rows for window in windows])
        return cls(rows=rows, group=series, actual=actual, weight=weight)

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """Stack the rows of several models, and number each as a group."""
        return cls(
            rows=ForecastRows.stack([part.rows for part in parts]),
            group=np.repeat(np.arange(len(parts)), [len(part.actual) for part in parts]),
            actual=np.concatenate([part.actual for part in parts]),
            weight=np.concatenate([part.weight for part in parts]),
        )

    def where(self, chosen: Booleans | Integers) -> Self:
        """Keep the chosen rows, or those at some positions, in that order."""
        return replace(
            self,
            rows=self.rows.where(chosen),
            group=self.group[chosen],
            actual=self.actual[chosen],
            weight=self.weight[chosen],
        )

    def sorted_by_group(self) -> Self:
        """Sort the rows by group. Rows of one group keep their order."""
        return self.where(np.argsort(self.group, kind="stable"))

    def fit_calibrator(self, config: ForecastConfig) -> ConformalCalibrator:
        """Fit a calibrator to the rows."""
        return ConformalCalibrator.fit(self.actual, self.weight, self.rows, config)


def cross_fit(observed: ObservedRows, config: ForecastConfig) -> ProbabilisticForecast:
    """Forecast each half of the groups with a calibrator fitted to the other half.

    Args:
        observed: The forecasts and their observations.
        config: Quantile levels and seed.
    """
    count = len(observed.actual)
    mean, quantiles = np.zeros(count), np.zeros((count, len(config.quantiles)))
    enough = len(np.unique(observed.group)) >= MIN_GROUPS
    even = observed.group % 2 == 0
    for scored in (even, ~even):
        others = observed.where(~scored) if enough else observed
        forecast = others.fit_calibrator(config).predict(observed.rows.where(scored), config)
        mean[scored], quantiles[scored] = forecast.mean, forecast.quantiles
    return ProbabilisticForecast(mean, quantiles)
