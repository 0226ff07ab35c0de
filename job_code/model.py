"""The global model: LightGBM, through MLForecast, on the change of every series relative to its own size.

Levels and trends of very different series look alike once each is divided by its own size and differenced;
a forecast is the last observed value plus the predicted changes, summed up.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import lightgbm as lgb
import numpy as np
import polars as pl
from mlforecast import MLForecast

from job_code.config import ForecastConfig
from job_code.features import features_for
from job_code.frequency import Frequency
from job_code.panel import Booleans, Floats, Panel
from job_code.tree_predictor import BLOCK, Rows, TreePredictor

MODEL = "change"
WEIGHT = "weight"
LEAST_TRAINING_ROWS = 30  # with fewer, the last value is the honest forecast
SERIES_AT_A_TIME = BLOCK  # what is forecast together stays in the processor's cache
FIRST_ROWS = 1_000


@dataclass(frozen=True)
class Resources:
    """What the model may use.

    Attributes:
        threads: Threads of LightGBM and MLForecast.
        on_round: Called after every boosting round.
    """

    threads: int
    on_round: Callable[[], None]


@dataclass(frozen=True)
class StaticFeatures:
    """Static columns as numbers, one row a series.

    Attributes:
        columns: Float32, null where unknown.
        categorical: Names of those that hold categories.
    """

    columns: pl.DataFrame
    categorical: tuple[str, ...] = ()

    @classmethod
    def none(cls, series: int) -> Self:
        """No columns, for a number of series."""
        return cls(pl.DataFrame(height=series))

    def select(self, series: Booleans) -> Self:
        """Keeps some of the series."""
        return type(self)(self.columns.filter(pl.Series(series)), self.categorical)

    @property
    def named_apart(self) -> pl.DataFrame:
        """The columns under names that none of the model's own can have, as `y` or `lag1`."""
        return self.columns.rename({name: f"static {name}" for name in self.columns.columns})


def size(panel: Panel) -> Floats:
    """Mean absolute demand of each series over its last year, over all its periods where that is 0, else 1."""
    magnitude = np.abs(panel.values)
    recent = panel.mean_of_last(magnitude, panel.frequency.per_year)
    overall = panel.mean_of_last(magnitude, len(magnitude))
    return np.where(recent > 0, recent, np.where(overall > 0, overall, 1.0))


@dataclass(frozen=True)
class ChangeModel:
    """One LightGBM model for all series; it can travel to other processes.

    Attributes:
        training_rows: Rows it was fitted on.
        memory: Periods of a series that it looks at, at most.
    """

    training_rows: int
    memory: int
    _forecaster: MLForecast | None

    @classmethod
    def fit(
        cls, panel: Panel, static: StaticFeatures, active: Booleans, config: ForecastConfig, resources: Resources
    ) -> Self:
        """Learns from a panel.

        Args:
            panel: Series to learn from.
            static: What is known of them beside their demand.
            active: Whether each still sells; the others teach nothing.
            config: Model settings.
            resources: Threads and progress.
        """
        panel, static = panel.select(active), static.select(active)
        memory = features_for(panel.frequency).memory
        rows = int(panel.lengths.sum())
        if rows < LEAST_TRAINING_ROWS:
            return cls(rows, memory, None)
        frame = _changes(panel, static.named_apart, weighted=True)
        longest = int(panel.lengths.max())
        rows_per_leaf = max(1, min(config.min_rows_per_leaf, rows // 100))
        booster = lgb.LGBMRegressor(
            n_estimators=config.trees,
            learning_rate=config.learning_rate,
            num_leaves=config.leaves,
            min_child_samples=rows_per_leaf,
            min_child_weight=rows_per_leaf,  # rows without weight teach nothing, and must not make up a leaf
            random_state=config.seed,
            deterministic=True,
            force_row_wise=True,
            n_jobs=resources.threads,
            verbosity=-1,
        )
        fitting = _forecaster(booster, panel.frequency, longest, threads=resources.threads)
        names = static.named_apart.columns
        categorical = [static.columns.columns.index(name) for name in static.categorical]
        fitting.fit(
            frame,
            time_col="ds",
            static_features=names,
            dropna=False,  # short series teach too, with what they have
            as_numpy=True,
            weight_col=WEIGHT,
            models_fit_kwargs={
                MODEL: {
                    "categorical_feature": categorical or "auto",
                    "callbacks": [lambda _: resources.on_round()],
                }
            },
        )
        # Categories are handed to LightGBM by position.
        assert fitting.ts.features_order_[: len(names)] == names
        fitted = fitting.models_[MODEL]
        assert isinstance(fitted, lgb.LGBMRegressor)
        # What predicts keeps the features' recipe and the trees, and none of the data.
        predicting = _forecaster(_Fitted(TreePredictor(fitted.booster_)), panel.frequency, longest, threads=1)
        predicting.fit(
            frame.head(FIRST_ROWS).drop(WEIGHT), time_col="ds", static_features=names, dropna=False, as_numpy=True
        )
        return cls(rows, memory, predicting)

    def predict(self, panel: Panel, static: StaticFeatures, active: Booleans, horizon: int) -> Floats:
        """Forecasts series over the periods after their last one.

        Args:
            panel: The series; of each the last `memory` periods suffice.
            static: What is known of them.
            active: Whether each still sells.
            horizon: Number of periods.

        Returns:
            Expected demand, shape (series, horizon); exactly 0 for a series that has stopped selling.
        """
        forecast = np.zeros((len(panel), horizon))
        selling = np.flatnonzero(active)
        for begin in range(0, len(selling), SERIES_AT_A_TIME):
            chosen = np.zeros(len(panel), dtype=bool)
            chosen[selling[begin : begin + SERIES_AT_A_TIME]] = True
            forecast[chosen] = self._predict_active(panel.select(chosen), static.select(chosen), horizon)
        return forecast

    def _predict_active(self, panel: Panel, static: StaticFeatures, horizon: int) -> Floats:
        forecast = np.repeat(panel.last(1), horizon, axis=1)
        if self._forecaster is not None:
            recent = panel.recent(self.memory)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Found null values")  # LightGBM takes nulls as they are
                changes = self._forecaster.predict(horizon, new_df=_changes(recent, static.named_apart, weighted=False))
            forecast += size(recent)[:, None] * np.cumsum(changes[MODEL].to_numpy().reshape(-1, horizon), axis=1)
        return forecast


@dataclass(frozen=True)
class _Fitted:
    """A fitted model in the shape of one that MLForecast fits."""

    trees: TreePredictor

    def fit(self, *_: Rows) -> Self:
        """There is nothing left to learn."""
        return self

    def predict(self, features: Rows) -> Floats:
        return self.trees.predict(features)

    def __sklearn_clone__(self) -> Self:
        return self


def _forecaster(
    model: "lgb.LGBMRegressor | _Fitted", frequency: Frequency, longest: int, *, threads: int
) -> MLForecast:
    features = features_for(frequency)
    return MLForecast(
        models={MODEL: model},
        freq=1,
        lags=features.lags_within(longest),
        lag_transforms=features.lag_transforms(longest),
        date_features=list(features.calendar),
        num_threads=threads,
    )


def _changes(panel: Panel, static: pl.DataFrame, *, weighted: bool) -> pl.DataFrame:
    scaled = panel.values / np.repeat(size(panel), panel.lengths)
    change = np.diff(scaled, prepend=scaled[0])
    change[panel.starts] = 0.0
    frame = pl.DataFrame(
        {
            "unique_id": panel.series_of_value,
            "ds": panel.period_of_value,
            "y": change.astype(np.float32),
        }
    )
    if weighted:  # nothing comes before the first value: it is no change
        frame = frame.with_columns(pl.Series(WEIGHT, (panel.age > 0).astype(np.float32)))
    return frame.with_columns(column.gather(panel.series_of_value) for column in static)
