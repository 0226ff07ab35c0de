"""Where a backtest forecasts from, and which series: a bounded number of forecasts, over several horizons."""

from dataclasses import dataclass

import numpy as np

from job_code.config import ForecastConfig
from job_code.series.arrays import Booleans
from job_code.series.panel import Panel

ORIGINS_A_HORIZON = 3  # each forecasts a whole horizon, as far as it was observed; so that steps meet several seasons
HISTORY_TO_HELD_OUT = 4  # what is held out is no more than this part of the usual history
MOST_FORECASTS = 120_000


@dataclass(frozen=True)
class BacktestOrigin:
    """One origin.

    Attributes:
        back: Periods of every series that lie after it.
        steps: Periods that are forecast from it, no more than `back`.
        series: Which series are forecast from it, shape (series,); each is longer than `back`.
    """

    back: int
    steps: int
    series: Booleans


def place_origins(panel: Panel, config: ForecastConfig) -> list[BacktestOrigin]:
    """Places origins a third of a horizon apart, the earliest first.

    Args:
        panel: The series.
        config: Horizon, and how many horizons are held out at most.

    Returns:
        Those that any series is forecast from; none where no series is longer than a single period.
    """
    if not (panel.lengths > 1).any():
        return []
    usual = int(np.median(panel.lengths[panel.lengths > 1]))
    back = min(config.backtest_horizons * config.horizon, max(1, usual // HISTORY_TO_HELD_OUT))
    horizon = min(config.horizon, back)
    apart = -(-horizon // ORIGINS_A_HORIZON)
    backs = range(back, 0, -apart)
    forecasts = sum(int((panel.lengths > each).sum()) * min(horizon, each) for each in backs)
    every = -(-forecasts // MOST_FORECASTS)  # series, of which one is taken, from each origin another
    at = np.arange(len(panel))
    origins = [
        BacktestOrigin(each, min(horizon, each), (panel.lengths > each) & ((at // 2 + number) % every == 0))
        for number, each in enumerate(backs)
    ]
    return [origin for origin in origins if origin.series.any()]
