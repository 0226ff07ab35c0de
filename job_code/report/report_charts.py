"""Draw the report's charts as SVG: the backtest, the example series, and total demand."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from job_code.evaluation.chart_data import BacktestChartData, SeriesChartData
from job_code.report import charts
from job_code.report.published_run import RunComparison
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency


def series_chart(series: SeriesChartData, frequency: Frequency) -> str:
    """Draw one series with its forecast.

    Args:
        series: The numbers of the series.
        frequency: The run's calendar.
    """
    first, shown = frequency.period_of(series.first_period), len(series.demand)
    return charts.demand_chart(
        _days(frequency, first, shown),
        np.array(series.demand),
        _days(frequency, first + shown, len(series.mean)),
        np.array(series.mean),
        band=(np.array(series.low), np.array(series.high)),
    )


def total_chart(
    frequency: Frequency, recent: Sequence[float], total: Mapping[str, float], compared: RunComparison | None
) -> str:
    """Draw the total of all series by period. The forecast includes only series that end at the latest cutoff.

    Args:
        frequency: The run's calendar.
        recent: Demand of the last periods until the cutoff.
        total: Expected demand of the periods after it, by ISO date.
        compared: The comparison with the last published run; None without one.
    """
    ahead = [date.fromisoformat(day) for day in total]
    cutoff = frequency.period_of(ahead[0]) - 1
    shown = _days(frequency, cutoff - len(recent) + 1, len(recent))
    earlier = None
    if compared is not None and compared.run.frequency == frequency.name:
        before = compared.run.total
        line = {day: before[day] for day in [*shown, *ahead] if day in before}
        earlier = (list(line), list(line.values())) if line else None
    return charts.demand_chart(
        shown, np.array(recent, dtype=np.float64), ahead, np.array(list(total.values())), earlier=earlier
    )


def backtest_charts(
    by_step: Sequence[Mapping[str, Any]], numbers: BacktestChartData, frequency: Frequency
) -> dict[str, str]:
    """Draw error by step, bias over time, and calibration.

    Args:
        by_step: Scores of the backtest at every step, in the manifest's format.
        numbers: Further numbers of the charts.
        frequency: The run's calendar.
    """
    candidates = {name: _numbers([step[name]["wape"] for step in by_step]) for name in charts.CANDIDATES}
    bias = _numbers(numbers.bias)
    days = _days(frequency, frequency.period_of(numbers.first_period), len(bias))
    return {
        "by_step": charts.error_chart(candidates),
        # The bias of a period without demand is not defined.
        "bias": charts.bias_chart(days, bias) if np.isfinite(bias).any() else "",
        "calibration": charts.calibration_chart(numbers.levels, np.array(numbers.shares)),
    }


def _numbers(measured: Sequence[float | None]) -> Floats:
    """Return an array with NaN for missing values. Charts leave gaps there."""
    return np.array(measured, dtype=np.float64)


def _days(frequency: Frequency, first: int, count: int) -> list[date]:
    return [frequency.date_of(period) for period in range(first, first + count)]
