"""How far off a forecast is likely to be: learnt from how far it was off in the backtest.

A few trees tell the size of an error, in usual changes of the series, from what the forecast itself is made from: the
step, the recent past, the same season before. Errors relative to that are alike, whatever the series and the step, and
their distribution can be taken together.
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

TREES, LEAVES, LEARNING_RATE = 30, 15, 0.08
ROWS_PER_LEAF = 200
LEAST_ROWS = 2_000  # with fewer, the usual change is all that is told
LEAST, MOST = 0.05, 20.0  # usual changes
RANDOM_WALK = 0.5  # the spread of a random walk grows with this power of the step
OF_FORECAST = ("size", "change", "forecast")


def spread_columns(block: Block, change: Floats) -> Columns:
    """What the spread is told from: what the model sees of demand, and what it makes of it.

    Args:
        block: Forecasts of the model.
        change: How much the series of each usually changes, shape (rows,).

    Returns:
        Shape (columns, rows), the step in front of the last `OF_FORECAST`.
    """
    own = np.array([np.log(block.size), change / block.size, block.relative], dtype=np.float32)
    return np.concatenate([block.rows.T[block.of_demand], own])


def spread_names(of_demand: Sequence[str]) -> tuple[str, ...]:
    """Name the columns of `spread_columns`, in their order.

    Args:
        of_demand: Names of the features that tell of demand alone.
    """
    return (*of_demand, *OF_FORECAST)


@dataclass(frozen=True)
class Spread:
    """Size of errors, in usual changes of the series.

    Attributes:
        trees: None where there was too little to learn from.
        steps: Steps that were measured; beyond them it grows with a power of the step.
        growth: That power.
    """

    trees: TreePredictor | None = None
    steps: int = 1
    growth: float = RANDOM_WALK

    @classmethod
    def learn(cls, told: Columns, step: Integers, error: Floats, usable: Booleans, config: ForecastConfig) -> Self:
        """Learns from the errors of a backtest.

        Series that were drawn more often than others teach more: how far off a forecast of one kind is does not depend
        on how many there are of that kind.

        Args:
            told: What `spread_columns` gave, shape (columns, entries).
            step: Periods ahead, shape (entries,).
            error: Absolute errors in usual changes, shape (entries,).
            usable: Which of them count.
            config: Seed of the trees.
        """
        size, steps = np.minimum(error[usable], MOST), step[usable]
        if not usable.any():
            return cls()
        growth = _growth(size, steps)
        if len(size) < LEAST_ROWS:
            return cls(None, int(steps.max()), growth)
        booster = lgb.LGBMRegressor(
            n_estimators=TREES,
            learning_rate=LEARNING_RATE,
            num_leaves=LEAVES,
            min_child_samples=ROWS_PER_LEAF,
            reg_lambda=ROWS_PER_LEAF,
            max_bin=127,
            random_state=config.seed,
            deterministic=True,
            force_row_wise=True,
            n_jobs=1,
            verbosity=-1,
        )
        booster.fit(told[:, usable].T, size)
        return cls(TreePredictor(booster.booster_), int(steps.max()), growth)

    def predict(self, told: Columns, step: Integers) -> Floats:
        """Tells the size of errors.

        Args:
            told: What `spread_columns` gave, shape (columns, entries).
            step: Periods ahead, shape (entries,).

        Returns:
            In usual changes, shape (entries,); where there are no trees, 1 at every step that was measured.
        """
        beyond = (np.maximum(step, self.steps) / self.steps) ** self.growth
        if self.trees is None:
            return beyond
        if step.max(initial=0) > self.steps:
            told = told.copy()
            told[-1 - len(OF_FORECAST)] = np.minimum(step, self.steps)
        return np.clip(self.trees.predict(told.T), LEAST, MOST) * beyond


def _growth(error: Floats, step: Integers) -> float:
    """The power of the step that errors grow with, by least squares of their mean's logarithm."""
    count = np.bincount(step)
    measured = np.flatnonzero(count)
    mean = np.bincount(step, weights=error)[measured] / count[measured]
    if len(measured) < 3 or (mean <= 0).any():
        return RANDOM_WALK
    x, y = np.log(measured), np.log(mean)
    slope = float(np.average((x - x.mean()) * (y - y.mean())) / np.average((x - x.mean()) ** 2))
    return float(np.clip(slope, 0.0, RANDOM_WALK))
