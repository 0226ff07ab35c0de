"""What the model sees of a series' past, chosen for the frequency."""

import math
from dataclasses import dataclass
from typing import Any

from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMean, RollingStd

from job_code.frequency import Frequency

NEGLIGIBLE = 2.0**-24  # of a 32-bit number


@dataclass(frozen=True)
class Features:
    """What is known of a series where its forecast starts, and of its seasons at the period that is forecast.

    Attributes:
        lags: Periods to look back, from 1.
        windows: Lengths of the rolling means of the latest values, in periods.
        year: Periods of a year; the length of the rolling standard deviation, too.
        year_ago_windows: Lengths of the rolling means that end a year before the latest value.
        level: The one of both windows that tells how high demand is.
        smoothing: Weights of the newest value in the exponentially weighted means, the last value's substitute last.
        pattern: Periods of a shorter season, 7 days; None where there is none.
    """

    lags: tuple[int, ...]
    windows: tuple[int, ...]
    year: int
    year_ago_windows: tuple[int, ...]
    level: int
    smoothing: tuple[float, ...]
    pattern: int | None = None

    def lag_transforms(self) -> dict[int, list[Any]]:
        """MLForecast's `lag_transforms`."""
        latest = [RollingMean(window, min_samples=1) for window in self.windows]
        smooth = [ExponentiallyWeightedMean(weight) for weight in self.smoothing]
        before = [RollingMean(window, min_samples=1) for window in self.year_ago_windows]
        return {1: [*latest, RollingStd(self.year, min_samples=2), *smooth], self.year + 1: before}

    @property
    def means(self) -> tuple[str, ...]:
        """MLForecast's names of all means of the latest values."""
        smooth = [f"exponentially_weighted_mean_lag1_alpha{weight}" for weight in self.smoothing]
        return (*(_latest_mean(window) for window in self.windows), *smooth)

    @property
    def level_now(self) -> str:
        """MLForecast's name of the latest level."""
        return _latest_mean(self.level)

    @property
    def level_a_year_ago(self) -> str:
        """MLForecast's name of the level a year before."""
        return f"rolling_mean_lag{self.year + 1}_window_size{self.level}_min_samples1"

    @property
    def smoothed(self) -> str:
        """MLForecast's name of what stands for the last value, a little calmer than that."""
        return self.means[-1]

    @property
    def mean_of_year(self) -> str:
        """MLForecast's name of the mean of the last year."""
        return _latest_mean(self.year)

    def memory(self, horizon: int) -> int:
        """Periods of the past beyond which nothing is seen, or too little to change a 32-bit number.

        Args:
            horizon: Periods that are forecast.
        """
        fading = [math.ceil(math.log(NEGLIGIBLE) / math.log(1 - weight)) for weight in self.smoothing]
        seasons = (math.ceil(horizon / self.year) + 1) * self.year + 2
        return max(*self.lags, *self.windows, self.year + max(self.year_ago_windows), *fading, seasons) + 1


def _latest_mean(window: int) -> str:
    return f"rolling_mean_lag1_window_size{window}_min_samples1"


def features_for(frequency: Frequency) -> Features:
    """The feature set for a frequency: recent past, level and spread, and the same of a year ago."""
    match frequency.unit:
        case "week":
            return Features(
                lags=(1, 2, 3, 4),
                windows=(4, 8, 13, 26, 52),
                year=52,
                year_ago_windows=(4, 13, 52),
                level=13,
                smoothing=(0.3, 0.6),
            )
        case "day":
            return Features(
                lags=(1, 2, 3, 4, 5, 6, 7),
                windows=(7, 28, 91, 364),
                year=364,
                year_ago_windows=(7, 28, 364),
                level=28,
                smoothing=(0.1, 0.3),
                pattern=7,
            )
        case "month":
            return Features(
                lags=(1, 2, 3),
                windows=(3, 6, 12, 24),
                year=12,
                year_ago_windows=(3, 6, 12),
                level=6,
                smoothing=(0.3, 0.6),
            )
