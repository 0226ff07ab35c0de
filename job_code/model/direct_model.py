"""The global model: it forecasts every step of the horizon directly.

MLForecast computes the lag features, LightGBM trains on them. A row is one series at one origin, and a step ahead of
it. Demand is relative to the series' scale at the origin, so that very different series look alike. One set of trees
serves all steps and all series of a demand segment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from job_code.exogenous.covariate_encoding import CovariateEncoding
from job_code.exogenous.exogenous_features import Exogenous
from job_code.exogenous.static_features import StaticEncoding
from job_code.features.feature_matrix import Columns, demand_names, row_names
from job_code.features.feature_recipe import FeatureRecipe, recipe_for
from job_code.features.lag_features import demand_scale, last_origins
from job_code.model.segment_model import DemandSegment, SegmentModel
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.demand_classes import zero_share
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel

SERIES_AT_A_TIME = 16_384  # their lag features are computed together and kept until all steps are forecast
ROWS_AT_A_TIME = 12 * SERIES_AT_A_TIME


@dataclass(frozen=True, kw_only=True)
class Block:
    """Forecasts made together.

    Attributes:
        series: Index of each row's series, shape (rows,).
        step: Periods ahead, from 1, shape (rows,).
        scale: Scale of each row's series, in units of demand, shape (rows,).
        relative: Forecast demand, relative to the scale, shape (rows,).
        rows: Features, shape (rows, features).
        of_demand: Positions of the features of demand, the step last.
    """

    series: Integers
    step: Integers
    scale: Floats
    relative: Floats
    rows: Columns
    of_demand: list[int]


@dataclass(frozen=True)
class DirectModel:
    """The LightGBM models of all segments. It can be pickled.

    Attributes:
        max_lookback: Number of past periods that a forecast depends on at most.
        segments: The model of each segment, in the order of `DemandSegment`.
        recipe: The feature recipe.
    """

    max_lookback: int
    segments: tuple[SegmentModel, ...]
    recipe: FeatureRecipe

    @classmethod
    def of(cls, frequency: Frequency, horizon: int, segments: tuple[SegmentModel, ...]) -> Self:
        """Assemble a model.

        Args:
            frequency: The calendar.
            horizon: Longest step to forecast.
            segments: The model of each segment.
        """
        recipe = recipe_for(frequency)
        return cls(recipe.max_lookback(horizon), segments, recipe)

    def blocks(self, panel: Panel, exogenous: Exogenous, active: Booleans, horizon: int) -> Iterator[Block]:
        """Forecast the periods after the last one of each series, block by block.

        Args:
            panel: The series; the last `max_lookback` periods of each suffice.
            exogenous: Static features and covariates of the series.
            active: Whether each series still sells, shape (series,); the others are not forecast.
            horizon: Number of periods, at most the one the model was trained for.
        """
        selling = np.flatnonzero(active)
        for begin in range(0, len(selling), SERIES_AT_A_TIME):
            some = selling[begin : begin + SERIES_AT_A_TIME]
            chosen = np.zeros(len(panel), dtype=bool)
            chosen[some] = True
            for block in self._blocks(panel.select(chosen), exogenous.select(chosen), horizon):
                yield replace(block, series=some[block.series])

    def mean(self, forecast: Floats, panel: Panel) -> Floats:
        """Turn forecasts into expected demand, shape (series, horizon). The forecasts of dense series are medians."""
        ratio = np.array([segment.mean_to_median_ratio for segment in self.segments])
        expected: Floats = forecast * ratio[_segment_of(panel)][:, None]
        return expected

    def _blocks(self, panel: Panel, exogenous: Exogenous, horizon: int) -> Iterator[Block]:
        panel = panel.recent(self.max_lookback)
        origins, scale = last_origins(panel, exogenous, recipe=self.recipe), demand_scale(panel)
        segment_of_series = _segment_of(panel)
        for segment in self.segments:
            series = np.flatnonzero(segment_of_series == segment.segment)
            if not len(series):
                continue
            parts = min(horizon, -(-len(series) * horizon // ROWS_AT_A_TIME))
            for steps in np.array_split(np.arange(1, horizon + 1), parts):
                index, step = np.tile(series, len(steps)), np.repeat(steps, len(series))
                rows = segment.rows(origins, index, step)
                relative = segment.predict(origins, index, step, rows, len(steps))
                yield Block(
                    series=index,
                    step=step,
                    scale=scale[index],
                    relative=relative,
                    rows=rows,
                    of_demand=origins.of_demand,
                )

    def feature_names(self, static: StaticEncoding, covariates: CovariateEncoding) -> tuple[str, ...]:
        """Name the features of the trees, in their order.

        Args:
            static: The static columns.
            covariates: The covariates.
        """
        return row_names(
            self.recipe,
            static=static.columns,
            covariates=covariates.names,
            positive=covariates.positive,
        )

    @property
    def demand_names(self) -> tuple[str, ...]:
        """Names of the features of demand, in the order of `Block.of_demand`."""
        return demand_names(self.recipe)


def _segment_of(panel: Panel) -> Integers:
    return DemandSegment.of(zero_share(panel), panel.lengths, panel.frequency)
