"""The features of covariates: their values in the forecast period and in the same season before.

Columns that are always above zero, such as prices, have another feature: the ratio to their recent mean at the origin.
It makes a promotion look alike for articles with different prices.
"""

from collections.abc import Sequence

import numpy as np

from job_code.exogenous.covariates import Covariates
from job_code.series.arrays import Cells, Integers

MAX_RATIO = 10.0  # times the recent mean


def covariate_names(names: Sequence[str], positive: Sequence[str]) -> tuple[str, ...]:
    """Name the columns of `covariate_columns`, in their order. No other feature has these names.

    Args:
        names: Names of all covariates.
        positive: Names of the covariates that are always above zero.
    """
    now = [covariate_name(name) for name in names]
    before = [f"{covariate_name(name)}, the season before" for name in names]
    return (*now, *before, *(f"{covariate_name(name)}, to usual" for name in positive))


def covariate_name(column: str) -> str:
    """Return the feature name of a covariate."""
    return f"covariate {column}"


def categorical_names(covariates: Covariates) -> tuple[str, ...]:
    """Return the categorical features among `covariate_names`."""
    return tuple(
        name
        for column in covariates.categorical
        for name in (covariate_name(column), f"{covariate_name(column)}, the season before")
    )


def usual(covariates: Covariates, series: Integers, period: Integers, periods: int) -> Cells:
    """Average the known values of the positive columns over the latest periods.

    Args:
        covariates: All covariates.
        series: Series of each origin, shape (origins,).
        period: Period of each origin, shape (origins,).
        periods: Number of periods.

    Returns:
        Shape (positive columns, origins); NaN if no value is known.
    """
    at = [covariates.names.index(name) for name in covariates.positive]
    total, count = np.zeros((len(at), len(series))), np.zeros((len(at), len(series)))
    for back in range(periods if at else 0):
        values = covariates.at(series, period - back)[at]
        known = ~np.isnan(values)
        total += np.where(known, values, 0.0)
        count += known
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return np.asarray(mean, dtype=np.float32)


def covariate_columns(
    covariates: Covariates, series: Integers, period: Integers, step: Integers, before: Integers, usual: Cells
) -> Cells:
    """Compute the features of covariates.

    Args:
        covariates: All covariates.
        series: Series of each row, shape (rows,).
        period: The forecast period, shape (rows,).
        step: Periods ahead of the origin, from 1, shape (rows,).
        before: The period of the same season before, shape (rows,).
        usual: Result of the function `usual` for the origin of each row.

    Returns:
        Shape (columns, rows), in the order of `covariate_names`; NaN for an unknown value.
    """
    now = covariates.at(series, period)
    if covariates.mask is not None:
        now[covariates.mask.hides(series, period, step)] = np.nan
    at = [covariates.names.index(name) for name in covariates.positive]
    with np.errstate(divide="ignore", invalid="ignore"):  # a price can be 0 even if it never was in training
        relative = np.minimum(now[at] / usual, MAX_RATIO)
    return np.concatenate([now, covariates.at(series, before), relative])
