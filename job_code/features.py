"""What the model sees of a series' past and of the calendar, chosen for the frequency."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMean

from job_code.frequency import Frequency

DAYS_PER_YEAR = 365.2425
NEGLIGIBLE = 2.0**-24  # of a 32-bit number


@dataclass(frozen=True)
class CalendarFeature:
    """Position of a period in the calendar; a callable of a module, so that it can travel to other processes.

    Attributes:
        name: What it tells.
        frequency: What the period numbers count.
    """

    name: Literal["day_of_year", "day_of_week", "day_of_month", "month"]
    frequency: Frequency

    @property
    def __name__(self) -> str:
        """MLForecast names the feature by it."""
        return self.name

    def __call__(self, period: pl.Expr) -> pl.Expr:
        """Computes the feature of periods.

        Args:
            period: Period numbers; MLForecast hands an expression over while fitting and a column while predicting, and
                the arithmetic suits both.
        """
        match self.name:
            case "day_of_year":
                # Cyclic by the mean year: a week 52 and the week 1 that follows are neighbours every year.
                value = self.frequency.to_date(period).cast(pl.Int32) % DAYS_PER_YEAR
            case "day_of_week":
                value = self.frequency.to_date(period).dt.weekday()
            case "day_of_month":
                value = self.frequency.to_date(period).dt.day()
            case "month":
                value = period % 12 + 1
        return value.cast(pl.Float32)


@dataclass(frozen=True)
class Features:
    """Feature set of an MLForecast model over whole-number periods.

    Attributes:
        lags: Periods to look back.
        rolling_means: Lag -> window lengths of the rolling means that end there, in periods.
        smoothing: Weights of the newest value in the exponentially weighted means of lag 1.
        calendar: Positions in the calendar.
    """

    lags: tuple[int, ...]
    rolling_means: dict[int, tuple[int, ...]]
    smoothing: tuple[float, ...]
    calendar: tuple[CalendarFeature, ...]

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

    @property
    def memory(self) -> int:
        """Periods of the past beyond which nothing is seen, or too little to change a 32-bit number."""
        windows = [lag + window for lag, every in self.rolling_means.items() for window in every]
        fading = [math.ceil(math.log(NEGLIGIBLE) / math.log(1 - weight)) for weight in self.smoothing]
        return max(*self.lags, *windows, *fading) + 1


def features_for(frequency: Frequency) -> Features:
    """The feature set for a frequency: recent past, last season, last year, and position in the calendar."""
    match frequency.unit:
        case "week":
            return Features(
                lags=(1, 2, 3, 4, 8, 13, 26, 51, 52, 53),
                rolling_means={1: (4, 13, 52), 52: (4, 13)},
                smoothing=(0.3,),
                calendar=(CalendarFeature("day_of_year", frequency),),
            )
        case "day":
            names: tuple[Literal["day_of_week", "day_of_month", "day_of_year"], ...]
            names = ("day_of_week", "day_of_month", "day_of_year")
            return Features(
                lags=(1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 364),
                rolling_means={1: (7, 28, 91), 7: (28,), 364: (7, 28)},
                smoothing=(0.3,),
                calendar=tuple(CalendarFeature(name, frequency) for name in names),
            )
        case "month":
            return Features(
                lags=(1, 2, 3, 6, 11, 12, 13, 24),
                rolling_means={1: (3, 12, 24), 12: (3,)},
                smoothing=(0.3, 0.1),
                calendar=(CalendarFeature("month", frequency),),
            )
