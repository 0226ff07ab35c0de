"""The run's report: one HTML page that needs nothing but itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from job_code.report.published_run import Comparison
from job_code.report.report_charts import total_chart
from job_code.series.frequency import Frequency


@dataclass(frozen=True)
class Charts:
    """What the report shows of the model; all of it is text, made before the forecasts are.

    Attributes:
        backtest: SVG by name; None where the history was too short for a backtest.
        series: A few telling series: `name`, `why` and `svg` of each.
        recent: All demand by period, over the last periods until the cutoff.
        everything: Whether the model learnt from all series there were.
    """

    backtest: Mapping[str, str] | None
    series: Sequence[Mapping[str, str]]
    recent: Sequence[float]
    everything: bool


def render(manifest: Mapping[str, Any], quality: Mapping[str, Any], charts: Charts, compared: Comparison | None) -> str:
    """Renders the page.

    Args:
        manifest: The run's manifest.
        quality: Counts of what the demand held.
        charts: What it shows.
        compared: The run beside the last published one; None where there is none to compare with.
    """
    template = files("job_code.report").joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["percent"] = _percent
    environment.filters["amount"] = _amount
    environment.filters["change"] = lambda share: "" if share is None else f"{share:+.1%}"
    environment.filters["setting"] = _setting
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    environment.filters["svg"] = Markup  # our own, its text escaped by matplotlib
    frequency = Frequency(manifest["frequency"])
    return environment.from_string(template).render(
        manifest=manifest,
        quality=quality,
        unit=frequency.unit,
        everything=charts.everything,
        total=total_chart(frequency, charts.recent, manifest["total"], compared),
        compared=compared,
        charts=charts.backtest,
        plots=charts.series,
    )


def _amount(value: float) -> str:
    """Three digits where there are no more before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1%}"


def _setting(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
