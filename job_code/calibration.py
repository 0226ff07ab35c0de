"""Turns what the model says into forecasts: averages, means and quantiles, by what a backtest has shown."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from job_code.combination import Combination, best_combinations, combine
from job_code.config import ForecastConfig
from job_code.entries import Entries, non_negative
from job_code.error_distribution import KINDS, ErrorDistribution
from job_code.panel import Floats
from job_code.spread import Spread


@dataclass(frozen=True)
class Calibrated:
    """Forecasts; shape (entries,), of the quantiles (entries, levels).

    Attributes:
        centre: The most likely middle.
        mean: Expected demand.
        quantiles: At the configured levels, never crossing.
    """

    centre: Floats
    mean: Floats
    quantiles: Floats


@dataclass(frozen=True)
class Calibration:
    """What a backtest has shown of the model.

    Attributes:
        combinations: What a forecast is made of, for each kind of series.
        spread: Size of its errors.
        errors: Distribution of its errors, relative to their size.
    """

    combinations: tuple[Combination, ...]
    spread: Spread
    errors: ErrorDistribution

    @classmethod
    def assumed(cls, config: ForecastConfig) -> Self:
        """For demand whose history is too short to show anything."""
        return cls((Combination(),) * len(KINDS), Spread(), ErrorDistribution.assumed(config.quantiles))

    @classmethod
    def learn(
        cls, actual: Floats, weight: Floats, entries: Entries, config: ForecastConfig, *, threads: int = 1
    ) -> Self:
        """Learns from a backtest.

        Args:
            actual: What happened, shape (entries,).
            weight: How much each entry counts, shape (entries,).
            entries: What was forecast.
            config: Quantile levels and seed.
            threads: Threads of LightGBM.
        """
        combinations = best_combinations(actual, weight, entries)
        usable = entries.active & (entries.change > 0) & (weight > 0)
        # Sales of one and of two lie a whole unit apart: spread over that unit, their distribution has no steps, and
        # a quantile of it, rounded, is the quantile of the sales.
        within = np.random.default_rng(config.seed).random(len(actual)) - 0.5
        off = np.where(entries.whole, actual + within, actual) - combine(entries, entries.model, combinations)
        change = np.where(usable, entries.change, 1.0)
        spread = Spread.learn(entries.told, entries.step, np.abs(off) / change, usable, config, threads)
        relative = off / (change * spread.predict(entries.told, entries.step))
        counted = np.where(usable, weight, 0.0)
        errors = ErrorDistribution.measured(relative, counted, entries.kind, entries.step, config.quantiles)
        return cls(combinations, spread, errors)

    def apply(self, entries: Entries, config: ForecastConfig) -> Calibrated:
        """Makes forecasts; those of series that have stopped selling are exactly 0."""
        centre = combine(entries, entries.model, self.combinations)
        mean = combine(entries, entries.mean, self.combinations)
        size = np.where(entries.active, entries.change * self.spread.predict(entries.told, entries.step), 0.0)
        quantiles = self.errors.quantiles(centre, size, entries.kind, entries.step)
        quantiles = np.where(entries.whole[:, None], np.round(quantiles), quantiles)
        return Calibrated(centre, mean, non_negative(quantiles, config))
