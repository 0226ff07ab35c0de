"""Draw charts as SVG text for an HTML page."""

import io
import itertools
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from job_code.series.arrays import Floats

DEMAND, FORECAST, EXPECTED, EARLIER = "#3b4252", "#1f77b4", "#c7cdd6", "#c2410c"
CANDIDATES = {
    "forecast": (FORECAST, "forecast"),
    "seasonal_naive": (EARLIER, "seasonal naive"),
    "moving_average": ("#8a6d9b", "moving average"),
}
STYLE: dict[str, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "grid.color": "#e5e7eb",
    "legend.frameon": False,
    "svg.fonttype": "none",  # keep text as text, which is smaller and searchable in the page
    "svg.hashsalt": "onejob",  # make element ids reproducible
}


def demand_chart(
    days: Sequence[date],
    demand: Floats,
    ahead: Sequence[date],
    mean: Floats,
    *,
    band: tuple[Floats, Floats] | None = None,
    earlier: tuple[Sequence[date], Sequence[float]] | None = None,
) -> str:
    """Draw history and forecast of one series or of all series together.

    Args:
        days: Dates of the history.
        demand: Demand on these dates.
        ahead: Dates of the forecast.
        mean: Expected demand on these dates.
        band: Lowest and highest quantile on these dates; None for no band.
        earlier: Dates and values of an earlier forecast; None for no line.

    Returns:
        An `<svg>` element.
    """
    with mpl.rc_context(STYLE):
        figure, axes = _axes(width=5.2, height=2.2)
        axes.plot(days, demand, color=DEMAND, linewidth=1.1, label="demand")
        if band is not None:
            axes.fill_between(ahead, *band, color=FORECAST, alpha=0.2, linewidth=0, label="quantiles")
        if earlier is not None:
            axes.plot(*earlier, color=EARLIER, linewidth=1.2, linestyle="--", label="published run")
        # Start the line at the last observed value, so that history and forecast connect.
        axes.plot([days[-1], *ahead], [demand[-1], *mean], color=FORECAST, linewidth=1.5, label="forecast")
        _show_dates(axes)
        axes.yaxis.set_major_formatter(_amount)
        highest = max(float(demand.max()), float(mean.max()), float(band[1].max()) if band else 0.0)
        axes.set_ylim(bottom=min(0.0, float(demand.min()), float(mean.min())), top=None if highest > 0 else 1.0)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, ncols=3, fontsize=7)  # above the lines
        return _svg(figure)


def error_chart(candidates: Mapping[str, Floats]) -> str:
    """Draw the error by step of the horizon.

    Args:
        candidates: WAPE at each step, for every key of `CANDIDATES`.

    Returns:
        An `<svg>` element.
    """
    with mpl.rc_context(STYLE):
        figure, axes = _axes(width=5.2, height=2.2)
        for name, wape in candidates.items():
            color, label = CANDIDATES[name]
            axes.plot(range(1, len(wape) + 1), wape, color=color, marker="o", markersize=3, label=label)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("periods after the cutoff")
        axes.yaxis.set_major_formatter(_percent)
        axes.legend(loc="lower right", fontsize=7)
        return _svg(figure)


def bias_chart(days: Sequence[date], bias: Floats) -> str:
    """Draw the bias by period.

    Args:
        days: Dates of the periods.
        bias: Sum of errors divided by sum of demand in each period; above 0 if the forecast was too high.

    Returns:
        An `<svg>` element.
    """
    with mpl.rc_context(STYLE):
        figure, axes = _axes(width=5.2, height=2.2)
        axes.axhline(0, color=DEMAND, linewidth=0.8)
        axes.plot(days, bias, color=FORECAST, marker="o", markersize=3)
        _show_dates(axes)
        axes.yaxis.set_major_formatter(_percent)
        return _svg(figure)


def calibration_chart(levels: Sequence[float], shares: Floats) -> str:
    """Draw the share of demand between neighboring quantiles, next to its nominal share.

    Args:
        levels: Levels of the quantiles, ascending.
        shares: Share of demand below the first quantile, between neighbors, and above the last; the sum is 1.

    Returns:
        An `<svg>` element.
    """
    edges = [0.0, *levels, 1.0]
    names = [f"{low * 100:g}-{high * 100:g}%" for low, high in itertools.pairwise(edges)]
    with mpl.rc_context(STYLE):
        figure, axes = _axes(width=5.2, height=2.2)
        at = np.arange(len(names))
        axes.bar(at - 0.2, np.diff(edges), width=0.4, color=EXPECTED, label="nominal")
        axes.bar(at + 0.2, shares, width=0.4, color=FORECAST, label="in the backtest")
        axes.set_xticks(at, names)
        axes.set_ylim(0, 1.3 * max(float(np.diff(edges).max()), float(shares.max())))  # room for the legend
        axes.yaxis.set_major_formatter(_percent)
        axes.legend(loc="upper right", fontsize=7)
        return _svg(figure)


def _show_dates(axes: Any) -> None:  # noqa: ANN401 (matplotlib's axes are untyped)
    locator = AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _amount(value: float, _: object) -> str:
    """Format like `1.5`, `200`, `1.5k`, `3M`. Avoid the suffix m for thousandths, which reads like millions."""
    return f"{value:g}" if abs(value) < 1000 else EngFormatter(sep="").format_eng(value)


def _percent(value: float, _: object) -> str:
    return f"{value:.0%}"


def _axes(*, width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
