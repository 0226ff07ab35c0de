"""Turns what the model says into forecasts: averages, means and quantiles, by what a backtest has shown."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from job_code.calibration.count_recalibration import count_levels, fine_levels
from job_code.calibration.ensemble_weights import Combination, best_combinations, combine
from job_code.calibration.forecast_table import Entries, non_negative
from job_code.calibration.residual_quantiles import ErrorDistribution
from job_code.calibration.scale_model import Spread
from job_code.config import ForecastConfig
from job_code.series.arrays import Floats
from job_code.series.demand_classes import KINDS

LEAST_FORECASTS = 30  # in a backtest: what fewer have shown of errors is chance


@dataclass(frozen=True)
class Calibrated:
    """Forecasts.

    Attributes:
        mean: Expected demand, shape (entries,).
        quantiles: At the configured levels, never crossing, shape (entries, levels).
    """

    mean: Floats
    quantiles: Floats


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What a backtest has shown of the model.

    Attributes:
        combinations: What a forecast is made of, for each kind of series.
        spread: Size of its errors.
        errors: Distribution of its errors, relative to their size.
        count_errors: The same where demand is counted in whole numbers.
    """

    combinations: tuple[Combination, ...]
    spread: Spread
    errors: ErrorDistribution
    count_errors: ErrorDistribution

    @classmethod
    def assumed(cls, config: ForecastConfig) -> Self:
        """For demand whose history is too short to show anything."""
        errors = ErrorDistribution.assumed(config.quantiles)
        return cls(combinations=(Combination(),) * len(KINDS), spread=Spread(), errors=errors, count_errors=errors)

    @classmethod
    def learn(cls, actual: Floats, weight: Floats, entries: Entries, config: ForecastConfig) -> Self:
        """Learns from a backtest.

        Args:
            actual: What happened, shape (entries,).
            weight: How much each entry counts, shape (entries,).
            entries: What was forecast.
            config: Quantile levels and seed.
        """
        combinations = best_combinations(actual, weight, entries)
        usable = entries.active & (entries.change > 0) & (weight > 0)
        if np.count_nonzero(usable) < LEAST_FORECASTS:
            return replace(cls.assumed(config), combinations=combinations)
        # Sales of one and of two lie a whole unit apart: spread over that unit, their distribution has no steps, and
        # a quantile of it, rounded, is the quantile of the sales.
        within = np.random.default_rng(config.seed).random(len(actual)) - 0.5
        centre = combine(entries, entries.model, combinations)
        off = np.where(entries.whole, actual + within, actual) - centre
        change = np.where(usable, entries.change, 1.0)
        spread = Spread.learn(entries.told, entries.step, np.abs(off) / change, usable, config)
        size = change * spread.predict(entries.told, entries.step)
        counted, fine = np.where(usable, weight, 0.0), fine_levels(config.quantiles)
        errors = ErrorDistribution.measured(off / size, counted, entries.kind, entries.step, fine)
        whole = entries.whole & usable
        kind, step = entries.kind[whole], entries.step[whole]
        quantiles = non_negative(np.round(errors.quantiles(centre[whole], size[whole], kind, step)), config)
        moved = count_levels(actual[whole], quantiles, fine, weight[whole], kind, config.quantiles)
        asked = np.tile(np.asarray(config.quantiles), (len(KINDS), 1))
        return cls(combinations=combinations, spread=spread, errors=errors.at(asked), count_errors=errors.at(moved))

    def apply(self, entries: Entries, config: ForecastConfig) -> Calibrated:
        """Makes forecasts; those of series that have stopped selling are exactly 0."""
        centre = combine(entries, entries.model, self.combinations)
        mean = combine(entries, entries.mean, self.combinations)
        size = np.where(entries.active, entries.change * self.spread.predict(entries.told, entries.step), 0.0)
        told = (centre, size, entries.kind, entries.step)
        counts = np.round(self.count_errors.quantiles(*told))
        quantiles = np.where(entries.whole[:, None], counts, self.errors.quantiles(*told))
        return Calibrated(mean, non_negative(quantiles, config))
