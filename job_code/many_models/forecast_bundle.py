"""Forecast the customers of a bundle with each kind of model."""

from dataclasses import dataclass

import numpy as np

from job_code.config import ForecastConfig
from job_code.forecasting.forecast_files import Forecast
from job_code.forecasting.forecaster import Forecaster
from job_code.many_models.model_choice import KINDS, ModelChoice, ModelKind
from job_code.many_models.train_bundle import SharedModel, TrainedBundle
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Floats


@dataclass(frozen=True, kw_only=True)
class BundleForecasts:
    """Forecasts of all series of a bundle by each kind of model. A customer without a model has the global one's.

    Attributes:
        kinds: The forecasts, in the order of `KINDS`.
        chosen: The forecasts of the chosen kind.
    """

    kinds: tuple[Forecast, ...]
    chosen: Forecast


def forecast_bundle(
    bundle: Sample, trained: TrainedBundle, choice: ModelChoice | None, shared: SharedModel, config: ForecastConfig
) -> BundleForecasts:
    """Forecast the periods after the end of every series.

    Args:
        bundle: The series of the bundle.
        trained: The models of its customers.
        choice: The chosen kinds; None if no customer has a model.
        shared: The global model.
        config: Model settings of the own models.
    """
    by_global = shared.forecaster.forecast(bundle.panel, bundle.exogenous, bundle.active)
    mean, quantiles = by_global.mean.copy(), by_global.quantiles.copy()
    kind = np.full(len(bundle.panel), KINDS.index(ModelKind.GLOBAL))
    for number, (name, customer) in enumerate(trained.customers.items()):
        own = bundle.select(customer.series)
        forecast = own_forecaster(trained, name, shared, config).forecast(own.panel, own.exogenous, own.active)
        mean[customer.series], quantiles[customer.series] = forecast.mean, forecast.quantiles
        if choice is not None:
            kind[customer.series] = choice.kind[number]
    found = {
        ModelKind.OWN: Forecast(bundle.panel, mean, quantiles),
        ModelKind.GLOBAL: by_global,
        ModelKind.MEAN: Forecast(bundle.panel, (mean + by_global.mean) / 2, (quantiles + by_global.quantiles) / 2),
    }
    kinds = tuple(found[each] for each in KINDS)
    return BundleForecasts(kinds=kinds, chosen=_chosen(kinds, kind))


def own_forecaster(trained: TrainedBundle, name: str, shared: SharedModel, config: ForecastConfig) -> Forecaster:
    """Return the forecaster of a customer's own model.

    Args:
        trained: The models of the bundle.
        name: Name of the customer.
        shared: The global model, whose encodings and usual change the own models use.
        config: Model settings of the own models.
    """
    assert trained.calibrator is not None
    return Forecaster(
        model=trained.models[name].model,
        calibrator=trained.calibrator,
        prior_relative_change=shared.forecaster.prior_relative_change,
        encoding=shared.forecaster.encoding,
        covariates=shared.forecaster.covariates,
        config=config,
        frequency=shared.forecaster.frequency,
    )


def _chosen(kinds: tuple[Forecast, ...], kind: np.ndarray) -> Forecast:
    mean: Floats = np.choose(kind[:, None], [each.mean for each in kinds])
    quantiles: Floats = np.choose(kind[:, None, None], [each.quantiles for each in kinds])
    return Forecast(kinds[0].panel, mean, quantiles)
