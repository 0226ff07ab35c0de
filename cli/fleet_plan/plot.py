"""Chart of minutes and price by number of instances and of concurrent partitions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from cli.fleet_plan.levels import Level

MEDIAN, UP_TO_P95, PRICE = "#1f77b4", "#c7cdd6", "#c2410c"
STYLE: dict[str, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "grid.color": "#e5e7eb",
    "legend.frameon": False,
    "svg.fonttype": "none",  # keep text as text, which is smaller and searchable
    "svg.hashsalt": "onejob",  # make element ids reproducible
}


def plot(fleet: Sequence[Level], partitions: Sequence[Level], file: Path, *, titles: tuple[str, str]) -> None:
    """Draw both simulations side by side.

    Args:
        fleet: Simulated fleets, sorted by number of instances.
        partitions: Simulated runs, sorted by number of concurrent partitions.
        file: File to write; the suffix `.svg` or `.png` selects the format.
        titles: Titles of the two charts.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        handles = _draw(left, fleet, titles[0], "instances")
        _draw(right, partitions, titles[1], "concurrent partitions")
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def _draw(axes: Any, levels: Sequence[Level], title: str, what: str) -> list[Any]:  # noqa: ANN401 (matplotlib's are untyped)
    """Draw one chart and return the handles for the legend."""
    counts = [level.count for level in levels]
    medians, p95 = [level.median for level in levels], [level.p95 for level in levels]
    axes.fill_between(counts, medians, p95, color=UP_TO_P95, label="to the 95th percentile")
    axes.plot(counts, medians, color=MEDIAN, marker="o", markersize=3, label="minutes, median")
    axes.set(title=title, xlabel=what, ylabel="minutes", xscale="log")
    if max(medians) > 20 * min(medians):
        axes.set_yscale("log")
    else:
        axes.set_ylim(0, None)
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.minorticks_off()
    handles, _ = axes.get_legend_handles_labels()
    if any(np.isnan(level.price) for level in levels):
        return list(handles)
    money = axes.twinx()
    prices = [level.price for level in levels]
    money.set(ylabel="US dollars", ylim=(0, 1.1 * max(prices)))
    money.grid(visible=False)
    return [
        *handles,
        *money.plot(counts, prices, color=PRICE, linestyle="--", marker="o", markersize=3, label="US dollars, mean"),
    ]
