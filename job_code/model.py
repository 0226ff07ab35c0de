"""The global model: LightGBM, through MLForecast, on the change of every series relative to its own size.

Levels and trends of very different series look alike once each is divided by its own size and differenced;
a forecast is the last observed value plus the predicted changes, summed up.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import polars as pl
from mlforecast import MLForecast

from job_code.activity import is_active
from job_code.config import ForecastConfig
from job_code.features import features_for
from job_code.panel import Floats, Panel
from job_code.static_columns import StaticColumns

MODEL = "change"
WEIGHT = "weight"
LEAST_TRAINING_ROWS = 30  # with fewer, the last value is the honest forecast
Progress = Callable[[], None]


@dataclass(frozen=True)
class Resources:
    """What the model may use.

    Attributes:
        threads: Threads of LightGBM and MLForecast.
        on_round: Called after every boosting round.
    """

    threads: int
    on_round: Progress


def size(panel: Panel) -> Floats:
    """Mean absolute demand of each series over its last year, over all its periods where that is 0, else 1."""
    magnitude = np.abs(panel.values)
    recent = panel.mean_of_last(magnitude, panel.frequency.per_year)
    overall = panel.mean_of_last(magnitude, len(magnitude))
    return np.where(recent > 0, recent, np.where(overall > 0, overall, 1.0))


class ChangeModel:
    """One LightGBM model for all series of a panel, fitted on construction.

    Args:
        panel: Series to learn from, and to forecast.
        static: One row a series of the panel, or None.
        config: Model settings.
        resources: Threads and progress.
    """

    def __init__(
        self, panel: Panel, static: StaticColumns | None, config: ForecastConfig, resources: Resources
    ) -> None:
        self._panel = panel
        self._active = is_active(panel)
        self._resources = resources
        self.training_rows = int(panel.lengths[self._active].sum())
        self._forecaster: MLForecast | None = None
        if self.training_rows >= LEAST_TRAINING_ROWS:
            self._forecaster = self._fit(static, config)

    def predict(self, horizon: int) -> Floats:
        """Forecasts every series over the periods after its last one.

        Args:
            horizon: Number of periods.

        Returns:
            Expected demand, shape (series, horizon); exactly 0 for a series that has stopped selling.
        """
        forecast = np.zeros((len(self._panel), horizon))
        if not self._active.any():
            return forecast
        active = self._panel.select(self._active)
        forecast[self._active] = active.last(1)
        if self._forecaster is not None:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Found null values")  # LightGBM takes nulls as they are
                changes = self._forecaster.predict(horizon)
            summed = np.cumsum(changes[MODEL].to_numpy().reshape(len(active), horizon), axis=1)
            forecast[self._active] += size(active)[:, None] * summed
        return forecast

    def _fit(self, static: StaticColumns | None, config: ForecastConfig) -> MLForecast:
        active = self._panel.select(self._active)
        features = features_for(active.frequency)
        longest = int(active.lengths.max())
        described = static.columns.filter(pl.Series(self._active)) if static else pl.DataFrame()
        categorical = [described.columns.index(name) for name in static.categorical] if static else []
        # A column may be called y, or lag1, as the model's own are.
        described = described.rename({name: f"static {name}" for name in described.columns})
        booster = lgb.LGBMRegressor(
            n_estimators=config.trees,
            learning_rate=config.learning_rate,
            num_leaves=config.leaves,
            min_child_samples=max(1, min(config.min_rows_per_leaf, self.training_rows // 100)),
            random_state=config.seed,
            deterministic=True,
            force_row_wise=True,
            n_jobs=self._resources.threads,
            verbosity=-1,
        )
        forecaster = MLForecast(
            models={MODEL: booster},
            freq=1,
            lags=features.lags_within(longest),
            lag_transforms=features.lag_transforms(longest),
            date_features=list(features.calendar),
            num_threads=self._resources.threads,
        )
        forecaster.fit(
            _changes(active, described),
            time_col="ds",
            static_features=described.columns,
            dropna=False,  # short series teach too, with what they have
            as_numpy=True,
            weight_col=WEIGHT,
            models_fit_kwargs={
                MODEL: {
                    "categorical_feature": categorical or "auto",
                    "callbacks": [lambda _: self._resources.on_round()],
                }
            },
        )
        # Categories are handed to LightGBM by position.
        assert forecaster.ts.features_order_[: described.width] == described.columns
        return forecaster


def _changes(panel: Panel, static: pl.DataFrame) -> pl.DataFrame:
    scaled = panel.values / np.repeat(size(panel), panel.lengths)
    change = np.diff(scaled, prepend=scaled[0])
    change[panel.starts] = 0.0
    frame = pl.DataFrame(
        {
            "unique_id": panel.series_of_value,
            "ds": panel.period_of_value,
            "y": change.astype(np.float32),
            WEIGHT: (panel.age > 0).astype(np.float32),  # nothing comes before the first value: it is no change
        }
    )
    repeated = [column.gather(panel.series_of_value) for column in static]
    return frame.with_columns(repeated)
