"""Render the report of a run as one self-contained HTML page."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from job_code.config import quantile_column
from job_code.evaluation.chart_data import ChartData
from job_code.report.published_run import RunComparison
from job_code.report.report_charts import ChartFactory, all_periods
from job_code.series.frequency import Frequency


def render(
    manifest: Mapping[str, Any], quality: Mapping[str, Any], charts: ChartData, compared: RunComparison | None
) -> str:
    """Draw the charts and render the page. The same arguments give the same page.

    Args:
        manifest: The run's manifest.
        quality: Data-quality counts of the demand.
        charts: The numbers of the charts.
        compared: The comparison with the last published run; None without one.
    """
    settings = manifest["configuration"]
    frequency = Frequency.of(manifest["frequency"], settings.get("time_zone"), settings.get("period_label", "start"))
    periods = all_periods(frequency, charts, manifest["total"])
    quantiles = [quantile_column(level) for level in manifest["configuration"]["quantiles"]]
    factory = ChartFactory(frequency, quantiles, periods)
    total = factory.total_chart(charts.recent, manifest["total"], compared)
    backtest = factory.backtest_charts(manifest["backtest"]["by_step"], charts.backtest) if charts.backtest else []
    series = [(each, factory.series_chart(f"series-{at}", each)) for at, each in enumerate(charts.series)]
    drawn = [total, *backtest, *(chart for _, chart in series)]
    environment = _environment()
    script = _read(environment, "report.js")
    return environment.get_template("report.html.j2").render(
        manifest=manifest,
        quality=quality,
        unit=frequency.unit,
        is_full_population=charts.is_full_population,
        total=total,
        compared=compared,
        backtest=backtest,
        series=series,
        style=_read(environment, "report.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data={
            "unit": frequency.unit,
            "periods": [frequency.text_of(period) for period in periods],
            "charts": {chart.id: chart.values for chart in drawn},
            "series": [{"chart": chart.id, "name": each.name, "reason": each.reason} for each, chart in series],
        },
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("job_code.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "ensure_ascii": False, "separators": (",", ":")}
    environment.filters["percent"] = _percent
    environment.filters["ratio"] = lambda value: "n/a" if value is None else f"{value:.3f}"
    environment.filters["amount"] = _amount
    environment.filters["change"] = lambda share: "" if share is None else f"{share:+.1%}"
    environment.filters["setting"] = _setting
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    return environment


def _read(environment: Environment, name: str) -> str:
    """Return the text of a file next to the templates."""
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _amount(value: float) -> str:
    """Format with three significant digits, or as a whole number from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _percent(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.1%}"


def _setting(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
