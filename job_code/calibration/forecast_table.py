"""The rows to forecast, one for each series and step. Backtests and forecasts use the same rows."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from job_code.calibration.mean_absolute_change import mean_absolute_change
from job_code.calibration.scale_model import scale_feature_names, scale_features
from job_code.config import ForecastConfig
from job_code.exogenous.exogenous_features import Exogenous
from job_code.features.feature_matrix import Columns
from job_code.model.baselines import BASELINES
from job_code.model.direct_model import DirectModel
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.demand_classes import classify_demand
from job_code.series.lifecycle import is_cold_start
from job_code.series.panel import Panel


@dataclass(frozen=True, kw_only=True)
class ForecastRows:
    """Rows to forecast. All arrays have shape (rows,), ordered by series and, within a series, by step.

    Attributes:
        step: Periods ahead of the series' last period, from 1.
        demand_class: Demand class of the series.
        cold_start: Whether the series is younger than a quarter.
        active: Whether the series still sells.
        whole: Whether the series sells in whole numbers.
        mean_absolute_change: Mean absolute change of the series.
        model: The model's forecast; for dense series, the median.
        mean: The model's expected demand.
        baselines: Forecast of each of the `BASELINES`, shape (baselines, rows).
        scale_features: Features of the residual scale model, shape (features, rows).
    """

    step: Integers
    demand_class: Integers
    cold_start: Booleans
    active: Booleans
    whole: Booleans
    mean_absolute_change: Floats
    model: Floats
    mean: Floats
    baselines: Floats
    scale_features: Columns

    def __len__(self) -> int:
        return len(self.step)

    @classmethod
    def of(
        cls,
        model: DirectModel,
        panel: Panel,
        exogenous: Exogenous,
        active: Booleans,
        config: ForecastConfig,
        *,
        steps: int,
        prior_relative_change: float,
    ) -> Self:
        """Forecast with the model and the baselines.

        Args:
            model: The model.
            panel: The series.
            exogenous: Static features and covariates of the series.
            active: Whether each series still sells, shape (series,).
            config: Configuration, with the rule for negative demand.
            steps: Number of periods to forecast.
            prior_relative_change: Result of the function with this name for many series.
        """
        change = mean_absolute_change(panel, prior_relative_change)
        predicted = np.zeros((len(panel), steps))
        names = scale_feature_names(model.demand_names)
        features = np.full((len(names), len(panel), steps), np.nan, dtype=np.float32)
        for block in model.blocks(panel, exogenous, active, steps):
            at = (block.series, block.step - 1)
            predicted[at] = block.scale * block.relative
            features[:, *at] = scale_features(block, change[block.series])
        predicted = non_negative(predicted, config)
        baselines = [forecast(panel, steps).ravel() for forecast in BASELINES.values()]

        def each(of_series: np.ndarray) -> np.ndarray:
            return np.repeat(of_series, steps)

        return cls(
            step=np.tile(np.arange(1, steps + 1), len(panel)),
            demand_class=each(classify_demand(panel)),
            cold_start=each(is_cold_start(panel.lengths, panel.frequency)),
            active=each(active),
            whole=each(sells_in_whole_numbers(panel)),
            mean_absolute_change=each(change),
            model=predicted.ravel(),
            mean=model.mean(predicted, panel).ravel(),
            baselines=np.array(baselines),
            scale_features=features.reshape(len(features), -1),
        )

    def where(self, chosen: Booleans | Integers) -> Self:
        """Keep the chosen rows, or those at some positions, in that order."""
        return type(self)(**{field.name: getattr(self, field.name)[..., chosen] for field in fields(self)})

    @classmethod
    def stack(cls, parts: list[Self]) -> Self:
        """Concatenate rows."""
        together = {field.name: [getattr(part, field.name) for part in parts] for field in fields(cls)}
        return cls(**{name: np.concatenate(each, axis=-1) for name, each in together.items()})


def non_negative(values: Floats, config: ForecastConfig) -> Floats:
    """Clip forecasts at 0, unless the configuration allows negative demand."""
    return values if config.negative_rule == "keep" else np.maximum(values, 0.0)


def sells_in_whole_numbers(panel: Panel) -> Booleans:
    """Return whether all demand of each series' last year is a whole number, shape (series,)."""
    odd = panel.values != np.round(panel.values)
    whole: Booleans = panel.mean_of_last(odd.astype(np.float64), panel.frequency.window) == 0
    return whole
