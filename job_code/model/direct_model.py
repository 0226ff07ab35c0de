"""The global model: LightGBM, trained on features by MLForecast, forecasts every step of the horizon directly.

A row is one series at one origin, and a step ahead of it; demand is relative to the series' size there, so that very
different series look alike. One set of trees serves all steps and all series of a regime.
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
from job_code.features.lag_features import last_origins, size
from job_code.model.segment_model import Learnt, Regime
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.demand_classes import zero_share
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel

SERIES_AT_A_TIME = 16_384  # their features are made together, and kept until all steps are forecast
ROWS_AT_A_TIME = 12 * SERIES_AT_A_TIME


@dataclass(frozen=True, kw_only=True)
class Block:
    """Forecasts made together.

    Attributes:
        series: Index of the series of each, shape (rows,).
        step: Periods ahead, from 1, shape (rows,).
        size: What demand is relative to, shape (rows,).
        relative: Demand that is forecast, relative to the size, shape (rows,).
        rows: What they were made from, shape (rows, features).
        of_demand: Positions of those features that tell of demand alone, the step last.
    """

    series: Integers
    step: Integers
    size: Floats
    relative: Floats
    rows: Columns
    of_demand: list[int]


@dataclass(frozen=True)
class DirectModel:
    """LightGBM models for all series and steps; they can travel to other processes.

    Attributes:
        memory: Periods of a series that are looked at, at most.
        learnt: What was learnt of each regime.
        recipe: The features.
    """

    memory: int
    learnt: tuple[Learnt, ...]
    recipe: FeatureRecipe

    @classmethod
    def of(cls, frequency: Frequency, horizon: int, learnt: tuple[Learnt, ...]) -> Self:
        """Put a model together.

        Args:
            frequency: What a period is.
            horizon: Most periods ahead that will be asked for.
            learnt: What was learnt of each regime.
        """
        recipe = recipe_for(frequency)
        return cls(recipe.memory(horizon), learnt, recipe)

    def blocks(self, panel: Panel, exogenous: Exogenous, active: Booleans, horizon: int) -> Iterator[Block]:
        """Forecasts series over the periods after their last one, a part at a time.

        Args:
            panel: The series; of each the last `memory` periods suffice.
            exogenous: What is known of them beside their demand.
            active: Whether each still sells; of the others there is nothing to be forecast.
            horizon: Number of periods, no more than was learnt for.
        """
        selling = np.flatnonzero(active)
        for begin in range(0, len(selling), SERIES_AT_A_TIME):
            some = selling[begin : begin + SERIES_AT_A_TIME]
            chosen = np.zeros(len(panel), dtype=bool)
            chosen[some] = True
            for block in self._blocks(panel.select(chosen), exogenous.select(chosen), horizon):
                yield replace(block, series=some[block.series])

    def mean(self, forecast: Floats, panel: Panel) -> Floats:
        """Expected demand, of forecasts: medians of regular series, means of sparse ones; shape (series, horizon)."""
        skew = np.array([learnt.skew for learnt in self.learnt])
        expected: Floats = forecast * skew[_regime(panel)][:, None]
        return expected

    def _blocks(self, panel: Panel, exogenous: Exogenous, horizon: int) -> Iterator[Block]:
        panel = panel.recent(self.memory)
        origins, sizes = last_origins(panel, exogenous, recipe=self.recipe), size(panel)
        regimes = _regime(panel)
        for learnt in self.learnt:
            series = np.flatnonzero(regimes == learnt.regime)
            if not len(series):
                continue
            parts = min(horizon, -(-len(series) * horizon // ROWS_AT_A_TIME))
            for steps in np.array_split(np.arange(1, horizon + 1), parts):
                index, step = np.tile(series, len(steps)), np.repeat(steps, len(series))
                rows = origins.rows(index, step)
                relative = learnt.predict(origins, index, rows, len(steps))
                yield Block(
                    series=index,
                    step=step,
                    size=sizes[index],
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
        """Names of the features that tell of demand alone, in the order of `Block.of_demand`."""
        return demand_names(self.recipe)


def _regime(panel: Panel) -> Integers:
    return Regime.of(zero_share(panel), panel.lengths, panel.frequency)
