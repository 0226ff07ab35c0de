"""Render the report of a run as one self-contained HTML page."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from job_code.evaluation.chart_data import ChartData
from job_code.report.published_run import RunComparison
from job_code.report.report_charts import backtest_charts, series_chart, total_chart
from job_code.series.frequency import Frequency


def render(
    manifest: Mapping[str, Any], quality: Mapping[str, Any], charts: ChartData, compared: RunComparison | None
) -> str:
    """Draw the charts and render the page.

    Args:
        manifest: The run's manifest.
        quality: Data-quality counts of the demand.
        charts: The numbers of the charts.
        compared: The comparison with the last published run; None without one.
    """
    template = files("job_code.report").joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = _percent
    environment.filters["amount"] = _amount
    environment.filters["change"] = lambda share: "" if share is None else f"{share:+.1%}"
    environment.filters["setting"] = _setting
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    environment.filters["svg"] = Markup  # made by this program; matplotlib has escaped its text
    frequency = Frequency(manifest["frequency"])
    return environment.from_string(template).render(
        manifest=manifest,
        quality=quality,
        unit=frequency.unit,
        is_full_population=charts.is_full_population,
        total=total_chart(frequency, charts.recent, manifest["total"], compared),
        compared=compared,
        charts=backtest_charts(manifest["backtest"]["by_step"], charts.backtest, frequency)
        if charts.backtest
        else None,
        plots=[
            {"name": series.name, "reason": series.reason, "svg": series_chart(series, frequency)}
            for series in charts.series
        ],
    )


def _amount(value: float) -> str:
    """Format with three significant digits, or as a whole number from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1%}"


def _setting(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
