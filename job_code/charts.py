"""Charts of the report, as SVG text to stand in a page."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import matplotlib as mpl
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from job_code.panel import Floats

DEMAND, FORECAST, BASELINE = "#3b4252", "#1f77b4", "#c2410c"
STYLE: dict[str, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "grid.color": "#e5e7eb",
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text: smaller, and found by a search in the page
    "svg.hashsalt": "onejob",  # element ids are the same for the same chart
}


def demand_chart(
    days: Sequence[date], demand: Floats, ahead: Sequence[date], mean: Floats, band: tuple[Floats, Floats] | None
) -> str:
    """History and forecast of one series, or of all together.

    Args:
        days: Dates of the history.
        demand: Demand on these dates.
        ahead: Dates of the forecast.
        mean: Expected demand on these dates.
        band: Lowest and highest quantile on these dates; None for no band.

    Returns:
        An `<svg>` element.
    """
    with mpl.rc_context(STYLE):
        figure, axes = _axes(width=5.2, height=2.2)
        axes.plot(days, demand, color=DEMAND, linewidth=1.1, label="demand")
        if band is not None:
            axes.fill_between(ahead, *band, color=FORECAST, alpha=0.2, linewidth=0, label="quantiles")
        # The line begins at the last observed value, so that the eye sees one series and not two.
        axes.plot([days[-1], *ahead], [demand[-1], *mean], color=FORECAST, linewidth=1.5, label="forecast")
        locator = AutoDateLocator(minticks=3, maxticks=8)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes.yaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_ylim(bottom=min(0.0, float(demand.min()), float(mean.min())))
        axes.legend(loc="upper left", ncols=3, fontsize=7)
        return _svg(figure)


def error_chart(forecast: Floats, baseline: Floats) -> str:
    """Error by step of the horizon, of the forecast and of the baseline.

    Args:
        forecast: WAPE at each step.
        baseline: The same of the baseline.

    Returns:
        An `<svg>` element.
    """
    with mpl.rc_context(STYLE):
        figure, axes = _axes(width=5.2, height=2.2)
        steps = range(1, len(forecast) + 1)
        axes.plot(steps, baseline, color=BASELINE, marker="o", markersize=3, label="seasonal naive")
        axes.plot(steps, forecast, color=FORECAST, marker="o", markersize=3, label="forecast")
        axes.set_ylim(bottom=0)
        axes.set_xlabel("periods after the cutoff")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.legend(loc="lower right", fontsize=7)
        return _svg(figure)


def _axes(*, width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
