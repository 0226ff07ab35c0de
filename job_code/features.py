"""What the model sees of a series' past and of the calendar, chosen for the frequency."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMean

from job_code.frequency import Frequency

DAYS_PER_YEAR = 365.2425
# MLForecast hands an expression over while fitting and a column while predicting: the arithmetic suits both.
DateFeature = Callable[[pl.Expr], pl.Expr]


@dataclass(frozen=True)
class Features:
    """Feature set of an MLForecast model over whole-number periods.

    Attributes:
        lags: Periods to look back.
        rolling_means: Lag -> window lengths of the rolling means that end there, in periods.
        smoothing: Weights of the newest value in the exponentially weighted means of lag 1.
        calendar: Functions of the period number; each function's name is its feature's.
    """

    lags: tuple[int, ...]
    rolling_means: dict[int, tuple[int, ...]]
    smoothing: tuple[float, ...]
    calendar: tuple[DateFeature, ...]

    def lag_transforms(self, longest: int) -> dict[int, list[Any]]:
        """MLForecast's `lag_transforms`, without what lies beyond the longest series."""
        means: dict[int, list[Any]] = {
            lag: [RollingMean(window, min_samples=1) for window in windows]
            for lag, windows in self.rolling_means.items()
            if lag < longest
        }
        means.setdefault(1, []).extend(ExponentiallyWeightedMean(alpha) for alpha in self.smoothing)
        return means

    def lags_within(self, longest: int) -> list[int]:
        """The lags that at least the longest series reaches."""
        return [lag for lag in self.lags if lag < longest] or [1]


def features_for(frequency: Frequency) -> Features:
    """The feature set for a frequency: recent past, last season, last year, and position in the calendar."""

    def day_of_year(period: pl.Expr) -> pl.Expr:
        # Cyclic by the mean year, so that a week 52 and a week 1 that follow each other are neighbours every year.
        days = frequency.to_date(period).cast(pl.Int32)
        return (days % DAYS_PER_YEAR).cast(pl.Float32)

    def day_of_week(period: pl.Expr) -> pl.Expr:
        return frequency.to_date(period).dt.weekday().cast(pl.Float32)

    def day_of_month(period: pl.Expr) -> pl.Expr:
        return frequency.to_date(period).dt.day().cast(pl.Float32)

    def month(period: pl.Expr) -> pl.Expr:
        return (period % 12 + 1).cast(pl.Float32)

    match frequency.unit:
        case "week":
            return Features(
                lags=(1, 2, 3, 4, 8, 13, 26, 51, 52, 53),
                rolling_means={1: (4, 13, 52), 52: (4, 13)},
                smoothing=(0.3,),
                calendar=(day_of_year,),
            )
        case "day":
            return Features(
                lags=(1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 364),
                rolling_means={1: (7, 28, 91), 7: (28,), 364: (7, 28)},
                smoothing=(0.3,),
                calendar=(day_of_week, day_of_month, day_of_year),
            )
        case "month":
            return Features(
                lags=(1, 2, 3, 6, 11, 12, 13, 24),
                rolling_means={1: (3, 12, 24), 12: (3,)},
                smoothing=(0.3, 0.1),
                calendar=(month,),
            )
