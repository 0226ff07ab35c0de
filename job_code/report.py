"""The run's report: one HTML page that needs nothing but itself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from job_code import charts, metrics
from job_code.backtest import Backtest
from job_code.demand import series_name
from job_code.forecast_files import Forecast
from job_code.forecaster import Forecaster
from job_code.frequency import Frequency
from job_code.panel import Floats, Integers
from job_code.preparation import PreparedDemand
from job_code.published_run import Comparison
from job_code.sample import Sample
from job_code.telling_series import choose

SEASONS_SHOWN = 2


@dataclass(frozen=True)
class ReportInput:
    """What the report tells about.

    Attributes:
        demand: All demand, prepared.
        sample: The series learnt from; those shown are picked from it.
        backtest: Their backtest, or None where the history was too short for one.
        forecaster: Makes the forecasts that are shown.
        total: Expected demand of all series together, shape (horizon,).
        manifest: The run's manifest.
        data_quality: The data-quality report.
        compared: The run beside the last published one; None where there is none to compare with.
    """

    demand: PreparedDemand
    sample: Sample
    backtest: Backtest | None
    forecaster: Forecaster
    total: Floats
    manifest: Mapping[str, Any]
    data_quality: Mapping[str, Any]
    compared: Comparison | None


def render(report: ReportInput) -> str:
    """Renders the page."""
    template = files("job_code").joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = _percent
    environment.filters["amount"] = _amount
    environment.filters["change"] = lambda share: "" if share is None else f"{share:+.1%}"
    environment.filters["setting"] = _setting
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    return environment.from_string(template).render(
        manifest=report.manifest,
        quality=report.data_quality,
        unit=report.demand.calendar.frequency.unit,
        everything=report.sample.is_everything,
        total=Markup(_total_chart(report)),  # noqa: S704 (our own SVG, its text escaped by matplotlib)
        compared=report.compared,
        charts=_backtest_charts(report.backtest, report.demand.calendar.frequency) if report.backtest else None,
        plots=_plots(report),
    )


def _plots(report: ReportInput) -> list[dict[str, Any]]:
    sample = report.sample
    chosen = choose(sample.panel, sample.active, report.backtest)
    shown = np.zeros(len(sample.panel), dtype=bool)
    shown[[series.index for series in chosen]] = True
    history = sample.panel.select(shown)
    forecast = report.forecaster.forecast(history, sample.exogenous.select(shown).revealed(), sample.active[shown])
    forecast = replace(forecast, panel=history)
    position = np.cumsum(shown) - 1
    return [
        {
            "name": series_name(sample.panel.keys.row(series.index)),
            "why": series.why,
            "svg": Markup(_series_chart(forecast, int(position[series.index]))),  # noqa: S704
        }
        for series in chosen
    ]


def _amount(value: float) -> str:
    """Three digits where there are no more before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1%}"


def _setting(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


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


def _total_chart(report: ReportInput) -> str:
    """All series together, period by period; where they end apart, only forecasts of the latest cutoff are summed."""
    demand, frequency, compared = report.demand.recent, report.demand.calendar.frequency, report.compared
    last = report.demand.last_period
    shown = _days(frequency, last - len(demand) + 1, len(demand))
    ahead = _days(frequency, last + 1, len(report.total))
    earlier = None
    if compared is not None and compared.run.frequency == frequency.name:
        total = compared.run.total
        line = {day: total[day] for day in [*shown, *ahead] if day in total}
        earlier = (list(line), list(line.values())) if line else None
    return charts.demand_chart(
        shown,
        demand,
        ahead,
        report.total,
        earlier=earlier,
    )


def _backtest_charts(tested: Backtest, frequency: Frequency) -> dict[str, Markup]:
    """Error by step, bias over time, and calibration."""
    demand = tested.weight * np.abs(tested.actual)
    by_step = {
        name: _ratio(tested.step - 1, tested.weight * np.abs(tested.candidates[name] - tested.actual), demand)
        for name in charts.CANDIDATES
    }
    first = int(tested.period.min())
    bias = _ratio(tested.period - first, tested.weight * (tested.forecast - tested.actual), demand)
    shares = metrics.calibration(tested.actual, tested.quantiles, tested.levels, tested.weight)
    svg = {
        "by_step": charts.error_chart(by_step),
        # Where nothing was sold there is no share of it.
        "bias": charts.bias_chart(_days(frequency, first, len(bias)), bias) if np.isfinite(bias).any() else "",
        "calibration": charts.calibration_chart(tested.levels, shares),
    }
    return {name: Markup(text) for name, text in svg.items()}  # noqa: S704 (our own SVG)


def _ratio(group: Integers, error: Floats, demand: Floats) -> Floats:
    """Sum of errors over sum of demand in each group, NaN where there is no demand."""
    total = np.bincount(group, weights=demand)
    share: Floats = np.full(len(total), np.nan)
    np.divide(np.bincount(group, weights=error), total, out=share, where=total > 0)
    return share


def _days(frequency: Frequency, first: int, count: int) -> list[date]:
    return [frequency.date_of(period) for period in range(first, first + count)]
