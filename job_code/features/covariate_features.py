"""What the model sees of covariates: in the period that is forecast, and in the same season before.

Of columns that are always above zero, such as prices, it also sees how far they are from what is usual where the
forecast starts: articles of a different price have a promotion in common.
"""

from collections.abc import Sequence

import numpy as np

from job_code.exogenous.covariates import Cells, Covariates
from job_code.series.arrays import Integers

MOST = 10.0  # times what is usual


def covariate_names(names: Sequence[str], positive: Sequence[str]) -> tuple[str, ...]:
    """Name the columns of `covariate_columns`, in their order; no other feature has such a name.

    Args:
        names: Names of all covariates.
        positive: Names of those that are always above zero.
    """
    now = [covariate_name(name) for name in names]
    before = [f"{covariate_name(name)}, the season before" for name in names]
    return (*now, *before, *(f"{covariate_name(name)}, to usual" for name in positive))


def covariate_name(column: str) -> str:
    """Name of a covariate among the features."""
    return f"covariate {column}"


def categorical_names(covariates: Covariates) -> tuple[str, ...]:
    """Which of `covariate_names` are categories."""
    return tuple(
        name
        for column in covariates.categorical
        for name in (covariate_name(column), f"{covariate_name(column)}, the season before")
    )


def usual(covariates: Covariates, series: Integers, period: Integers, periods: int) -> Cells:
    """Mean of the positive columns over the latest periods, of what is known.

    Args:
        covariates: All there are.
        series: Series of each origin, shape (origins,).
        period: Its period, shape (origins,).
        periods: How many count.

    Returns:
        NaN where nothing is known, shape (positive columns, origins).
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
    """What the model sees.

    Args:
        covariates: All there are.
        series: Series of each row, shape (rows,).
        period: The period that is forecast, shape (rows,).
        step: How far ahead of the origin that is, from 1, shape (rows,).
        before: The same season before, shape (rows,).
        usual: What `usual` gave for the origin of each row.

    Returns:
        In the order of `covariate_names`, NaN where unknown, shape (columns, rows).
    """
    now = covariates.at(series, period)
    if covariates.mask is not None:
        now[covariates.mask.hides(series, period, step)] = np.nan
    at = [covariates.names.index(name) for name in covariates.positive]
    with np.errstate(divide="ignore", invalid="ignore"):  # a price of 0, which training never met
        relative = np.minimum(now[at] / usual, MOST)
    return np.concatenate([now, covariates.at(series, before), relative])
