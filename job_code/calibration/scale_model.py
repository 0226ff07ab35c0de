"""A model of the residuals' expected size, fitted to the residuals of the backtest.

A few trees predict the absolute residual, in mean absolute changes of the series, from the features of the forecast
itself: the step, the recent past, the same season before. Residuals divided by this size are alike for all series and
steps, so their distributions can be pooled (locally weighted conformal prediction: Lei et al., 2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import lightgbm as lgb
import numpy as np

from job_code.config import ForecastConfig
from job_code.features.feature_matrix import Columns
from job_code.model.direct_model import Block
from job_code.model.tree_predictor import TreePredictor
from job_code.series.arrays import Booleans, Floats, Integers

N_ESTIMATORS, NUM_LEAVES, LEARNING_RATE = 30, 15, 0.08
MIN_CHILD_SAMPLES = 200
MIN_ROWS = 2_000  # with fewer, the expected size is the mean absolute change
MIN_SIZE, MAX_SIZE = 0.05, 20.0  # mean absolute changes
RANDOM_WALK_EXPONENT = 0.5  # the spread of a random walk grows with this power of the step
OF_FORECAST = ("scale", "mean absolute change", "forecast")


def scale_features(block: Block, change: Floats) -> Columns:
    """Build the features of the residual scale model: the model's features of demand, and its forecast.

    Args:
        block: Forecasts of the model.
        change: Mean absolute change of the series of each row, shape (rows,).

    Returns:
        Shape (features, rows). The last features are the step and then `OF_FORECAST`.
    """
    own = np.array([np.log(block.scale), change / block.scale, block.relative], dtype=np.float32)
    return np.concatenate([block.rows.T[block.of_demand], own])


def scale_feature_names(of_demand: Sequence[str]) -> tuple[str, ...]:
    """Name the features of `scale_features`, in their order.

    Args:
        of_demand: Names of the model's features of demand.
    """
    return (*of_demand, *OF_FORECAST)


@dataclass(frozen=True)
class ResidualScaleModel:
    """Expected size of residuals, in mean absolute changes of the series.

    Attributes:
        trees: None if the backtest had too few rows to fit trees.
        steps: Steps that the backtest covers. Beyond them, the size grows with a power of the step.
        horizon_exponent: Exponent of this power.
    """

    trees: TreePredictor | None = None
    steps: int = 1
    horizon_exponent: float = RANDOM_WALK_EXPONENT

    @classmethod
    def fit(cls, features: Columns, step: Integers, residual: Floats, usable: Booleans, config: ForecastConfig) -> Self:
        """Fit the model to the residuals of a backtest.

        Rows have equal weight, even if a series represents several. The expected size for one type of series does not
        depend on the number of such series.

        Args:
            features: Result of `scale_features`, shape (features, rows).
            step: Periods ahead, shape (rows,).
            residual: Absolute residuals in mean absolute changes, shape (rows,).
            usable: Rows to fit, shape (rows,).
            config: Seed of the trees.
        """
        size, steps = np.minimum(residual[usable], MAX_SIZE), step[usable]
        if not usable.any():
            return cls()
        horizon_exponent = _horizon_exponent(size, steps)
        if len(size) < MIN_ROWS:
            return cls(None, int(steps.max()), horizon_exponent)
        booster = lgb.LGBMRegressor(
            n_estimators=N_ESTIMATORS,
            learning_rate=LEARNING_RATE,
            num_leaves=NUM_LEAVES,
            min_child_samples=MIN_CHILD_SAMPLES,
            reg_lambda=MIN_CHILD_SAMPLES,
            max_bin=127,
            random_state=config.seed,
            deterministic=True,
            force_row_wise=True,
            n_jobs=1,
            verbosity=-1,
        )
        booster.fit(features[:, usable].T, size)
        return cls(TreePredictor(booster.booster_), int(steps.max()), horizon_exponent)

    def predict(self, features: Columns, step: Integers) -> Floats:
        """Predict the expected size of residuals.

        Args:
            features: Result of `scale_features`, shape (features, rows).
            step: Periods ahead, shape (rows,).

        Returns:
            In mean absolute changes, shape (rows,). Without trees, it is 1 at every step that the backtest covers.
        """
        beyond = (np.maximum(step, self.steps) / self.steps) ** self.horizon_exponent
        if self.trees is None:
            return beyond
        if step.max(initial=0) > self.steps:
            features = features.copy()
            features[-1 - len(OF_FORECAST)] = np.minimum(step, self.steps)
        return np.clip(self.trees.predict(features.T), MIN_SIZE, MAX_SIZE) * beyond


def _horizon_exponent(residual: Floats, step: Integers) -> float:
    """Fit the power of the step that residuals grow with, by least squares of the logarithm of their mean."""
    count = np.bincount(step)
    covered = np.flatnonzero(count)
    mean = np.bincount(step, weights=residual)[covered] / count[covered]
    if len(covered) < 3 or (mean <= 0).any():
        return RANDOM_WALK_EXPONENT
    x, y = np.log(covered), np.log(mean)
    slope = float(np.average((x - x.mean()) * (y - y.mean())) / np.average((x - x.mean()) ** 2))
    return float(np.clip(slope, 0.0, RANDOM_WALK_EXPONENT))
