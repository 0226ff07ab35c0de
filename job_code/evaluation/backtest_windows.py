"""Make the windows of a backtest: their cutoffs and their series. The number of forecasts is limited."""

from dataclasses import dataclass

import numpy as np

from job_code.config import ForecastConfig
from job_code.series.arrays import Booleans
from job_code.series.panel import Panel

WINDOWS_PER_HORIZON = 3  # windows overlap: each forecasts a whole horizon, so that a step covers several seasons
MIN_HISTORY_PER_HELD_OUT = 4  # the held-out periods are at most this fraction of the median history
MAX_FORECASTS = 120_000


@dataclass(frozen=True)
class BacktestWindow:
    """One window.

    Attributes:
        held_out_periods: Number of periods after the window's cutoff, the same for every series.
        steps: Number of periods to forecast, at most `held_out_periods`.
        series: Whether each series is forecast, shape (series,). Such a series has more than `held_out_periods`.
    """

    held_out_periods: int
    steps: int
    series: Booleans


def make_backtest_windows(panel: Panel, config: ForecastConfig) -> list[BacktestWindow]:
    """Make windows whose cutoffs are a third of a horizon apart, the earliest first.

    Args:
        panel: The series.
        config: Horizon, and the number of horizons to hold out at most.

    Returns:
        The windows that forecast any series; an empty list if every series has a single period.
    """
    if not (panel.lengths > 1).any():
        return []
    median_history = int(np.median(panel.lengths[panel.lengths > 1]))
    longest = min(config.backtest_horizons * config.horizon, max(1, median_history // MIN_HISTORY_PER_HELD_OUT))
    horizon = min(config.horizon, longest)
    step_size = -(-horizon // WINDOWS_PER_HORIZON)
    held_out = range(longest, 0, -step_size)
    forecasts = sum(int((panel.lengths > each).sum()) * min(horizon, each) for each in held_out)
    one_in = -(-forecasts // MAX_FORECASTS)  # series; each window uses different series
    index = np.arange(len(panel))
    windows = [
        BacktestWindow(each, min(horizon, each), (panel.lengths > each) & ((index // 2 + number) % one_in == 0))
        for number, each in enumerate(held_out)
    ]
    return [window for window in windows if window.series.any()]
