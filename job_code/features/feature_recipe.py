"""The feature recipe of each frequency, as MLForecast's arguments.

A row of the model has more features: `feature_matrix` adds the same season of the years before, the step, static
features and covariates.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl
from mlforecast import MLForecast
from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMean, RollingStd

from job_code.series.frequency import Frequency

LagTransform = RollingMean | RollingStd | ExponentiallyWeightedMean
DateFeature = str | Callable[[pl.Expr], pl.Expr]

DAYS_PER_YEAR = 365.2425
NEGLIGIBLE = 2.0**-24  # of a 32-bit number


@dataclass(frozen=True, kw_only=True)
class FeatureRecipe:
    """Features of a series' past at the origin, and of the calendar at the forecast period.

    Attributes:
        lags: MLForecast's argument: periods to look back, from 1.
        lag_transforms: MLForecast's argument: by lag, statistics of the values up to that lag.
        date_features: MLForecast's argument: names of date parts, or functions of dates.
        year: Periods in a year. `lag_transforms` has the mean of the latest year.
        level_window: Window of the mean that measures the level. `lag_transforms` has it now and a year ago.
        ewm_feature: Name of the exponentially weighted mean that stands for the last value.
        short_season: Periods in a shorter season, 7 for days; None without one.
    """

    lags: Sequence[int]
    lag_transforms: dict[int, list[Any]]  # MLForecast's type omits its transforms
    date_features: Sequence[DateFeature]
    year: int
    level_window: int
    ewm_feature: str
    short_season: int | None = None

    def forecaster(self) -> MLForecast:
        """Set up MLForecast without a model. Its `preprocess` computes the features that LightGBM is trained on.

        MLForecast gets no date features, because it would compute them for the period after the origin. A direct model
        needs the date features of the period that each row forecasts (`calendar_features`).
        MLForecast uses one thread, because fits run concurrently in processes.
        """
        return MLForecast(
            models={},
            freq=1,  # periods are numbered
            lags=self.lags,
            lag_transforms=self.lag_transforms,
            lag_transforms_namer=feature_name,
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the lags and lag transforms, in MLForecast's order."""
        return tuple(self.forecaster().ts.features)

    @property
    def level_feature(self) -> str:
        """Name of the feature with the latest level."""
        return f"mean_{self.level_window}"

    @property
    def level_feature_last_year(self) -> str:
        """Name of the feature with the level a year before."""
        return f"mean_{self.level_window}_year_ago"

    @property
    def mean_of_year(self) -> str:
        """Name of the feature with the mean of the latest year."""
        return f"mean_{self.year}"

    def max_lookback(self, horizon: int) -> int:
        """Return how many past periods can change a feature by more than the precision of a 32-bit number.

        Args:
            horizon: Number of periods to forecast.
        """
        seasons = (math.ceil(horizon / self.year) + 1) * self.year + 2
        transforms = [(lag, transform) for lag, those in self.lag_transforms.items() for transform in those]
        return max(*self.lags, *(lag - 1 + _lookback(transform) for lag, transform in transforms), seasons) + 1


def recipe_for(frequency: Frequency) -> FeatureRecipe:
    """Return the recipe of a frequency: recent past, level and spread, and the level of a year ago."""
    match frequency.unit:
        case "week":
            return FeatureRecipe(
                lags=[1, 2, 3, 4],
                lag_transforms={
                    1: [
                        *(RollingMean(window, min_samples=1) for window in (4, 8, 13, 26, 52)),
                        RollingStd(52, min_samples=2),
                        ExponentiallyWeightedMean(0.3),
                        ExponentiallyWeightedMean(0.6),
                    ],
                    53: [RollingMean(window, min_samples=1) for window in (4, 13, 52)],
                },
                date_features=[day_of_year],
                year=52,
                level_window=13,
                ewm_feature="ewm_0.6",
            )
        case "day":
            return FeatureRecipe(
                lags=[1, 2, 3, 4, 5, 6, 7],
                lag_transforms={
                    1: [
                        *(RollingMean(window, min_samples=1) for window in (7, 28, 91, 364)),
                        RollingStd(364, min_samples=2),
                        ExponentiallyWeightedMean(0.1),
                        ExponentiallyWeightedMean(0.3),
                    ],
                    365: [RollingMean(window, min_samples=1) for window in (7, 28, 364)],
                },
                date_features=["weekday", "day", day_of_year],
                year=364,
                level_window=28,
                ewm_feature="ewm_0.3",
                short_season=7,
            )
        case "month":
            return FeatureRecipe(
                lags=[1, 2, 3],
                lag_transforms={
                    1: [
                        *(RollingMean(window, min_samples=1) for window in (3, 6, 12, 24)),
                        RollingStd(12, min_samples=2),
                        ExponentiallyWeightedMean(0.3),
                        ExponentiallyWeightedMean(0.6),
                    ],
                    13: [RollingMean(window, min_samples=1) for window in (3, 6, 12)],
                },
                date_features=["month"],
                year=12,
                level_window=6,
                ewm_feature="ewm_0.6",
            )


def day_of_year(dates: pl.Expr) -> pl.Expr:
    """Count the days into a mean year: a week 52 and the week 1 that follows are neighbors every year."""
    return dates.cast(pl.Int32) % DAYS_PER_YEAR


def feature_name(transform: LagTransform, lag: int) -> str:
    """Name a lag transform: MLForecast's `lag_transforms_namer`.

    Args:
        transform: The transform.
        lag: The lag it starts from: 1, or one more than the periods of a year.
    """
    if isinstance(transform, ExponentiallyWeightedMean):
        name = f"ewm_{transform.alpha}"
    else:
        name = f"{'std' if isinstance(transform, RollingStd) else 'mean'}_{transform.window_size}"
    return name if lag == 1 else f"{name}_year_ago"


def _lookback(transform: LagTransform) -> int:
    """Return how many periods a transform uses."""
    if isinstance(transform, ExponentiallyWeightedMean):
        return math.ceil(math.log(NEGLIGIBLE) / math.log(1 - transform.alpha))
    return transform.window_size
