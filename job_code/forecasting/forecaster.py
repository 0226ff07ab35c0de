"""Everything a run has learnt, in one object that forecasts any panel, in any process."""

from dataclasses import dataclass, replace

import numpy as np

from job_code.calibration.calibrator import Calibration
from job_code.calibration.forecast_table import Entries
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

FORECASTS_AT_A_TIME = 100_000  # about; what they are told from stays in the processor's cache


@dataclass(frozen=True, kw_only=True)
class Forecaster:
    """A fitted model with what makes forecasts of its expectations.

    Attributes:
        model: The model.
        calibration: What the backtest has shown of it.
        typical_change: How much series usually change, relative to their size.
        encoding: How static columns become numbers.
        covariates: How covariates become numbers.
        config: The configuration.
        frequency: The demand's calendar.
    """

    model: DirectModel
    calibration: Calibration
    typical_change: float
    encoding: StaticEncoding
    covariates: CovariateEncoding
    config: ForecastConfig
    frequency: Frequency

    @property
    def encodings(self) -> FittedEncodings:
        """How static columns and covariates become numbers."""
        return FittedEncodings(static=self.encoding, covariates=self.covariates)

    def configured(self, config: ForecastConfig) -> "Forecaster":
        """The same, for a run that settles anew what no model depends on."""
        return replace(self, config=config)

    def forecast(self, panel: Panel, exogenous: Exogenous, active: Booleans) -> Forecast:
        """Forecasts the series of a panel; those of another panel change nothing about it.

        Args:
            panel: The series.
            exogenous: What is known of them beside their demand.
            active: Whether each still sells.
        """
        panel = panel.recent(max(self.model.memory, panel.frequency.per_year + 1))  # no part looks further back
        horizon = self.config.horizon
        batches, parts = -(-len(panel) * horizon // FORECASTS_AT_A_TIME), []
        for members in np.array_split(np.arange(len(panel)), max(1, batches)):
            chosen = np.zeros(len(panel), dtype=bool)
            chosen[members] = True
            entries = Entries.of(
                self.model,
                panel.select(chosen),
                exogenous.select(chosen),
                active[chosen],
                self.config,
                steps=horizon,
                typical_change=self.typical_change,
            )
            parts.append(self.calibration.apply(entries, self.config))
        mean = np.concatenate([part.mean for part in parts]).reshape(-1, horizon)
        quantiles = np.concatenate([part.quantiles for part in parts]).reshape(-1, horizon, len(self.config.quantiles))
        return Forecast(panel, mean, quantiles)
