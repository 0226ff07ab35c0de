"""Forecast periods of series, one entry each: what a forecast is made from, in a backtest as in production."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from job_code.calibration.scale_model import spread_columns, spread_names
from job_code.calibration.usual_change import usual_change
from job_code.config import ForecastConfig
from job_code.exogenous.exogenous_features import Exogenous
from job_code.features.feature_matrix import Columns
from job_code.model.baselines import SIMPLE_FORECASTS
from job_code.model.direct_model import DirectModel
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.demand_classes import kind_of_series
from job_code.series.lifecycle import is_cold_start
from job_code.series.panel import Panel


@dataclass(frozen=True, kw_only=True)
class Entries:
    """Periods to forecast; everything is of shape (entries,), series by series and step by step.

    Attributes:
        step: Periods ahead of the series' last one, from 1.
        kind: Kind of the series.
        cold_start: Whether it is too young to be known.
        active: Whether it still sells.
        whole: Whether it sells in whole numbers.
        change: How much it usually changes.
        model: What the model says: of regular series the median.
        mean: Expected demand, by the model.
        simple: What each of `SIMPLE_FORECASTS` says, shape (forecasts, entries).
        told: What the spread is told from, shape (columns, entries).
    """

    step: Integers
    kind: Integers
    cold_start: Booleans
    active: Booleans
    whole: Booleans
    change: Floats
    model: Floats
    mean: Floats
    simple: Floats
    told: Columns

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
        typical_change: float,
    ) -> Self:
        """Asks the model and the simple forecasts.

        Args:
            model: The model.
            panel: The series.
            exogenous: What is known of them beside their demand.
            active: Whether each still sells.
            config: Says whether demand can be negative.
            steps: Periods to forecast.
            typical_change: How much series usually change, relative to their size.
        """
        change = usual_change(panel, typical_change)
        predicted = np.zeros((len(panel), steps))
        told = np.full((len(spread_names(model.demand_names)), len(panel), steps), np.nan, dtype=np.float32)
        for block in model.blocks(panel, exogenous, active, steps):
            at = (block.series, block.step - 1)
            predicted[at] = block.size * block.relative
            told[:, *at] = spread_columns(block, change[block.series])
        predicted = non_negative(predicted, config)
        simple = [forecast(panel, steps).ravel() for forecast in SIMPLE_FORECASTS.values()]

        def each(of_series: np.ndarray) -> np.ndarray:
            return np.repeat(of_series, steps)

        return cls(
            step=np.tile(np.arange(1, steps + 1), len(panel)),
            kind=each(kind_of_series(panel)),
            cold_start=each(is_cold_start(panel.lengths, panel.frequency)),
            active=each(active),
            whole=each(sells_in_whole_numbers(panel)),
            change=each(change),
            model=predicted.ravel(),
            mean=model.mean(predicted, panel).ravel(),
            simple=np.array(simple),
            told=told.reshape(len(told), -1),
        )

    def where(self, chosen: Booleans) -> Self:
        """Keeps some of the entries."""
        return type(self)(**{field.name: getattr(self, field.name)[..., chosen] for field in fields(self)})

    @classmethod
    def stack(cls, parts: list[Self]) -> Self:
        """Puts entries one behind the other."""
        together = {field.name: [getattr(part, field.name) for part in parts] for field in fields(cls)}
        return cls(**{name: np.concatenate(each, axis=-1) for name, each in together.items()})


def non_negative(values: Floats, config: ForecastConfig) -> Floats:
    """Demand that cannot be negative is not forecast negative."""
    return values if config.negative_rule == "keep" else np.maximum(values, 0.0)


def sells_in_whole_numbers(panel: Panel) -> Booleans:
    """Whether each series had nothing but whole numbers in its last year."""
    odd = panel.values != np.round(panel.values)
    whole: Booleans = panel.mean_of_last(odd.astype(np.float64), panel.frequency.per_year) == 0
    return whole
