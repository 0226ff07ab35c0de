"""The data of the report's charts. They are stored with a model and a run, and the report draws them at the end."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from job_code.evaluation import metrics
from job_code.evaluation.backtest import Backtest
from job_code.series.arrays import Floats, Integers
from job_code.series.frequency import Frequency


@dataclass(frozen=True, kw_only=True)
class BacktestChartData:
    """Data of the backtest's charts that its scores do not have.

    Attributes:
        first_period: Label of the first forecast period.
        bias: Sum of errors over sum of demand in each period from there on; None for a period without demand.
        levels: Levels of the quantiles, ascending.
        shares: Share of demand below the first quantile, between neighbors, and above the last; the sum is 1.
    """

    first_period: str
    bias: tuple[float | None, ...]
    levels: tuple[float, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, tested: Backtest, frequency: Frequency) -> Self:
        """Compute the data.

        Args:
            tested: The backtest.
            frequency: The demand's calendar.
        """
        first = int(tested.period.min())
        demand = tested.weight * np.abs(tested.actual)
        bias = _ratio(tested.period - first, tested.weight * (tested.forecast - tested.actual), demand)
        shares = metrics.pit_histogram(tested.actual, tested.quantiles, tested.levels, tested.weight)
        return cls(
            first_period=frequency.text_of(first),
            bias=tuple(None if np.isnan(share) else float(share) for share in bias),
            levels=tested.levels,
            shares=tuple(shares.tolist()),
        )


@dataclass(frozen=True, kw_only=True)
class SeriesChartData:
    """A series of the report: its last periods and its forecast.

    Attributes:
        name: Key of the series.
        reason: Why it is an example; None for a series of the random sample.
        first_period: Label of the first period shown.
        demand: Demand from there to the cutoff.
        mean: Expected demand of the periods after the cutoff.
        low: The lowest quantile of the same periods.
        high: The highest quantile.
    """

    name: str
    reason: str | None
    first_period: str
    demand: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class ChartData:
    """Data of all charts of a run's report.

    Attributes:
        backtest: Data of the backtest; None if the history is too short for one.
        series: A few example series, then a random sample.
        recent: Demand of all series together, in the last periods until the cutoff.
        is_full_population: Whether the model was trained on all series.
    """

    backtest: BacktestChartData | None
    series: tuple[SeriesChartData, ...]
    recent: tuple[float, ...]
    is_full_population: bool


def _ratio(group: Integers, error: Floats, demand: Floats) -> Floats:
    """Divide the sum of errors by the sum of demand in each group; NaN for a group without demand."""
    total = np.bincount(group, weights=demand)
    share: Floats = np.full(len(total), np.nan)
    np.divide(np.bincount(group, weights=error), total, out=share, where=total > 0)
    return share
