"""The report's charts, as SVG: of the backtest, of a few telling series, and of all demand together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from job_code.evaluation import metrics
from job_code.evaluation.backtest import Backtest
from job_code.forecasting.forecast_files import Forecast
from job_code.forecasting.forecaster import Forecaster
from job_code.preparation.training_sample import Sample
from job_code.report import charts
from job_code.report.example_series import choose
from job_code.report.published_run import Comparison
from job_code.series.arrays import Floats, Integers
from job_code.series.frequency import Frequency
from job_code.tables.key_columns import series_name

SEASONS_SHOWN = 2


def series_plots(sample: Sample, tested: Backtest | None, forecaster: Forecaster) -> list[dict[str, str]]:
    """A few telling series with their forecasts.

    Args:
        sample: Series to pick from.
        tested: Their backtest, or None where there is none.
        forecaster: Makes the forecasts that are shown.

    Returns:
        For each its `name`, `why` it was chosen, and the chart as `svg`.
    """
    chosen = choose(sample.panel, sample.active, tested)
    shown = np.zeros(len(sample.panel), dtype=bool)
    shown[[series.index for series in chosen]] = True
    history = sample.panel.select(shown)
    forecast = forecaster.forecast(history, sample.exogenous.select(shown).revealed(), sample.active[shown])
    forecast = replace(forecast, panel=history)
    position = np.cumsum(shown) - 1
    return [
        {
            "name": series_name(sample.panel.keys.row(series.index)),
            "why": series.why,
            "svg": _series_chart(forecast, int(position[series.index])),
        }
        for series in chosen
    ]


def _series_chart(forecast: Forecast, index: int) -> str:
    panel = forecast.panel
    shown = min(int(panel.lengths[index]), SEASONS_SHOWN * panel.frequency.per_year)
    end = int(panel.starts[index] + panel.lengths[index])
    last = int(panel.last_period[index])
    quantiles = forecast.quantiles[index]
    return charts.demand_chart(
        _days(panel.frequency, last - shown + 1, shown),
        panel.values[end - shown : end],
        _days(panel.frequency, last + 1, forecast.horizon),
        forecast.mean[index],
        band=(quantiles[:, 0], quantiles[:, -1]),
    )


def total_chart(
    frequency: Frequency, recent: Sequence[float], total: Mapping[str, float], compared: Comparison | None
) -> str:
    """All series together, period by period; where they end apart, only forecasts of the latest cutoff are summed.

    Args:
        frequency: The run's calendar.
        recent: Demand of the last periods until the cutoff.
        total: Expected demand of the periods after it, by ISO date.
        compared: The run beside the last published one; None where there is none.
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


def backtest_charts(tested: Backtest, frequency: Frequency) -> dict[str, str]:
    """Error by step, bias over time, and calibration."""
    demand = tested.weight * np.abs(tested.actual)
    by_step = {
        name: _ratio(tested.step - 1, tested.weight * np.abs(tested.candidates[name] - tested.actual), demand)
        for name in charts.CANDIDATES
    }
    first = int(tested.period.min())
    bias = _ratio(tested.period - first, tested.weight * (tested.forecast - tested.actual), demand)
    shares = metrics.calibration(tested.actual, tested.quantiles, tested.levels, tested.weight)
    return {
        "by_step": charts.error_chart(by_step),
        # Where nothing was sold there is no share of it.
        "bias": charts.bias_chart(_days(frequency, first, len(bias)), bias) if np.isfinite(bias).any() else "",
        "calibration": charts.calibration_chart(tested.levels, shares),
    }


def _ratio(group: Integers, error: Floats, demand: Floats) -> Floats:
    """Sum of errors over sum of demand in each group, NaN where there is no demand."""
    total = np.bincount(group, weights=demand)
    share: Floats = np.full(len(total), np.nan)
    np.divide(np.bincount(group, weights=error), total, out=share, where=total > 0)
    return share


def _days(frequency: Frequency, first: int, count: int) -> list[date]:
    return [frequency.date_of(period) for period in range(first, first + count)]
