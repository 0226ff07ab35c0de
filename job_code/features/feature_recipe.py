"""The feature recipe of each frequency, as MLForecast's arguments.

A row of the model has more features: `feature_matrix` adds the same season of the years before, the step, static
features and covariates.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypedDict

import polars as pl
from mlforecast import MLForecast
from mlforecast.lag_transforms import ExponentiallyWeightedMean, RollingMean, RollingStd

from contract.calendar.frequencies import HOUR
from job_code.series.frequency import Frequency
from job_code.series.seasons import Seasons

LagTransform = RollingMean | RollingStd | ExponentiallyWeightedMean
DateFeature = str | Callable[[pl.Expr], pl.Expr]

DAYS_PER_YEAR = 365.2425
NEGLIGIBLE = 2.0**-24  # of a 32-bit number


class _Shape(TypedDict):
    """What the recipes of the named periods differ in."""

    lags: Sequence[int]
    windows: Sequence[int]
    ago: Sequence[int]
    level: int
    ewm: tuple[float, float]
    dates: Sequence[DateFeature]


@dataclass(frozen=True, kw_only=True)
class FeatureRecipe:
    """Features of a series' past at the origin, and of the calendar at the forecast period.

    Attributes:
        lags: MLForecast's argument: periods to look back, from 1.
        lag_transforms: MLForecast's argument: by lag, statistics of the values up to that lag.
        date_features: MLForecast's argument: names of date parts, or functions of dates.
        year: Periods in the long season: a year, or a week of hours. `lag_transforms` has the mean of the latest one.
        level_window: Window of the mean that measures the level. `lag_transforms` has it now and a year ago.
        ewm_feature: Name of the exponentially weighted mean that stands for the last value.
        short_season: Periods in a shorter season, 7 for days, 24 for hours; None without one.
        short_seasons: Number of short seasons with a feature of their own.
        change_window: Latest periods that measure the usual changes from season to season. With it, dense demand is
            forecast as the change from the same short season before. Hours repeat themselves from day to day so closely
            that their level says little. None for a forecast of the level.
    """

    lags: Sequence[int]
    lag_transforms: dict[int, list[Any]]  # MLForecast's type omits its transforms
    date_features: Sequence[DateFeature]
    year: int
    level_window: int
    ewm_feature: str
    short_season: int | None = None
    short_seasons: int = 1
    change_window: int | None = None

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

    @property
    def of_changes(self) -> bool:
        """Whether dense demand is forecast as the change from the same short season before."""
        return self.change_window is not None

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
        short = horizon + (self.short_seasons + 1) * (self.short_season or 0)
        changes = 0 if self.change_window is None else self.change_window + self.year + (self.short_season or 0)
        transforms = [(lag, transform) for lag, those in self.lag_transforms.items() for transform in those]
        return (
            max(*self.lags, *(lag - 1 + _lookback(transform) for lag, transform in transforms), seasons, short, changes)
            + 1
        )


def recipe_for(frequency: Frequency) -> FeatureRecipe:
    """Return the recipe of a frequency: recent past, level and spread, and the level of a season ago."""
    calendar, seasons = frequency.calendar, frequency.seasons
    season = seasons.long
    if calendar.is_sub_daily:
        assert seasons.short is not None
        day, hours = seasons.short, max(2, seasons.short // 8)
        recipe = _recipe(
            seasons,
            lags=(1, 2, 3, day, day + 1, day + 2, season + 1),
            windows=(hours, day, season, seasons.window),
            ago=(day, season),
            level=day,
            ewm=(0.1, 0.3),
            dates=(minute_of_day, "weekday"),
        )
        return replace(recipe, short_seasons=8, change_window=seasons.window)
    if calendar.kind == "numbered":
        return _recipe(seasons, lags=(1, 2, 3, 4), windows=(1, 4, 13, 52), ago=(1, 4), level=4, ewm=(0.3, 0.6))
    if season == 1:
        return _recipe(seasons, lags=(1, 2, 3), windows=(1, 2, 3, 5), ago=(1, 2), level=2, ewm=(0.3, 0.6))
    if calendar.unit in OF_UNIT:
        return _recipe(seasons, **OF_UNIT[calendar.unit])
    quarter, half = max(2, season // 4), max(2, season // 2)
    return _recipe(
        seasons,
        lags=(1, 2, 3, 4),
        windows=tuple(sorted({2, 4, quarter, half, season})),
        ago=tuple(sorted({quarter, season})),
        level=quarter,
        ewm=(0.3, 0.6),
        dates=(day_of_year,),
    )


def _recipe(
    seasons: Seasons,
    *,
    lags: Sequence[int],
    windows: Sequence[int],
    ago: Sequence[int],
    level: int,
    ewm: tuple[float, float],
    dates: Sequence[DateFeature] = (),
) -> FeatureRecipe:
    """Compose a recipe: means of the latest windows, their spread, smoothed last values, and means of a season ago."""
    return FeatureRecipe(
        lags=list(lags),
        lag_transforms={
            1: [
                *(RollingMean(window, min_samples=1) for window in windows),
                RollingStd(max(2, seasons.long), min_samples=2),
                *map(ExponentiallyWeightedMean, ewm),
            ],
            seasons.long + 1: [RollingMean(window, min_samples=1) for window in ago],
        },
        date_features=dates,
        year=seasons.long,
        level_window=level,
        ewm_feature=f"ewm_{ewm[-1]}",
        short_season=seasons.short,
    )


def minute_of_day(times: pl.Expr) -> pl.Expr:
    """Count the minutes since local midnight."""
    return times.dt.hour().cast(pl.Int32) * HOUR + times.dt.minute()


def day_of_year(dates: pl.Expr) -> pl.Expr:
    """Count the days into a mean year: a week 52 and the week 1 that follows are neighbors every year."""
    return dates.dt.date().cast(pl.Int32) % DAYS_PER_YEAR


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


OF_UNIT: Mapping[str, _Shape] = {
    "day": {
        "lags": (1, 2, 3, 4, 5, 6, 7),
        "windows": (7, 28, 91, 364),
        "ago": (7, 28, 364),
        "level": 28,
        "ewm": (0.1, 0.3),
        "dates": ("weekday", "day", day_of_year),
    },
    "business day": {
        "lags": (1, 2, 3, 4, 5),
        "windows": (5, 20, 65, 260),
        "ago": (5, 20, 260),
        "level": 20,
        "ewm": (0.1, 0.3),
        "dates": ("weekday", "day", day_of_year),
    },
    "week": {
        "lags": (1, 2, 3, 4),
        "windows": (4, 8, 13, 26, 52),
        "ago": (4, 13, 52),
        "level": 13,
        "ewm": (0.3, 0.6),
        "dates": (day_of_year,),
    },
    "month": {
        "lags": (1, 2, 3),
        "windows": (3, 6, 12, 24),
        "ago": (3, 6, 12),
        "level": 6,
        "ewm": (0.3, 0.6),
        "dates": ("month",),
    },
    "quarter": {
        "lags": (1, 2, 3, 4),
        "windows": (2, 4, 8),
        "ago": (2, 4),
        "level": 2,
        "ewm": (0.3, 0.6),
        "dates": ("quarter",),
    },
}
