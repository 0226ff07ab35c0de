"""Chooses the few series whose plots tell most about a run."""

from dataclasses import dataclass

import numpy as np

from job_code.backtest import Backtest
from job_code.error_distribution import KINDS, kind_of_series
from job_code.panel import Booleans, Floats, Panel


@dataclass(frozen=True)
class TellingSeries:
    """One series to plot.

    Attributes:
        index: Its position in the panel.
        why: What it is an example of.
    """

    index: int
    why: str


def choose(panel: Panel, active: Booleans, backtest: Backtest | None) -> list[TellingSeries]:
    """Picks at most one series of each sort, none twice; ties go to the first by key.

    Args:
        panel: Series to pick from.
        active: Whether each still sells.
        backtest: How well they would have been forecast, or None where that is not known.
    """
    volume = panel.mean_of_last(np.abs(panel.values), panel.frequency.per_year)
    kind = kind_of_series(panel)
    middling = -np.abs(volume - np.median(volume[active])) if active.any() else volume
    sorts: list[tuple[str, Floats, Booleans]] = [
        ("largest demand", volume, active),
        ("middling demand", middling, active),
        ("intermittent demand", volume, active & (kind == KINDS.index("intermittent"))),
        ("newest", -panel.lengths.astype(np.float64), active & (panel.lengths < panel.frequency.season)),
    ]
    if backtest is not None:
        gain = _gain(panel, backtest)
        judged = np.isfinite(gain) & active
        sorts.append(("backtest: most better than seasonal naive", gain, judged))
        sorts.append(("backtest: most worse than seasonal naive", -gain, judged))
    sorts.append(("stopped selling", panel.lengths.astype(np.float64), ~active))
    chosen: dict[int, TellingSeries] = {}
    for why, score, eligible in sorts:
        candidates = eligible.copy()
        candidates[list(chosen)] = False
        if candidates.any():
            index = int(np.argmax(np.where(candidates, score, -np.inf)))
            chosen[index] = TellingSeries(index, why)
    return list(chosen.values())


def _gain(panel: Panel, backtest: Backtest) -> Floats:
    """How much less absolute error the forecast made than the baseline, NaN for series that were not tested."""
    error = np.abs(backtest.baseline - backtest.actual) - np.abs(backtest.forecast - backtest.actual)
    gain = np.full(len(panel), np.nan)
    seen = np.unique(backtest.series)
    counted = np.where(backtest.weight > 0, error, 0.0)
    gain[seen] = np.bincount(backtest.series, weights=counted, minlength=len(panel))[seen]
    return gain
