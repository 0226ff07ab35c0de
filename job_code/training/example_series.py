"""Chooses the few series whose plots tell most about a run, and makes the numbers that the report draws of them."""

from dataclasses import dataclass, replace

import numpy as np

from job_code.evaluation.backtest import Backtest
from job_code.evaluation.chart_data import SeriesChartData
from job_code.forecasting.forecast_files import Forecast
from job_code.forecasting.forecaster import Forecaster
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Booleans, Floats
from job_code.series.demand_classes import KINDS, kind_of_series
from job_code.series.panel import Panel
from job_code.tables.key_columns import series_name

SEASONS_SHOWN = 2


@dataclass(frozen=True)
class TellingSeries:
    """One series to plot.

    Attributes:
        index: Its position in the panel.
        why: What it is an example of.
    """

    index: int
    why: str


def example_series(sample: Sample, tested: Backtest | None, forecaster: Forecaster) -> tuple[SeriesChartData, ...]:
    """Forecast a few series that tell most about a run.

    Args:
        sample: Series to pick from.
        tested: Their backtest, or None where there is none.
        forecaster: Makes the forecasts that are shown.
    """
    chosen = choose(sample.panel, sample.active, tested)
    shown = np.zeros(len(sample.panel), dtype=bool)
    shown[[series.index for series in chosen]] = True
    history = sample.panel.select(shown)
    forecast = forecaster.forecast(history, sample.exogenous.select(shown).revealed(), sample.active[shown])
    forecast = replace(forecast, panel=history)
    position = np.cumsum(shown) - 1
    return tuple(
        _chart_data(
            forecast,
            int(position[series.index]),
            name=series_name(sample.panel.keys.row(series.index)),
            why=series.why,
        )
        for series in chosen
    )


def _chart_data(forecast: Forecast, index: int, *, name: str, why: str) -> SeriesChartData:
    panel = forecast.panel
    shown = min(int(panel.lengths[index]), SEASONS_SHOWN * panel.frequency.per_year)
    end = int(panel.starts[index] + panel.lengths[index])
    quantiles = forecast.quantiles[index]
    return SeriesChartData(
        name=name,
        why=why,
        first_period=panel.frequency.date_of(int(panel.last_period[index]) - shown + 1),
        demand=tuple(panel.values[end - shown : end].tolist()),
        mean=tuple(forecast.mean[index].tolist()),
        low=tuple(quantiles[:, 0].tolist()),
        high=tuple(quantiles[:, -1].tolist()),
    )


def choose(panel: Panel, active: Booleans, backtest: Backtest | None) -> list[TellingSeries]:
    """Picks at most one series of each sort; ties go to the first by key.

    The best and the worst are just those, even if one of them is an example of something else, too.

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
    sorts.append(("stopped selling", panel.lengths.astype(np.float64), ~active))
    chosen: dict[int, TellingSeries] = {}
    for why, score, eligible in sorts:
        candidates = eligible.copy()
        candidates[list(chosen)] = False
        if candidates.any():
            index = int(np.argmax(np.where(candidates, score, -np.inf)))
            chosen[index] = TellingSeries(index, why)
    for extreme in _best_and_worst(len(panel), active, backtest) if backtest else ():
        known = chosen.get(extreme.index)
        chosen[extreme.index] = replace(extreme, why=f"{known.why}; {extreme.why}") if known else extreme
    return list(chosen.values())


def _best_and_worst(count: int, active: Booleans, backtest: Backtest) -> list[TellingSeries]:
    """The series that gain and lose most by the forecast, in absolute error against seasonal naive."""
    demand, ours, naive = (
        np.bincount(backtest.series, weights=np.where(backtest.weight > 0, np.abs(values), 0.0), minlength=count)
        for values in (
            backtest.actual,
            backtest.forecast - backtest.actual,
            backtest.baseline - backtest.actual,
        )
    )
    gain = np.where(active & (demand > 0), naive - ours, 0.0)
    found = []
    for word, index in (("better", int(np.argmax(gain))), ("worse", int(np.argmin(gain)))):
        if gain[index] > 0 if word == "better" else gain[index] < 0:
            error, other = ours[index] / demand[index], naive[index] / demand[index]
            why = f"the most {word} than seasonal naive in the backtest: error {error:.0%} instead of {other:.0%}"
            found.append(TellingSeries(index, why))
    return found
