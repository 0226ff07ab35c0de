"""Compute the features of the forecast period's season: the demand of the same season before."""

from collections.abc import Callable, Sequence

import numpy as np

from job_code.features.feature_recipe import FeatureRecipe
from job_code.series.arrays import Floats, Integers

MIN_GROWTH, MAX_GROWTH = 0.2, 5.0
SHORT_SEASONS_BACK = 4
CHANGES = ("usual change, long season", "usual change, both seasons")
NEAR = (-2, -1, 0, 1, 2)  # periods around the one of a year ago


def season_names(recipe: FeatureRecipe) -> tuple[str, ...]:
    """Return the names of the features, in the order of `season_columns`."""
    year = [f"year ago {offset:+d}" for offset in NEAR]
    means = ("year ago, mean of 3", "year ago, mean of 5", "two years ago")
    grown = ("year ago, grown", "year ago, mean of 3, grown", "year ago, moved")
    if not recipe.short_season:
        return (*year, *means, *grown)
    single = (f"short season, {back} before" for back in range(1, recipe.short_seasons))
    changes = CHANGES if recipe.of_changes else ()
    return (*year, *means, *grown, "short season", "short season, mean", *single, *changes)


def season_columns(
    recipe: FeatureRecipe,
    known: Callable[[Integers], Floats],
    step: Integers,
    *,
    levels: tuple[Floats, Floats],
    changes: Sequence[Floats],
) -> list[Floats]:
    """Compute the features of the season.

    Args:
        recipe: The recipe.
        known: Returns demand at some distances from the origin, one a row, negative before it; NaN if it is unknown.
        step: Periods ahead of the origin, from 1, shape (rows,).
        levels: The level at the origin and the one of the year before, each of shape (rows,).
        changes: The usual changes named in `CHANGES`, each of shape (rows,); none in a recipe without them.

    Returns:
        One column for each name, each of shape (rows,).
    """
    same = step - lag_of_season(step, recipe.year)
    around = [known(same + offset) for offset in NEAR]
    last, of_three, of_five = around[2], _mean(around[1:4]), _mean(around)
    now, before = levels
    growth = np.divide(now, before, out=np.full(len(step), np.nan), where=before > 0)
    growth = np.clip(growth, MIN_GROWTH, MAX_GROWTH)
    columns = [
        *around,
        of_three,
        of_five,
        known(same - recipe.year),
        last * growth,
        of_three * growth,
        last + now - before,
    ]
    if recipe.short_season:
        same, count = step - lag_of_season(step, recipe.short_season), max(SHORT_SEASONS_BACK, recipe.short_seasons)
        every = [known(same - back * recipe.short_season) for back in range(count)]
        columns += [every[0], _mean(every[:SHORT_SEASONS_BACK]), *every[1 : recipe.short_seasons]]
    return [*columns, *changes]


def lag_of_season(step: Integers, season: int) -> Integers:
    """Return the lag to the latest same season that is known at the origin, in periods.

    Args:
        step: Periods ahead of the origin, from 1, shape (rows,).
        season: Periods of a season.

    Returns:
        Shape (rows,).
    """
    return season * -(-step // season)


def _mean(columns: list[Floats]) -> Floats:
    """Average the known values."""
    total, count = np.zeros(len(columns[0])), np.zeros(len(columns[0]))
    for column in columns:
        known = ~np.isnan(column)
        total += np.where(known, column, 0.0)
        count += known
    mean: Floats = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean
