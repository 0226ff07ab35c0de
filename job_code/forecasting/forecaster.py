"""The forecaster: model, calibrator and encodings of one training, ready to forecast any panel in any process."""

from dataclasses import dataclass, replace

import numpy as np

from job_code.calibration.calibrator import ConformalCalibrator
from job_code.calibration.forecast_table import ForecastRows
from job_code.config import ForecastConfig
from job_code.exogenous.covariate_encoding import CovariateEncoding
from job_code.exogenous.exogenous_features import Exogenous
from job_code.exogenous.fitted_encodings import FittedEncodings
from job_code.exogenous.static_features import StaticEncoding
from job_code.forecasting.forecast_files import Forecast
from job_code.model.direct_model import DirectModel
from job_code.series.arrays import Booleans
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel

FORECASTS_AT_A_TIME = 100_000  # approximately; their features fit into the processor's cache


@dataclass(frozen=True, kw_only=True)
class Forecaster:
    """A trained model with everything a forecast needs.

    Attributes:
        model: The model.
        calibrator: Makes probabilistic forecasts, fitted to the backtest.
        prior_relative_change: Median relative change over all series; new series are shrunk towards it.
        encoding: Encoding of the static columns.
        covariates: Encoding of the covariates.
        config: The configuration.
        frequency: The demand's calendar.
    """

    model: DirectModel
    calibrator: ConformalCalibrator
    prior_relative_change: float
    encoding: StaticEncoding
    covariates: CovariateEncoding
    config: ForecastConfig
    frequency: Frequency

    @property
    def encodings(self) -> FittedEncodings:
        """The encodings of static columns and covariates."""
        return FittedEncodings(static=self.encoding, covariates=self.covariates)

    def configured(self, config: ForecastConfig) -> "Forecaster":
        """Return a copy with another configuration, for settings that the model does not depend on."""
        return replace(self, config=config)

    def forecast(self, panel: Panel, exogenous: Exogenous, active: Booleans) -> Forecast:
        """Forecast the series of a panel. Each forecast depends on its own series only.

        Args:
            panel: The series.
            exogenous: Static features and covariates of the series.
            active: Whether each series still sells, shape (series,).
        """
        panel = panel.recent(max(self.model.max_lookback, panel.frequency.window + 1))  # no feature looks further back
        horizon = self.config.horizon
        batches, parts = -(-len(panel) * horizon // FORECASTS_AT_A_TIME), []
        for members in np.array_split(np.arange(len(panel)), max(1, batches)):
            chosen = np.zeros(len(panel), dtype=bool)
            chosen[members] = True
            rows = ForecastRows.of(
                self.model,
                panel.select(chosen),
                exogenous.select(chosen),
                active[chosen],
                self.config,
                steps=horizon,
                prior_relative_change=self.prior_relative_change,
            )
            parts.append(self.calibrator.predict(rows, self.config))
        mean = np.concatenate([part.mean for part in parts]).reshape(-1, horizon)
        quantiles = np.concatenate([part.quantiles for part in parts]).reshape(-1, horizon, len(self.config.quantiles))
        return Forecast(panel, mean, quantiles)
