"""Compute lags and lag transforms at the origins of the training rows and at the ends of series."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from coreforecast.grouped_array import GroupedArray
from mlforecast.lag_transforms import ExponentiallyWeightedMean

from job_code.exogenous.exogenous_features import Exogenous
from job_code.features.feature_matrix import Columns, ForecastOrigins
from job_code.features.feature_recipe import FeatureRecipe
from job_code.features.training_rows import TrainingRows
from job_code.series.arrays import Floats, Integers
from job_code.series.panel import Panel

# In units of the scale. MLForecast adds each value to its rolling sums and subtracts it later. Multiples of the grain
# keep these sums exact. So a mean over periods without demand is exactly 0, without rounding errors of older demand.
GRAIN = 2.0**-40
MAX_TOTAL_CHANGE = 2.0**22  # of a window, in units of the scale; its number of grains fits into 64 bits
UNKNOWN = np.inf  # stands for the value after the last one; a feature that saw it would not be finite


def demand_scale(panel: Panel) -> Floats:
    """Return the scale of each series: mean absolute demand over its last year, or over all its periods if that is 0.

    Returns:
        In units of demand, shape (series,); 1 for a series without any demand.
    """
    magnitude = np.abs(panel.values)
    recent = panel.mean_of_last(magnitude, panel.frequency.window)
    overall = panel.mean_of_last(magnitude, len(magnitude))
    return np.where(recent > 0, recent, np.where(overall > 0, overall, 1.0))


def training_origins(
    panel: Panel, exogenous: Exogenous, drawn: TrainingRows, *, recipe: FeatureRecipe
) -> ForecastOrigins:
    """Build the origins of the training rows.

    Args:
        panel: The series to train on.
        exogenous: Their static features and covariates.
        drawn: The rows.
        recipe: The features.
    """
    scales = demand_scale(panel)
    values = panel.values / np.repeat(scales, panel.lengths)
    return ForecastOrigins(
        recipe=recipe,
        frequency=panel.frequency,
        values=values,
        series_start=panel.starts[drawn.series],
        origin_index=drawn.origin,
        period=panel.period_of_value[drawn.origin],
        scale=drawn.scale / scales[drawn.series],
        lag_features=_lag_features(panel, values, drawn.series, drawn.origin, recipe=recipe),
        exogenous=exogenous,
        series=drawn.series,
        usual_changes=_usual_changes(panel, values, drawn.origin, drawn.series, recipe=recipe),
    )


def last_origins(panel: Panel, exogenous: Exogenous, *, recipe: FeatureRecipe) -> ForecastOrigins:
    """Build an origin at the last period of every series.

    Args:
        panel: The series.
        exogenous: Their static features and covariates.
        recipe: The features.
    """
    values = panel.values / np.repeat(demand_scale(panel), panel.lengths)
    last, every = panel.starts + panel.lengths - 1, np.arange(len(panel))
    return ForecastOrigins(
        recipe=recipe,
        frequency=panel.frequency,
        values=values,
        series_start=panel.starts,
        origin_index=last,
        period=panel.last_period,
        scale=np.ones(len(panel)),
        lag_features=_latest_lag_features(panel, values, recipe=recipe),
        exogenous=exogenous,
        series=every,
        usual_changes=_usual_changes(panel, values, last, every, recipe=recipe),
    )


def _usual_changes(
    panel: Panel, values: Floats, at: Integers, series: Integers, *, recipe: FeatureRecipe
) -> Floats | None:
    """Return the mean absolute changes of `ForecastOrigins.usual_changes`, over the latest window.

    Args:
        panel: The series.
        values: Their demand, relative to their scale, shape (sum of lengths,).
        at: Position in `values` of each origin, shape (origins,).
        series: Index of each origin's series, shape (origins,).
        recipe: The features.

    Returns:
        Shape (3, origins); 0 for an origin before the first change. None if the recipe does not need it. They do not
        depend on the panel's other series.
    """
    if recipe.change_window is None:
        return None
    assert recipe.short_season is not None
    means = []
    for seasons in ((recipe.short_season,), (recipe.year,), (recipe.short_season, recipe.year)):
        change, first = values, 0
        for season in seasons:
            before = np.zeros_like(change)
            before[season:] = change[:-season]
            change, first = change - before, first + season
        # Whole numbers of grains add up exactly, so the series before do not matter. The sum of all may wrap, but the
        # difference of two sums is right.
        most = MAX_TOTAL_CHANGE / recipe.change_window
        grains = np.rint(np.minimum(np.abs(change), most) / GRAIN).astype(np.int64)
        total = np.concatenate([[0], np.cumsum(np.where(panel.age < first, 0, grains))])
        begin = np.maximum(at + 1 - recipe.change_window, np.minimum(panel.starts[series] + first, at + 1))
        means.append((total[at + 1] - total[begin]) * GRAIN / np.maximum(at + 1 - begin, 1))
    return np.array(means)


def _latest_lag_features(panel: Panel, values: Floats, *, recipe: FeatureRecipe) -> Columns:
    """Compute the features at the ends of series only, by MLForecast's updates, as its `predict` does.

    Args:
        panel: The series.
        values: Their demand, relative to their scale, shape (sum of lengths,).
        recipe: The features.

    Returns:
        Shape (features, series), in the order of the recipe's names.
    """
    bounds = np.append(panel.starts, len(values)).astype(np.int32)
    demand = GroupedArray(_in_grains(values), bounds)
    latest = np.empty((len(recipe.names), len(panel)), dtype=np.float32)
    transforms: Mapping[str, Any] = recipe.forecaster().ts.transforms  # all have `update`; MLForecast's type is wider
    for number, transform in enumerate(transforms.values()):
        if isinstance(transform, ExponentiallyWeightedMean):
            transform.transform(demand)  # mean up to the period before the last, which the update starts from
        known = transform.update(demand)
        if isinstance(transform, ExponentiallyWeightedMean):
            known = np.where(panel.lengths == 1, values[bounds[1:] - 1], known)  # a single value has no mean before it
        latest[number] = known
    return latest


def _lag_features(panel: Panel, values: Floats, series: Integers, at: Integers, *, recipe: FeatureRecipe) -> Columns:
    """Compute the lags and lag transforms with MLForecast.

    MLForecast puts the features of the end of a period into the row of the next period. So each series gets one more
    period, whose row has the features of its last period.

    Args:
        panel: The series.
        values: Their demand, relative to their scale, shape (sum of lengths,).
        series: Index of each origin's series, shape (origins,).
        at: Position in `values` of each origin, shape (origins,).
        recipe: The features.

    Returns:
        Shape (features, origins), in the order of the recipe's names.
    """
    ends = panel.starts + panel.lengths
    demand = pl.DataFrame(
        {
            "unique_id": np.repeat(np.arange(len(panel)), panel.lengths + 1),
            "ds": np.insert(panel.period_of_value, ends, panel.last_period + 1),
            "y": np.insert(_in_grains(values), ends, UNKNOWN),
        }
    )
    forecaster = recipe.forecaster()
    # A panel has no gaps, so MLForecast need not look for them. It forecasts nothing, so it need not keep values.
    known = forecaster.preprocess(demand, static_features=[], dropna=False, keep_last_n=1, validate_data=False)
    assert isinstance(known, pl.DataFrame)
    assert tuple(forecaster.ts.features_order_) == recipe.names
    after = at + series + 1  # every series before has one more period
    return np.array([known[name].to_numpy()[after] for name in recipe.names], dtype=np.float32)


def _in_grains(values: Floats) -> Floats:
    return np.rint(values / GRAIN) * GRAIN
