"""The feature matrix: one row for each origin and step.

One model serves all steps. The features of the origin are the same for each step. The features of the step are the same
season of the years before, and the calendar of the forecast period.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from job_code.exogenous.exogenous_features import Exogenous
from job_code.features.calendar_features import calendar_columns, calendar_names
from job_code.features.covariate_features import categorical_names, covariate_columns, covariate_names, usual
from job_code.features.feature_recipe import FeatureRecipe
from job_code.features.season_features import CHANGES, lag_of_season, season_columns, season_names
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.frequency import Frequency

Columns = npt.NDArray[np.float32]

MIN_CHANGE = 1e-3  # of the scale: a series that repeats itself exactly may still change
MAX_AGE_YEARS = 2  # older series have this age: no feature looks further back


def static_name(column: str) -> str:
    """Return the feature name of a static column, which no other feature has."""
    return f"static {column}"


def demand_names(recipe: FeatureRecipe) -> tuple[str, ...]:
    """Name the features of demand, the step last."""
    return (*recipe.names, "age", *season_names(recipe), "step")


def row_names(
    recipe: FeatureRecipe, *, static: Sequence[str], covariates: Sequence[str], positive: Sequence[str]
) -> tuple[str, ...]:
    """Name the features of `ForecastOrigins.rows`, in their order.

    Args:
        recipe: The recipe.
        static: Names of static columns.
        covariates: Names of covariates.
        positive: Names of the covariates that are always above zero.
    """
    return (
        *recipe.names,
        "age",
        *map(static_name, static),
        *season_names(recipe),
        *calendar_names(recipe),
        "step",
        *covariate_names(covariates, positive),
    )


@dataclass(frozen=True, kw_only=True)
class ForecastOrigins:
    """Positions in series that forecasts start from. Demand is relative to the series' scale there.

    Attributes:
        recipe: The features.
        frequency: The calendar.
        values: Demand of whole series, concatenated.
        series_start: Position in `values` of the first value of each origin's series, shape (origins,).
        origin_index: Position in `values` of the last known value, shape (origins,).
        period: Period number of that value, shape (origins,).
        scale: Divisor of demand, in units of `values`, shape (origins,).
        lag_features: The recipe's lags and lag transforms, in units of `values`, shape (features, origins).
        exogenous: Static features and covariates of the series.
        series: Index in `exogenous` of each origin's series, shape (origins,).
        usual_changes: Mean absolute changes, in units of `values`, shape (3, origins): from one short season to the
            next, from one long season to the next, and from the long season's change to that of the short season. Their
            ratios say which season a series repeats. Only in a recipe of changes (`FeatureRecipe.of_changes`).
    """

    recipe: FeatureRecipe
    frequency: Frequency
    values: Floats
    series_start: Integers
    origin_index: Integers
    period: Integers
    scale: Floats
    lag_features: Columns
    exogenous: Exogenous
    series: Integers
    usual_changes: Floats | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the features of `rows`, in their order."""
        covariates = self.exogenous.covariates
        return row_names(
            self.recipe,
            static=self.exogenous.static.columns.columns,
            covariates=covariates.names,
            positive=covariates.positive,
        )

    @property
    def of_demand(self) -> list[int]:
        """Positions of the features of demand, the step last."""
        return [self.names.index(name) for name in demand_names(self.recipe)]

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the categorical features."""
        static = map(static_name, self.exogenous.static.categorical)
        return (*static, *categorical_names(self.exogenous.covariates))

    def where(self, chosen: Booleans) -> Self:
        """Keep some of the origins."""
        return replace(
            self,
            series_start=self.series_start[chosen],
            origin_index=self.origin_index[chosen],
            period=self.period[chosen],
            scale=self.scale[chosen],
            lag_features=self.lag_features[:, chosen],
            series=self.series[chosen],
            usual_changes=None if self.usual_changes is None else self.usual_changes[:, chosen],
        )

    def lag_feature(self, name: str, index: Integers) -> Floats:
        """Return one of the recipe's features, relative to the scale, of some origins.

        Args:
            name: Name of the feature.
            index: Indices of the origins, shape (rows,).

        Returns:
            Shape (rows,).
        """
        relative: Floats = self.lag_features[self.recipe.names.index(name), index] / self.scale[index]
        return relative

    def rows(self, index: Integers, step: Integers, *, of_changes: bool = False) -> Columns:
        """Build the rows of the model.

        Args:
            index: Origin of each row, shape (rows,).
            step: Periods ahead of it, from 1, shape (rows,).
            of_changes: Whether demand is relative to the same short season before: its difference from there, divided
                by the usual one.

        Returns:
            Shape (rows, features), in the order of `names`; NaN for an unknown value. Its columns are contiguous.
        """
        columns = np.empty((len(self.names), len(index)), dtype=np.float32)
        constant = len(self.recipe.names)
        np.divide(self.lag_features[:, index], self.scale[index], out=columns[:constant], casting="same_kind")
        oldest = MAX_AGE_YEARS * self.recipe.year
        columns[constant] = np.minimum(self.origin_index[index] - self.series_start[index] + 1, oldest)
        static = self.exogenous.static.array
        constant += 1 + len(static)
        columns[constant - len(static) : constant] = static[:, self.series[index]]
        of_step = self._of_step(index, step)
        for number, column in enumerate(of_step, constant):
            columns[number] = column
        covariates = self.exogenous.covariates
        if covariates.names:
            period = self.period[index] + step
            columns[constant + len(of_step) :] = covariate_columns(
                covariates,
                self.series[index],
                period,
                step,
                period - lag_of_season(step, self.recipe.year),
                self._usual[:, index],
            )
        if of_changes:
            self._relate(columns, index, step)
        return columns.T

    def season_before(self, index: Integers, step: Integers) -> tuple[Floats, Floats]:
        """Return demand in the same short season before, and its usual absolute change, relative to the scale.

        The latest level stands for an unknown value.

        Returns:
            Two arrays of shape (rows,).
        """
        assert self.recipe.short_season is not None
        assert self.usual_changes is not None
        same = step - lag_of_season(step, self.recipe.short_season)
        known = self._value(same, index) / self.scale[index]
        level = self.lag_feature(self.recipe.level_feature, index)
        usual = np.maximum(self.usual_changes[0, index] / self.scale[index], MIN_CHANGE)
        return np.where(np.isnan(known), level, known), usual

    def _relate(self, columns: Columns, index: Integers, step: Integers) -> None:
        """Turn the features of demand into differences from the same short season before, in place."""
        before, usual = self.season_before(index, step)
        seasons = [self.names.index(name) for name in season_names(self.recipe)]
        for at in (*range(len(self.recipe.names)), *seasons):
            is_spread = self.names[at] in CHANGES or self.names[at].startswith("std_")
            columns[at] = columns[at] / usual if is_spread else (columns[at] - before) / usual

    @cached_property
    def _usual(self) -> Columns:
        return usual(self.exogenous.covariates, self.series, self.period, self.recipe.level_window)

    def _of_step(self, index: Integers, step: Integers) -> list[Floats]:
        scale = self.scale[index]
        seasons = season_columns(
            self.recipe,
            lambda distance: self._value(distance, index) / scale,
            step,
            levels=(
                self.lag_feature(self.recipe.level_feature, index),
                self.lag_feature(self.recipe.level_feature_last_year, index),
            ),
            changes=[] if self.usual_changes is None else [change[index] / scale for change in self.usual_changes[1:]],
        )
        calendar = calendar_columns(self.recipe, self.frequency, self.period[index] + step)
        return [*seasons, *calendar, step.astype(np.float64)]

    def _value(self, distance: Integers, index: Integers) -> Floats:
        """Return demand at some distances from the origins, NaN if it is unknown, shape (rows,)."""
        position = self.origin_index[index] + distance
        known = (position >= self.series_start[index]) & (position <= self.origin_index[index])
        return np.where(known, self.values[np.where(known, position, 0)], np.nan)
