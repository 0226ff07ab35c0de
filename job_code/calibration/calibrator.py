"""Turn the model's output into mean and quantile forecasts, with the residuals of a backtest."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from job_code.calibration.count_recalibration import dense_quantile_levels, recalibrate_count_quantiles
from job_code.calibration.ensemble_weights import EnsembleWeights, blend, fit_ensemble_weights
from job_code.calibration.forecast_table import ForecastRows, non_negative
from job_code.calibration.residual_quantiles import ResidualQuantiles
from job_code.calibration.scale_model import ResidualScaleModel
from job_code.config import ForecastConfig
from job_code.series.arrays import Floats
from job_code.series.demand_classes import DEMAND_CLASSES

MIN_FORECASTS = 30  # rows of a backtest; the errors of fewer rows are not reliable


@dataclass(frozen=True)
class ProbabilisticForecast:
    """Mean and quantile forecasts.

    Attributes:
        mean: Expected demand, shape (rows,).
        quantiles: Quantiles at the configured levels, never crossing, shape (rows, levels).
    """

    mean: Floats
    quantiles: Floats


@dataclass(frozen=True, kw_only=True)
class ConformalCalibrator:
    """Makes probabilistic forecasts from residuals of a backtest.

    Attributes:
        ensemble_weights: Blend of model and baseline, for each demand class.
        residual_scale: Expected size of residuals.
        residuals: Quantiles of residuals relative to their expected size.
        count_residuals: The same quantiles for demand in whole numbers.
    """

    ensemble_weights: tuple[EnsembleWeights, ...]
    residual_scale: ResidualScaleModel
    residuals: ResidualQuantiles
    count_residuals: ResidualQuantiles

    @classmethod
    def random_walk_default(cls, config: ForecastConfig) -> Self:
        """Return the calibrator for demand whose history is too short for a backtest."""
        residuals = ResidualQuantiles.random_walk_default(config.quantiles)
        return cls(
            ensemble_weights=(EnsembleWeights(),) * len(DEMAND_CLASSES),
            residual_scale=ResidualScaleModel(),
            residuals=residuals,
            count_residuals=residuals,
        )

    @classmethod
    def fit(cls, actual: Floats, weight: Floats, rows: ForecastRows, config: ForecastConfig) -> Self:
        """Fit a calibrator to the forecasts of a backtest.

        Args:
            actual: Observed demand, shape (rows,).
            weight: Weight of each row, shape (rows,).
            rows: The forecasts.
            config: Quantile levels and seed.
        """
        ensemble_weights = fit_ensemble_weights(actual, weight, rows)
        usable = rows.active & (rows.mean_absolute_change > 0) & (weight > 0)
        if np.count_nonzero(usable) < MIN_FORECASTS:
            return replace(cls.random_walk_default(config), ensemble_weights=ensemble_weights)
        # Counts are one unit apart. Uniform noise within this unit removes the steps of their distribution. A rounded
        # quantile of it is then the quantile of the counts.
        within = np.random.default_rng(config.seed).random(len(actual)) - 0.5
        center = blend(rows, rows.model, ensemble_weights)
        residual = np.where(rows.whole, actual + within, actual) - center
        change = np.where(usable, rows.mean_absolute_change, 1.0)
        residual_scale = ResidualScaleModel.fit(
            rows.scale_features, rows.step, np.abs(residual) / change, usable, config
        )
        size = change * residual_scale.predict(rows.scale_features, rows.step)
        counted, dense = np.where(usable, weight, 0.0), dense_quantile_levels(config.quantiles)
        residuals = ResidualQuantiles.fit(residual / size, counted, rows.demand_class, rows.step, dense)
        whole = rows.whole & usable
        demand_class, step = rows.demand_class[whole], rows.step[whole]
        quantiles = non_negative(np.round(residuals.quantiles(center[whole], size[whole], demand_class, step)), config)
        moved = recalibrate_count_quantiles(
            actual[whole], quantiles, dense, weight[whole], demand_class, config.quantiles
        )
        configured = np.tile(np.asarray(config.quantiles), (len(DEMAND_CLASSES), 1))
        return cls(
            ensemble_weights=ensemble_weights,
            residual_scale=residual_scale,
            residuals=residuals.at(configured),
            count_residuals=residuals.at(moved),
        )

    def predict(self, rows: ForecastRows, config: ForecastConfig) -> ProbabilisticForecast:
        """Forecast mean and quantiles. Both are exactly 0 for discontinued series."""
        center = blend(rows, rows.model, self.ensemble_weights)
        mean = blend(rows, rows.mean, self.ensemble_weights)
        size = rows.mean_absolute_change * self.residual_scale.predict(rows.scale_features, rows.step)
        distribution = (center, np.where(rows.active, size, 0.0), rows.demand_class, rows.step)
        counts = np.round(self.count_residuals.quantiles(*distribution))
        quantiles = np.where(rows.whole[:, None], counts, self.residuals.quantiles(*distribution))
        return ProbabilisticForecast(mean, non_negative(quantiles, config))
