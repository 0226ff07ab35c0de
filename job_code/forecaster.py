"""Everything a run has learnt, in one object that forecasts any panel, in any process."""

import pickle
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from job_code.backtest import Backtest
from job_code.calibration import Calibration
from job_code.config import ForecastConfig
from job_code.covariate_store import StoredCovariates
from job_code.entries import Entries
from job_code.error_distribution import typical_change
from job_code.exogenous import Exogenous
from job_code.forecast_files import Forecast, ForecastFile, write_forecast
from job_code.frequency import Frequency
from job_code.model import DirectModel
from job_code.panel import Booleans, Floats, Panel
from job_code.panel_files import read_piece
from job_code.preparation import PreparedDemand
from job_code.sample import Sample
from job_code.static_encoding import StaticEncoding, StaticFeatures

FORECASTS_AT_A_TIME = 2**18  # what they are told from is kept meanwhile


@dataclass(frozen=True)
class Forecaster:
    """A fitted model with what makes forecasts of its expectations.

    Attributes:
        model: The model.
        calibration: What the backtest has shown of it.
        typical_change: How much series usually change, relative to their size.
        encoding: How static columns become numbers.
        covariates: Where covariates are.
        config: The configuration.
    """

    model: DirectModel
    calibration: Calibration
    typical_change: float
    encoding: StaticEncoding
    covariates: StoredCovariates
    config: ForecastConfig

    @classmethod
    def of(
        cls,
        model: DirectModel,
        tested: Backtest | None,
        sample: Sample,
        demand: PreparedDemand,
        config: ForecastConfig,
    ) -> "Forecaster":
        """Puts a model and its backtest together; without a backtest, spreads are assumed."""
        return cls(
            model,
            tested.calibration if tested else Calibration.assumed(config),
            typical_change(sample.panel, sample.weight),
            demand.encoding,
            demand.covariates,
            config,
        )

    def forecast(self, panel: Panel, exogenous: Exogenous, active: Booleans) -> Forecast:
        """Forecasts the series of a panel; those of another panel change nothing about it.

        Args:
            panel: The series.
            exogenous: What is known of them beside their demand.
            active: Whether each still sells.
        """
        panel = panel.recent(max(self.model.memory, panel.frequency.per_year + 1))  # no part looks further back
        horizon = self.config.horizon
        at_a_time, parts = max(1, FORECASTS_AT_A_TIME // horizon), []
        for begin in range(0, len(panel), at_a_time):
            chosen = np.zeros(len(panel), dtype=bool)
            chosen[begin : begin + at_a_time] = True
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


@dataclass(frozen=True)
class PieceTask:
    """One piece to forecast.

    Attributes:
        piece: Folder of the piece.
        forecaster: File the forecaster was saved to.
        frequency: What the piece's period numbers count.
        last_period: The latest cutoff of the run.
        name: Name of the file to write.
        folder: Where to write it.
    """

    piece: Path
    forecaster: Path
    frequency: Frequency
    last_period: int
    name: str
    folder: Path


@dataclass(frozen=True)
class PieceForecast:
    """What is left of a piece's forecast.

    Attributes:
        file: The file written.
        total: Expected demand of all its series that end in the run's latest cutoff, shape (horizon,).
    """

    file: ForecastFile
    total: Floats


def save_forecaster(forecaster: Forecaster, path: Path) -> None:
    """Saves a forecaster for the processes of this run; the file is as safe as the code and lives no longer than it."""
    path.write_bytes(pickle.dumps(forecaster))


def forecast_piece(task: PieceTask) -> PieceForecast:
    """Forecasts all series of a piece and writes them."""
    forecaster = _load(task.forecaster)
    piece = read_piece(task.piece, task.frequency)
    static = StaticFeatures(forecaster.encoding.encode(piece.static), tuple(forecaster.encoding.categories))
    exogenous = Exogenous(static, forecaster.covariates.read(task.piece, piece.panel))
    forecast = forecaster.forecast(piece.panel, exogenous, piece.active)
    current = piece.panel.last_period == task.last_period
    file = write_forecast(forecast, forecaster.config, task.folder / task.name)
    return PieceForecast(file, forecast.mean[current].sum(axis=0))


@lru_cache(maxsize=1)
def _load(path: Path) -> Forecaster:
    loaded = pickle.loads(path.read_bytes())  # noqa: S301 (this run's own)
    assert isinstance(loaded, Forecaster)
    return loaded
