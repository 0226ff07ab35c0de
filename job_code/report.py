"""The run's report: one HTML page that needs nothing but itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from job_code import charts
from job_code.backtest import Backtest
from job_code.demand import series_name
from job_code.forecast_files import Forecast
from job_code.panel import Floats
from job_code.telling_series import choose

SEASONS_SHOWN = 2


@dataclass(frozen=True)
class ReportInput:
    """What the report tells about.

    Attributes:
        forecast: The forecasts.
        backtest: Their backtest, or None where the history was too short for one.
        manifest: The run's manifest.
        data_quality: The data-quality report.
    """

    forecast: Forecast
    backtest: Backtest | None
    manifest: Mapping[str, Any]
    data_quality: Mapping[str, Any]


def render(report: ReportInput) -> str:
    """Renders the page."""
    template = files("job_code").joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = _percent
    environment.filters["setting"] = _setting
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    return environment.from_string(template).render(
        manifest=report.manifest,
        quality=report.data_quality,
        unit=report.forecast.panel.frequency.unit,
        total=Markup(_total_chart(report.forecast)),  # noqa: S704 (our own SVG, its text escaped by matplotlib)
        by_step=Markup(_step_chart(report.backtest)) if report.backtest else None,  # noqa: S704
        plots=[
            {
                "name": series_name(report.forecast.panel.keys.row(series.index)),
                "why": series.why,
                "svg": Markup(_series_chart(report.forecast, series.index)),  # noqa: S704
            }
            for series in choose(report.forecast.panel, report.backtest)
        ],
    )


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
        _days(forecast, last - shown + 1, shown),
        panel.values[end - shown : end],
        _days(forecast, last + 1, forecast.horizon),
        forecast.mean[index],
        (quantiles[:, 0], quantiles[:, -1]),
    )


def _total_chart(forecast: Forecast) -> str:
    """All series together, period by period; where they end apart, only forecasts of the latest cutoff are summed."""
    panel = forecast.panel
    last = int(panel.last_period.max())
    shown = min(last - int(panel.first_period.min()) + 1, SEASONS_SHOWN * panel.frequency.per_year)
    since = panel.period_of_value - (last - shown + 1)
    recent = since >= 0
    demand: Floats = np.bincount(since[recent], weights=panel.values[recent], minlength=shown).astype(np.float64)
    mean: Floats = forecast.mean[panel.last_period == last].sum(axis=0)
    return charts.demand_chart(
        _days(forecast, last - shown + 1, shown), demand, _days(forecast, last + 1, forecast.horizon), mean, None
    )


def _step_chart(backtest: Backtest) -> str:
    demand = np.where(backtest.counted, np.abs(backtest.actual), 0.0).sum(axis=0)

    def error(candidate: Floats) -> Floats:
        total = np.where(backtest.counted, np.abs(candidate - backtest.actual), 0.0).sum(axis=0)
        share: Floats = np.divide(total, demand, out=np.full(len(demand), np.nan), where=demand > 0)
        return share

    return charts.error_chart(error(backtest.forecast), error(backtest.baseline))


def _days(forecast: Forecast, first: int, count: int) -> list[date]:
    return [forecast.panel.frequency.date_of(period) for period in range(first, first + count)]
