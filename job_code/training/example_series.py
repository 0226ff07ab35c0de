"""Select a few example series and a random sample, and compute the data of their charts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from job_code.evaluation.backtest import Backtest
from job_code.evaluation.chart_data import SeriesChartData
from job_code.forecasting.forecast_files import Forecast
from job_code.forecasting.forecaster import Forecaster
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Booleans, Floats
from job_code.series.demand_classes import DEMAND_CLASSES, classify_demand
from job_code.series.panel import Panel
from job_code.tables.key_columns import series_name

MAX_NAME = 200  # characters; the report shortens longer names
MAX_RANDOM_SERIES = 300
MAX_RANDOM_VALUES = 60_000  # keeps the report below 2 MB: a value needs about 16 bytes there
SEED = 17  # the same sample in every run with the same series


@dataclass(frozen=True)
class ExampleSeries:
    """One series to plot.

    Attributes:
        index: Position in the panel.
        reason: Why it was selected.
    """

    index: int
    reason: str


def series_of_report(sample: Sample, tested: Backtest | None, forecaster: Forecaster) -> tuple[SeriesChartData, ...]:
    """Forecast a few example series and a random sample, which the reader of the report can look up.

    Args:
        sample: Series to select from.
        tested: Their backtest; None without one.
        forecaster: Forecaster of the run.
    """
    reasons: dict[int, str | None] = {
        series.index: series.reason for series in select_examples(sample.panel, sample.active, tested)
    }
    values = sample.panel.frequency.seasons.shown + 3 * forecaster.config.horizon
    reasons |= dict.fromkeys(_random_series(sample, excluded=[*reasons], count=MAX_RANDOM_VALUES // values))
    shown = np.zeros(len(sample.panel), dtype=bool)
    shown[[*reasons]] = True
    history = sample.panel.select(shown)
    forecast = forecaster.forecast(history, sample.exogenous.select(shown).unmasked(), sample.active[shown])
    forecast = replace(forecast, panel=history)
    position = np.cumsum(shown) - 1
    return tuple(
        _chart_data(forecast, int(position[index]), name=_name(sample.panel, index), reason=reason)
        for index, reason in reasons.items()
    )


def _random_series(sample: Sample, *, excluded: Sequence[int], count: int) -> list[int]:
    """Draw at most `count` series, sorted by key."""
    others = np.setdiff1d(np.arange(len(sample.panel)), excluded)
    size = min(count, MAX_RANDOM_SERIES, len(others))
    return sorted(np.random.default_rng(SEED).choice(others, size=size, replace=False).tolist())


def _name(panel: Panel, index: int) -> str:
    name = series_name(panel.keys.row(index))
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def _chart_data(forecast: Forecast, index: int, *, name: str, reason: str | None) -> SeriesChartData:
    panel = forecast.panel
    shown = min(int(panel.lengths[index]), panel.frequency.seasons.shown)
    end = int(panel.starts[index] + panel.lengths[index])
    quantiles = forecast.quantiles[index]
    return SeriesChartData(
        name=name,
        reason=reason,
        first_period=panel.frequency.text_of(int(panel.last_period[index]) - shown + 1),
        demand=tuple(panel.values[end - shown : end].tolist()),
        mean=tuple(forecast.mean[index].tolist()),
        low=tuple(quantiles[:, 0].tolist()),
        high=tuple(quantiles[:, -1].tolist()),
    )


def select_examples(panel: Panel, active: Booleans, backtest: Backtest | None) -> list[ExampleSeries]:
    """Select at most one series for each reason. For equal scores, select the first series by key.

    The best and the worst forecast are always selected, even if they also have another reason.

    Args:
        panel: Series to select from.
        active: Whether each series still sells, shape (series,).
        backtest: Their backtest; None without one.
    """
    volume = panel.mean_of_last(np.abs(panel.values), panel.frequency.window)
    demand_class = classify_demand(panel)
    median_volume = -np.abs(volume - np.median(volume[active])) if active.any() else volume
    reasons: list[tuple[str, Floats, Booleans]] = [
        ("largest demand", volume, active),
        ("median demand", median_volume, active),
        ("intermittent demand", volume, active & (demand_class == DEMAND_CLASSES.index("intermittent"))),
        ("newest", -panel.lengths.astype(np.float64), active & (panel.lengths < panel.frequency.season)),
    ]
    reasons.append(("discontinued", panel.lengths.astype(np.float64), ~active))
    chosen: dict[int, ExampleSeries] = {}
    for reason, score, eligible in reasons:
        candidates = eligible.copy()
        candidates[list(chosen)] = False
        if candidates.any():
            index = int(np.argmax(np.where(candidates, score, -np.inf)))
            chosen[index] = ExampleSeries(index, reason)
    for extreme in _best_and_worst(len(panel), active, backtest) if backtest else ():
        known = chosen.get(extreme.index)
        chosen[extreme.index] = replace(extreme, reason=f"{known.reason}; {extreme.reason}") if known else extreme
    return list(chosen.values())


def _best_and_worst(count: int, active: Booleans, backtest: Backtest) -> list[ExampleSeries]:
    """Find the series with the largest gain and the largest loss in absolute error against seasonal naive."""
    demand, own, naive = (
        np.bincount(backtest.series, weights=np.where(backtest.weight > 0, np.abs(values), 0.0), minlength=count)
        for values in (
            backtest.actual,
            backtest.forecast - backtest.actual,
            backtest.seasonal_naive - backtest.actual,
        )
    )
    gain = np.where(active & (demand > 0), naive - own, 0.0)
    found = []
    for word, index in (("gain", int(np.argmax(gain))), ("loss", int(np.argmin(gain)))):
        if gain[index] > 0 if word == "gain" else gain[index] < 0:
            error, other = own[index] / demand[index], naive[index] / demand[index]
            reason = f"largest {word} against seasonal naive in the backtest: WAPE {error:.0%} instead of {other:.0%}"
            found.append(ExampleSeries(index, reason))
    return found
