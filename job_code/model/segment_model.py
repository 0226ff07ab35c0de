"""The two regimes of demand, and what each is learnt by.

Series that have long sold in nearly every period are learnt by the absolute error, which a few odd weeks cannot upset;
the others by the squared one, as their expectation is wanted and the median of sparse demand is zero. At a cold
start nobody knows yet which a series is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import lightgbm as lgb
import numpy as np

from job_code.config import ForecastConfig
from job_code.features.feature_matrix import Columns, Origins
from job_code.features.training_rows import TrainingRows
from job_code.model.tree_predictor import TreePredictor
from job_code.series.arrays import Floats, Integers
from job_code.series.demand_classes import ZERO_SHARE_EDGES
from job_code.series.frequency import Frequency
from job_code.series.lifecycle import is_cold_start

LEAST_TRAINING_ROWS = 30  # with fewer, what the trees would move away from is the honest forecast
MOST_WEIGHT = 50.0  # of a row, in typical ones, and the least is one over it; before the square root
BINS = 127  # a feature: 255 forecast no better and fit more slowly
FEATURES_PER_TREE = 0.7  # of all: trees that differ forecast better together
ROWS_FOR_SKEW = 100_000
VERY_GOOD = 10.0  # times the mean of the year before
GOOD = 3.0  # times the mean of those periods of it that had any demand
SKEWS = (0.5, 2.0)  # what lies outside is not regular demand


class Regime(IntEnum):
    """How a series sells."""

    REGULAR = 0
    SPARSE = 1

    @staticmethod
    def of(zero_share: Floats, age: Integers, frequency: Frequency) -> Integers:
        """The regime of series.

        Args:
            zero_share: Share of zeros in the last year of each.
            age: Periods each has.
            frequency: What a period is.
        """
        regular = (zero_share < ZERO_SHARE_EDGES[0]) & ~is_cold_start(age, frequency)
        return np.where(regular, Regime.REGULAR, Regime.SPARSE)


@dataclass(frozen=True)
class Learnt:
    """What was learnt of one regime.

    Attributes:
        regime: Which.
        trees: None where there was too little to learn from.
        skew: Expected demand over what is predicted, which is the median of a regular series.
    """

    regime: Regime
    trees: TreePredictor | None = None
    skew: float = 1.0

    def predict(self, origins: Origins, index: Integers, rows: Columns, steps: int = 1) -> Floats:
        """Predicts demand relative to the size at the origins.

        Args:
            origins: Where forecasts start.
            index: Which of them, shape (rows,).
            rows: What they tell of a step each, shape (rows, features).
            steps: Parts of the rows that go through the same origins, each in the same order.

        Returns:
            Shape (rows,).
        """
        base = _base(self.regime, origins, index)
        return base if self.trees is None else base + self.trees.predict(rows, steps)


def learn(
    regime: Regime,
    origins: Origins,
    drawn: TrainingRows,
    config: ForecastConfig,
    *,
    threads: int,
    on_round: Callable[[], object],
) -> Learnt:
    """Learns one regime.

    Args:
        regime: Which.
        origins: Those of the training rows of this regime.
        drawn: These rows.
        config: Model settings.
        threads: Threads of LightGBM.
        on_round: Called after every boosting round.
    """
    if len(drawn) < LEAST_TRAINING_ROWS:
        return Learnt(regime)
    every = np.arange(len(drawn))
    rows_per_leaf = max(1, min(config.min_rows_per_leaf, len(drawn) // 100))
    booster = lgb.LGBMRegressor(
        objective="regression_l1" if regime == Regime.REGULAR else "regression",
        n_estimators=config.trees,
        learning_rate=config.learning_rate,
        num_leaves=config.leaves,
        min_child_samples=rows_per_leaf,
        reg_lambda=rows_per_leaf,  # a split counts as if as many rows more had no part in it: on few series it overfits
        colsample_bytree=FEATURES_PER_TREE,
        max_bin=BINS,
        random_state=config.seed,
        deterministic=True,
        force_row_wise=True,
        n_jobs=threads,
        verbosity=-1,
    )
    target = origins.values[drawn.target] / origins.size
    if regime == Regime.SPARSE:
        # What is large only beside next to nothing would outweigh all else: no more counts than a good sale.
        most = GOOD / (1 - drawn.zero_share)
        target = np.clip(target, -most, most)
    booster.fit(
        origins.rows(every, drawn.step),
        target - _base(regime, origins, every),
        sample_weight=_weight(drawn) if regime == Regime.SPARSE else None,
        categorical_feature=[origins.names.index(name) for name in origins.categorical] or "auto",
        callbacks=[lambda _: on_round()],
    )
    learnt = Learnt(regime, TreePredictor(booster.booster_))
    return learnt if regime == Regime.SPARSE else Learnt(regime, learnt.trees, _skew(learnt, origins, drawn, target))


def _base(regime: Regime, origins: Origins, index: Integers) -> Floats:
    """What the trees move away from: what stands for the last value, or the mean of the last year."""
    recipe = origins.recipe
    return origins.known(recipe.smoothed if regime == Regime.REGULAR else recipe.mean_of_year, index)


def _weight(drawn: TrainingRows) -> Floats:
    """Of counts the variance grows with the mean: errors relative to the size count with its square root."""
    relative = drawn.size / np.median(drawn.size)
    weight: Floats = np.sqrt(np.clip(relative, 1 / MOST_WEIGHT, MOST_WEIGHT))
    return weight


def _skew(learnt: Learnt, origins: Origins, drawn: TrainingRows, target: Floats) -> float:
    """Demand over its predicted median, over rows that were learnt from.

    All demand is relative to the series' size, so that no series decides for the others, and a mistyped value counts as
    no more than a very good week. Where demand may be negative a ratio means nothing.
    """
    some = np.arange(0, len(drawn), max(1, len(drawn) // ROWS_FOR_SKEW))
    if (target[some] < 0).any():
        return 1.0
    median = learnt.predict(origins, some, origins.rows(some, drawn.step[some])).sum()
    ratio = np.minimum(target[some], VERY_GOOD).sum() / median if median > 0 else 1.0
    return float(np.clip(ratio, *SKEWS))
