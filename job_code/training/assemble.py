"""Assemble a forecaster from a trained model and its backtest."""

from job_code.calibration.calibrator import ConformalCalibrator
from job_code.calibration.mean_absolute_change import prior_relative_change
from job_code.config import ForecastConfig
from job_code.evaluation.backtest import Backtest
from job_code.exogenous.covariate_encoding import CovariateEncoding
from job_code.forecasting.forecaster import Forecaster
from job_code.model.direct_model import DirectModel
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.training_sample import Sample


def assemble_forecaster(
    model: DirectModel,
    tested: Backtest | None,
    sample: Sample,
    demand: PreparedDemand,
    config: ForecastConfig,
) -> Forecaster:
    """Combine a model with its calibrator and the encodings of its demand.

    Args:
        model: The model, trained on the whole sample.
        tested: Its backtest; without one, the calibrator is the random-walk default.
        sample: The series that the model was trained on.
        demand: The demand that the sample was drawn from.
        config: The configuration.
    """
    return Forecaster(
        model=model,
        calibrator=tested.calibrator if tested else ConformalCalibrator.random_walk_default(config),
        prior_relative_change=prior_relative_change(sample.panel, sample.weight),
        encoding=demand.encoding,
        covariates=CovariateEncoding.of(demand.covariates),
        config=config,
        frequency=demand.calendar.frequency,
    )
