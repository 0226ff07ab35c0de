"""Fit models, backtests and forecasters in the test process."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from job_code.config import ForecastConfig
from job_code.evaluation.backtest import Backtest, BacktestPlan, backtest
from job_code.forecasting.forecaster import Forecaster
from job_code.model.direct_model import DirectModel
from job_code.model.fitting import ModelFit, fit_models
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.training_sample import Sample
from job_code.runtime.process_pool import ProcessPool
from job_code.training.assemble import assemble_forecaster


def fit(sample: Sample, config: ForecastConfig, *, horizon: int | None = None) -> DirectModel:
    """Fit a model on a sample."""
    panel, exogenous, active = sample.panel, sample.exogenous, sample.active
    (model,) = _fit([ModelFit.of(panel, exogenous, active, horizon=horizon or config.horizon)], config)
    return model


def backtested(sample: Sample, config: ForecastConfig) -> Backtest | None:
    """Fit the models of a backtest, and forecast its held-out periods."""
    plan = BacktestPlan.of(sample, config)
    return backtest(plan, _fit(plan.fits, config), config) if plan else None


def trained(sample: Sample, demand: PreparedDemand, config: ForecastConfig) -> Forecaster:
    """Fit, backtest and calibrate a model like a run."""
    return assemble_forecaster(fit(sample, config), backtested(sample, config), sample, demand, config)


def _fit(fits: Sequence[ModelFit], config: ForecastConfig) -> list[DirectModel]:
    with tempfile.TemporaryDirectory() as folder, ProcessPool(1) as workers:
        return fit_models(fits, config, workers, Path(folder))
