"""The two demand segments, and the LightGBM model of each.

Dense series have sold in nearly every period for long. Their trees minimize the absolute error, which a few odd weeks
cannot distort. All other series are intermittent. Their trees minimize the squared error, because the median of sparse
demand is zero and the forecast needs its expectation. Cold-start series are intermittent too: their history is too
short to classify them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import lightgbm as lgb
import numpy as np

from job_code.config import ForecastConfig
from job_code.features.feature_matrix import Columns, ForecastOrigins
from job_code.features.training_rows import TrainingRows
from job_code.model.average_trees import average_trees
from job_code.model.tree_predictor import TreePredictor
from job_code.model.tree_size import tree_size
from job_code.series.arrays import Floats, Integers
from job_code.series.demand_classes import ZERO_SHARE_EDGES
from job_code.series.frequency import Frequency
from job_code.series.lifecycle import is_cold_start

MIN_TRAINING_ROWS = 30  # with fewer, the forecast is the base value that trees would move away from
MAX_ROW_WEIGHT = 50.0  # times the weight of the median row; the inverse is the minimum; before the square root
MAX_BIN = 127  # with 255 bins, forecasts are not better and training is slower
COLSAMPLE_BYTREE = 0.7  # trees on different features forecast better together
ROWS_FOR_RATIO = 100_000
MAX_DENSE_TARGET = 10.0  # times the mean of the year before
MAX_INTERMITTENT_TARGET = 3.0  # times the mean of that year's periods with demand
MEAN_TO_MEDIAN_RANGE = (0.5, 2.0)  # a ratio of dense demand outside this range is an artifact


class DemandSegment(IntEnum):
    """The demand segments: dense series sell in nearly every period, the others are intermittent."""

    DENSE = 0
    INTERMITTENT = 1

    @property
    def label(self) -> str:
        """The segment's name in files and tables."""
        return self.name.lower()

    @staticmethod
    def of(zero_share: Floats, age: Integers, frequency: Frequency) -> Integers:
        """Return the segment of series.

        Args:
            zero_share: Share of zeros in the last year of each, shape (series,).
            age: Number of periods of each, shape (series,).
            frequency: The calendar.
        """
        dense = (zero_share < ZERO_SHARE_EDGES[0]) & ~is_cold_start(age, frequency)
        return np.where(dense, DemandSegment.DENSE, DemandSegment.INTERMITTENT)


@dataclass(frozen=True)
class SegmentModel:
    """The model of one demand segment.

    Attributes:
        segment: The segment.
        trees: None if there were too few rows to train on.
        mean_to_median_ratio: Expected demand divided by predicted demand, which is the median for a dense series.
    """

    segment: DemandSegment
    trees: TreePredictor | None = None
    mean_to_median_ratio: float = 1.0

    def rows(self, origins: ForecastOrigins, index: Integers, step: Integers) -> Columns:
        """Build the features of rows. The arguments are those of `ForecastOrigins.rows`."""
        return origins.rows(index, step, of_changes=_is_of_changes(self.segment, origins))

    def predict(
        self, origins: ForecastOrigins, index: Integers, step: Integers, rows: Columns, steps: int = 1
    ) -> Floats:
        """Predict demand relative to the scale at the origins.

        Args:
            origins: The origins to forecast from.
            index: Origin of each row, shape (rows,).
            step: Periods ahead of it, from 1, shape (rows,).
            rows: Features, shape (rows, features), from `rows`.
            steps: Number of equal parts of the rows. Every part has the same origins in the same order.

        Returns:
            Shape (rows,).
        """
        base, unit = _base(self.segment, origins, index, step)
        return base if self.trees is None else base + unit * self.trees.predict(rows, steps)


def fit_segment(
    segment: DemandSegment,
    origins: ForecastOrigins,
    drawn: TrainingRows,
    config: ForecastConfig,
    *,
    threads: int,
    on_round: Callable[[], object],
) -> SegmentModel:
    """Train the model of one segment.

    Args:
        segment: The segment.
        origins: The origins of the training rows of this segment.
        drawn: These rows.
        config: Model settings.
        threads: Number of threads for LightGBM.
        on_round: Called after every boosting round.
    """
    if len(drawn) < MIN_TRAINING_ROWS:
        return SegmentModel(segment)
    every = np.arange(len(drawn))
    size = tree_size(config, origins.frequency.calendar)
    min_child_samples = max(1, min(config.min_child_samples, len(drawn) // 100))
    booster = lgb.LGBMRegressor(
        objective="regression_l1" if segment == DemandSegment.DENSE else "regression",
        n_estimators=size.n_estimators,
        learning_rate=config.learning_rate,
        num_leaves=size.num_leaves,
        min_child_samples=min_child_samples,
        reg_lambda=min_child_samples,  # acts like as many rows with target 0, against overfitting of a few series
        colsample_bytree=COLSAMPLE_BYTREE,
        max_bin=MAX_BIN,
        random_state=config.seed,
        deterministic=True,
        force_row_wise=True,
        n_jobs=threads,
        verbosity=-1,
    )
    target = origins.values[drawn.target] / origins.scale
    if segment == DemandSegment.INTERMITTENT:
        # One sale after a year of nearly nothing is a huge multiple of the scale and would outweigh all other rows.
        limit = MAX_INTERMITTENT_TARGET / (1 - drawn.zero_share)
        target = np.clip(target, -limit, limit)
    base, unit = _base(segment, origins, every, drawn.step)
    booster.fit(
        SegmentModel(segment).rows(origins, every, drawn.step),
        (target - base) / unit,
        sample_weight=_row_weight(drawn) if segment == DemandSegment.INTERMITTENT else None,
        categorical_feature=[origins.names.index(name) for name in origins.categorical] or "auto",
        callbacks=[lambda _: on_round()],
    )
    model = SegmentModel(segment, TreePredictor(booster.booster_))
    if segment == DemandSegment.INTERMITTENT:
        return model
    return SegmentModel(segment, model.trees, _mean_to_median_ratio(model, origins, drawn, target))


def average_segments(models: Sequence[SegmentModel]) -> SegmentModel:
    """Return the average of models of one segment. Models without trees had too few rows, and do not count.

    Args:
        models: The models, at least one.
    """
    fitted = [(model.trees.text, model.mean_to_median_ratio) for model in models if model.trees is not None]
    if len(fitted) < 2:
        return next((model for model in models if model.trees is not None), models[0])
    texts, ratios = zip(*fitted, strict=True)
    return SegmentModel(models[0].segment, TreePredictor(average_trees(texts)), float(np.mean(ratios)))


def _is_of_changes(segment: DemandSegment, origins: ForecastOrigins) -> bool:
    return segment == DemandSegment.DENSE and origins.recipe.of_changes


def _base(
    segment: DemandSegment, origins: ForecastOrigins, index: Integers, step: Integers
) -> tuple[Floats, Floats | float]:
    """Return the base value that trees correct, and the unit of the correction.

    The base is the smoothed last value, the same hour of the day before, or the mean of the last year.
    """
    recipe = origins.recipe
    if _is_of_changes(segment, origins):
        return origins.season_before(index, step)
    return origins.lag_feature(
        recipe.ewm_feature if segment == DemandSegment.DENSE else recipe.mean_of_year, index
    ), 1.0


def _row_weight(drawn: TrainingRows) -> Floats:
    """Weight rows by the square root of their scale: the variance of counts grows with their mean."""
    relative = drawn.scale / np.median(drawn.scale)
    weight: Floats = np.sqrt(np.clip(relative, 1 / MAX_ROW_WEIGHT, MAX_ROW_WEIGHT))
    return weight


def _mean_to_median_ratio(model: SegmentModel, origins: ForecastOrigins, drawn: TrainingRows, target: Floats) -> float:
    """Return the sum of demand over the sum of its predicted median, over training rows.

    All demand is relative to the series' scale, so that no series dominates the others. Targets are clipped, so that a
    mistyped value has limited influence. Demand that may be negative has no meaningful ratio.
    """
    some = np.arange(0, len(drawn), max(1, len(drawn) // ROWS_FOR_RATIO))
    if (target[some] < 0).any():
        return 1.0
    step = drawn.step[some]
    median = model.predict(origins, some, step, model.rows(origins, some, step)).sum()
    ratio = np.minimum(target[some], MAX_DENSE_TARGET).sum() / median if median > 0 else 1.0
    return float(np.clip(ratio, *MEAN_TO_MEDIAN_RANGE))
