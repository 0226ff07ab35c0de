"""Compare the own models of a bundle's customers with the global model, on the windows of one backtest.

Both models are trained on the demand before all windows. Each is calibrated with the forecasts of other customers, so
no model is scored with observations that it has seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from job_code.calibration.calibrator import ProbabilisticForecast
from job_code.config import ForecastConfig
from job_code.evaluation.cross_fit import ObservedRows, cross_fit
from job_code.many_models.model_choice import KINDS, ModelChoice, ModelKind, choose_models
from job_code.series.arrays import Floats, Integers


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Forecasts of the same rows by each kind of model. Arrays have shape (rows,).

    Attributes:
        forecasts: By kind, in the order of `KINDS`.
        customer: Number of the customer.
        window: Number of the window, from 0 for the earliest.
        actual: Observed demand.
        weight: Weight of the row; 0 if the period was not observed.
        levels: Levels of the quantiles.
    """

    forecasts: tuple[ProbabilisticForecast, ...]
    customer: Integers
    window: Integers
    actual: Floats
    weight: Floats
    levels: tuple[float, ...]

    @classmethod
    def of(cls, own: ObservedRows, shared: ObservedRows, window: Integers, config: ForecastConfig) -> "Comparison":
        """Calibrate both models, and average them.

        Args:
            own: The forecasts of each customer's own model. The groups are the customers.
            shared: The forecasts of the same rows by the global model.
            window: Number of the window of each row, shape (rows,).
            config: Quantile levels and seed.
        """
        by_own, by_global = (cross_fit(rows, config) for rows in (own, shared))
        found = {ModelKind.OWN: by_own, ModelKind.GLOBAL: by_global, ModelKind.MEAN: mean_of(by_own, by_global)}
        return cls(
            forecasts=tuple(found[kind] for kind in KINDS),
            customer=own.group,
            window=window,
            actual=own.actual,
            weight=own.weight,
            levels=config.quantiles,
        )

    def choose(self) -> ModelChoice:
        """Choose the kind of each customer by all rows."""
        return choose_models(self.losses())

    def losses(self) -> Floats:
        """Return the mean quantile loss, NaN without observations, shape (kinds, windows, customers)."""
        shape = (int(self.window.max()) + 1, int(self.customer.max()) + 1)
        cell = np.ravel_multi_index((self.window, self.customer), shape)
        count = np.bincount(cell, weights=self.weight, minlength=np.prod(shape))
        found = []
        for forecast in self.forecasts:
            loss = self.weight * _quantile_loss(self.actual, forecast.quantiles, self.levels)
            total = np.bincount(cell, weights=loss, minlength=len(count))
            found.append(np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0).reshape(shape))
        return np.array(found)


def mean_of(one: ProbabilisticForecast, other: ProbabilisticForecast) -> ProbabilisticForecast:
    """Average two forecasts of the same rows: their means, and their quantiles level by level."""
    return ProbabilisticForecast((one.mean + other.mean) / 2, (one.quantiles + other.quantiles) / 2)


def _quantile_loss(actual: Floats, quantiles: Floats, levels: Sequence[float]) -> Floats:
    error = actual[:, None] - quantiles
    loss: Floats = np.maximum(np.asarray(levels) * error, (np.asarray(levels) - 1) * error).mean(axis=1)
    return loss
