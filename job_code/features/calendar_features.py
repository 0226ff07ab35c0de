"""Compute the recipe's date features: the position of each forecast period in the calendar."""

import numpy as np
import polars as pl

from job_code.features.feature_recipe import DateFeature, FeatureRecipe
from job_code.series.arrays import Floats, Integers
from job_code.series.frequency import MICROSECONDS, Frequency

LOCAL = "local"


def calendar_names(recipe: FeatureRecipe) -> tuple[str, ...]:
    """Return the names of the recipe's date features, in the order of `calendar_columns`."""
    return tuple(map(_name, recipe.date_features))


def calendar_columns(recipe: FeatureRecipe, frequency: Frequency, periods: Integers) -> list[Floats]:
    """Compute the recipe's date features as MLForecast does, for any periods.

    Args:
        recipe: Recipe with the date features.
        frequency: Calendar of the period numbers.
        periods: Period numbers, shape (rows,).

    Returns:
        One column for each name, each of shape (rows,).
    """
    different, place = np.unique(periods, return_inverse=True)
    local = pl.Series(frequency.local_minutes(different) * MICROSECONDS).cast(pl.Datetime("us"))
    table = pl.DataFrame({LOCAL: local}).select(
        _values(feature, pl.col(LOCAL)).cast(pl.Float64).alias(_name(feature)) for feature in recipe.date_features
    )
    return [column.to_numpy()[place] for column in table]


def _name(feature: DateFeature) -> str:
    return feature if isinstance(feature, str) else feature.__name__


def _values(feature: DateFeature, local: pl.Expr) -> pl.Expr:
    if isinstance(feature, str):
        part: pl.Expr = getattr(local.dt, feature)()
        return part
    return feature(local)
