"""One piece after the other: what a process does that forecasts, given the model's files."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from job_code.covariate_store import StoredCovariates
from job_code.exogenous import Exogenous
from job_code.forecast_files import ForecastFile, write_forecast
from job_code.forecaster import Forecaster
from job_code.frequency import Frequency
from job_code.model_files import load_model
from job_code.panel import Floats
from job_code.panel_files import read_piece
from job_code.preparation import PreparedDemand
from job_code.static_encoding import StaticFeatures
from job_code.workers import Workers


@dataclass(frozen=True)
class PieceTask:
    """One piece to forecast.

    Attributes:
        piece: Folder of the piece.
        model: Folder of the model's files.
        covariates: Where covariates are.
        frequency: What the piece's period numbers count.
        last_period: The latest cutoff of the run.
        name: Name of the file to write.
        folder: Where to write it.
    """

    piece: Path
    model: Path
    covariates: StoredCovariates
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


def forecast_pieces(demand: PreparedDemand, model: Path, workers: Workers, folder: Path) -> Iterator[PieceForecast]:
    """Forecasts all pieces in the workers, in order; each of them reads the model's files once.

    Args:
        demand: The pieces.
        model: Folder of the model's files.
        workers: The processes.
        folder: Where files are made: those of the forecasts are for the caller to put and remove.
    """
    tasks = [
        PieceTask(
            piece=piece.folder,
            model=model,
            covariates=demand.covariates,
            frequency=demand.calendar.frequency,
            last_period=demand.last_period,
            name=f"part-{number:05d}.parquet",
            folder=folder,
        )
        for number, piece in enumerate(demand.pieces)
    ]
    yield from workers.map(forecast_piece, tasks)


def forecast_piece(task: PieceTask) -> PieceForecast:
    """Forecasts all series of a piece and writes them.

    Raises:
        JobError: If the model's files cannot be used.
    """
    forecaster = _load(task.model)
    piece = read_piece(task.piece, task.frequency)
    static = StaticFeatures(forecaster.encoding.encode(piece.static), tuple(forecaster.encoding.categories))
    exogenous = Exogenous(static, task.covariates.read(task.piece, piece.panel))
    forecast = forecaster.forecast(piece.panel, exogenous, piece.active)
    current = piece.panel.last_period == task.last_period
    file = write_forecast(forecast, forecaster.config, task.folder / task.name)
    return PieceForecast(file, forecast.mean[current].sum(axis=0))


@lru_cache(maxsize=1)
def _load(model: Path) -> Forecaster:
    return load_model(model)
