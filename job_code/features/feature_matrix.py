"""The rows the model learns from and predicts: what is known at an origin, for a step ahead of it.

One model serves all steps. What is known at the origin is the same for each of them; what happened in the same season
of the years before, and where in the calendar the forecast period lies, belongs to the step.
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
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.frequency import Frequency

Columns = npt.NDArray[np.float32]

LEAST_GROWTH, MOST_GROWTH = 0.2, 5.0
PATTERNS_BACK = 4
OLDEST_YEARS = 2  # older series are all alike, and no further back is looked
NEAR = (-2, -1, 0, 1, 2)  # periods around the one of a year ago


def static_name(column: str) -> str:
    """Name of a static column among the features: one that no other feature has."""
    return f"static {column}"


def season_names(recipe: FeatureRecipe) -> tuple[str, ...]:
    """Names of the columns that tell of the forecast period's season in the years before."""
    year = [f"year ago {offset:+d}" for offset in NEAR]
    means = ("year ago, mean of 3", "year ago, mean of 5", "two years ago")
    grown = ("year ago, grown", "year ago, mean of 3, grown", "year ago, moved")
    return (*year, *means, *grown, *(("pattern", "pattern, mean") if recipe.pattern else ()))


def demand_names(recipe: FeatureRecipe) -> tuple[str, ...]:
    """Names of the columns that tell of demand alone, the step last."""
    return (*recipe.names, "age", *season_names(recipe), "step")


def row_names(
    recipe: FeatureRecipe, *, static: Sequence[str], covariates: Sequence[str], positive: Sequence[str]
) -> tuple[str, ...]:
    """Name the columns of `Origins.rows`, in their order.

    Args:
        recipe: What is looked at.
        static: Static columns.
        covariates: Covariates.
        positive: Those covariates that are always above zero.
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
class Origins:
    """Places that forecasts start from, each in one series; all demand is relative to the series' size there.

    Attributes:
        recipe: The features.
        frequency: What period numbers count.
        values: Demand of whole series, one behind the other.
        start: Position in `values` of the first value of each origin's series, shape (origins,).
        at: Position of the last value that is known, shape (origins,).
        period: Period number of that value, shape (origins,).
        size: What demand is divided by, in units of `values`, shape (origins,).
        past: The recipe's lags and lag transforms, in units of `values`, shape (features, origins).
        exogenous: What is known of series beside their demand.
        series: Which of them each origin's series is, shape (origins,).
    """

    recipe: FeatureRecipe
    frequency: Frequency
    values: Floats
    start: Integers
    at: Integers
    period: Integers
    size: Floats
    past: Columns
    exogenous: Exogenous
    series: Integers

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of `rows`."""
        covariates = self.exogenous.covariates
        return row_names(
            self.recipe,
            static=self.exogenous.static.columns.columns,
            covariates=covariates.names,
            positive=covariates.positive,
        )

    @property
    def of_demand(self) -> list[int]:
        """Positions of the columns that tell of demand alone, the step last."""
        return [self.names.index(name) for name in demand_names(self.recipe)]

    @property
    def categorical(self) -> tuple[str, ...]:
        """Which of the columns hold categories."""
        static = map(static_name, self.exogenous.static.categorical)
        return (*static, *categorical_names(self.exogenous.covariates))

    def where(self, chosen: Booleans) -> Self:
        """Keeps some of the origins."""
        return replace(
            self,
            start=self.start[chosen],
            at=self.at[chosen],
            period=self.period[chosen],
            size=self.size[chosen],
            past=self.past[:, chosen],
            series=self.series[chosen],
        )

    def known(self, name: str, index: Integers) -> Floats:
        """One of the recipe's features, relative to the size, of the origins at some indices."""
        relative: Floats = self.past[self.recipe.names.index(name), index] / self.size[index]
        return relative

    def rows(self, index: Integers, step: Integers) -> Columns:
        """Rows for the model.

        Args:
            index: Origin of each row, shape (rows,).
            step: Periods ahead of it, from 1, shape (rows,).

        Returns:
            Shape (rows, features), in the order of `names`; NaN where nothing is known. Its columns are contiguous.
        """
        columns = np.empty((len(self.names), len(index)), dtype=np.float32)
        constant = len(self.recipe.names)
        np.divide(self.past[:, index], self.size[index], out=columns[:constant], casting="same_kind")
        oldest = OLDEST_YEARS * self.recipe.year
        columns[constant] = np.minimum(self.at[index] - self.start[index] + 1, oldest)
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
                covariates, self.series[index], period, step, period - self._seasons(step), self._usual[:, index]
            )
        return columns.T

    @cached_property
    def _usual(self) -> Columns:
        return usual(self.exogenous.covariates, self.series, self.period, self.recipe.level)

    def _of_step(self, index: Integers, step: Integers) -> list[Floats]:
        year, size = self.recipe.year, self.size[index]
        same = self.at[index] + step - self._seasons(step)
        around = [self._value(same + offset, index) / size for offset in NEAR]
        last, of_three, of_five = around[2], _mean(around[1:4]), _mean(around)
        now = self.known(self.recipe.level_now, index)
        before = self.known(self.recipe.level_a_year_ago, index)
        growth = np.divide(now, before, out=np.full(len(index), np.nan), where=before > 0)
        growth = np.clip(growth, LEAST_GROWTH, MOST_GROWTH)
        columns = [
            *around,
            of_three,
            of_five,
            self._value(same - year, index) / size,
            last * growth,
            of_three * growth,
            last + now - before,
        ]
        if self.recipe.pattern:
            pattern = self.recipe.pattern
            same = self.at[index] + step - pattern * -(-step // pattern)
            every = [self._value(same - back * pattern, index) / size for back in range(PATTERNS_BACK)]
            columns += [every[0], _mean(every)]
        calendar = calendar_columns(self.recipe, self.frequency, self.period[index] + step)
        return [*columns, *calendar, step.astype(np.float64)]

    def _seasons(self, step: Integers) -> Integers:
        """How far back the same season lies, as late as it is known at the origin, shape (rows,)."""
        return self.recipe.year * -(-step // self.recipe.year)

    def _value(self, position: Integers, index: Integers) -> Floats:
        known = (position >= self.start[index]) & (position <= self.at[index])
        return np.where(known, self.values[np.where(known, position, 0)], np.nan)


def _mean(columns: list[Floats]) -> Floats:
    """Mean of what is known."""
    total, count = np.zeros(len(columns[0])), np.zeros(len(columns[0]))
    for column in columns:
        known = ~np.isnan(column)
        total += np.where(known, column, 0.0)
        count += known
    mean: Floats = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean
