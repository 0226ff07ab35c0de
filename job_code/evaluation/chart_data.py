"""The numbers behind the report's charts: they travel with a model and a run, and the report draws them at the end."""

from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np

from job_code.evaluation import metrics
from job_code.evaluation.backtest import Backtest
from job_code.series.arrays import Floats, Integers
from job_code.series.frequency import Frequency


@dataclass(frozen=True, kw_only=True)
class BacktestChartData:
    """What the charts of a backtest show beside its scores.

    Attributes:
        first_period: Date of the first period that was forecast.
        bias: Sum of errors over sum of demand in each period from there on; None where there was no demand.
        levels: Of the quantiles, ascending.
        shares: How much demand fell below the first quantile, between each two, and above the last; in sum 1.
    """

    first_period: date
    bias: tuple[float | None, ...]
    levels: tuple[float, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, tested: Backtest, frequency: Frequency) -> Self:
        """Compute the numbers.

        Args:
            tested: The backtest.
            frequency: The demand's calendar.
        """
        first = int(tested.period.min())
        demand = tested.weight * np.abs(tested.actual)
        bias = _ratio(tested.period - first, tested.weight * (tested.forecast - tested.actual), demand)
        shares = metrics.calibration(tested.actual, tested.quantiles, tested.levels, tested.weight)
        return cls(
            first_period=frequency.date_of(first),
            bias=tuple(None if np.isnan(share) else float(share) for share in bias),
            levels=tested.levels,
            shares=tuple(shares.tolist()),
        )


@dataclass(frozen=True, kw_only=True)
class SeriesChartData:
    """An example series: its last periods, and its forecast for those that follow.

    Attributes:
        name: Its key.
        why: What it is an example of.
        first_period: Date of the first period that is shown.
        demand: Demand from there on, to its cutoff.
        mean: Expected demand of the periods after the cutoff.
        low: The lowest quantile of the same periods.
        high: The highest.
    """

    name: str
    why: str
    first_period: date
    demand: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class ChartData:
    """The numbers of a run that its report draws.

    Attributes:
        backtest: Those of the backtest; None where the history was too short for one.
        series: A few example series.
        recent: All demand by period, over the last periods until the cutoff.
        everything: Whether the model learnt from all series there were.
    """

    backtest: BacktestChartData | None
    series: tuple[SeriesChartData, ...]
    recent: tuple[float, ...]
    everything: bool


def _ratio(group: Integers, error: Floats, demand: Floats) -> Floats:
    """Divide the sum of errors by the sum of demand in each group; NaN where there is no demand."""
    total = np.bincount(group, weights=demand)
    share: Floats = np.full(len(total), np.nan)
    np.divide(np.bincount(group, weights=error), total, out=share, where=total > 0)
    return share
