"""Puts a fitted model and what its backtest has shown together to a forecaster."""

from job_code.calibration.calibrator import Calibration
from job_code.calibration.usual_change import typical_change
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
    """Combine a model with its calibration and the encodings of its demand.

    Args:
        model: The model, fitted on all of the sample.
        tested: Its backtest; without one, the calibration is an assumption.
        sample: The series that the model was fitted on.
        demand: The demand that the sample was drawn from.
        config: The configuration.
    """
    return Forecaster(
        model=model,
        calibration=tested.calibration if tested else Calibration.assumed(config),
        typical_change=typical_change(sample.panel, sample.weight),
        encoding=demand.encoding,
        covariates=CovariateEncoding.of(demand.covariates),
        config=config,
        frequency=demand.calendar.frequency,
    )
