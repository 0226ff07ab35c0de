"""Forecast chunks of demand in worker processes, with the model's files."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import numpy as np

from contract.s3.keys import part_name
from job_code.errors import JobError
from job_code.exogenous.covariate_store import StoredCovariates
from job_code.exogenous.exogenous_features import Exogenous
from job_code.exogenous.static_features import StaticFeatures
from job_code.forecasting.forecast_files import Forecast, ForecastFile, write_forecast
from job_code.forecasting.forecaster import Forecaster
from job_code.forecasting.model_store import load_model
from job_code.preparation.panel_chunks import read_chunk
from job_code.preparation.prepare import PreparedDemand
from job_code.runtime.disk_space import finds_disk_full
from job_code.runtime.failures import Failure
from job_code.runtime.process_pool import ProcessPool
from job_code.series.arrays import Booleans, Floats
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel
from job_code.tables.key_columns import series_name
from job_code.tables.validation_report import EXAMPLES


@dataclass(frozen=True, kw_only=True)
class ChunkTask:
    """One chunk to forecast.

    Attributes:
        chunk: Folder of the chunk.
        model: Folder of the model's files.
        covariates: Stored covariates of the run.
        frequency: Calendar of the chunk's period numbers.
        last_period: The latest cutoff of the run.
        name: Name of the forecast file.
        folder: Folder of the forecast file.
    """

    chunk: Path
    model: Path
    covariates: StoredCovariates
    frequency: Frequency
    last_period: int
    name: str
    folder: Path


@dataclass(frozen=True)
class ChunkForecast:
    """The forecast file of a chunk and its total.

    Attributes:
        file: The forecast file.
        total: Expected demand of all series that end at the run's latest cutoff, shape (horizon,).
    """

    file: ForecastFile
    total: Floats


def forecast_chunks(demand: PreparedDemand, model: Path, workers: ProcessPool, folder: Path) -> Iterator[ChunkForecast]:
    """Forecast all chunks in the workers, and yield the results in order. Each worker reads the model's files once.

    Args:
        demand: The chunks.
        model: Folder of the model's files.
        workers: The processes.
        folder: Folder of the forecast files; the caller stores and removes them.
    """
    tasks = [
        ChunkTask(
            chunk=chunk.folder,
            model=model,
            covariates=demand.covariates,
            frequency=demand.calendar.frequency,
            last_period=demand.last_period,
            name=part_name(number),
            folder=folder,
        )
        for number, chunk in enumerate(demand.chunks)
    ]
    yield from workers.map(forecast_chunk, tasks)


def forecast_chunk(task: ChunkTask) -> ChunkForecast:
    """Forecast all series of a chunk and write the forecast file.

    Raises:
        ModelUnusableError: If the model's files cannot be used.
        JobError: If a series cannot be forecast. The message names the series.
        MemoryError: If memory runs out.
        OSError: If the disk is full.
    """
    forecaster = load_forecaster(task.model)
    chunk = read_chunk(task.chunk, task.frequency)
    static = StaticFeatures(forecaster.encoding.encode(chunk.static), tuple(forecaster.encoding.categories))
    whole = _Series(chunk.panel, Exogenous(static, task.covariates.read(task.chunk, chunk.panel)), chunk.active)
    try:
        forecast = whole.forecast(forecaster)
    except Exception as error:
        if isinstance(error, MemoryError) or finds_disk_full(error):
            raise  # the instance lacks memory or disk space; no series caused this
        failing = ", ".join(islice(_failing_series(whole, forecaster), EXAMPLES))
        reason = Failure.of(error).message
        raise JobError(f"{task.name}: {reason}; failing series: {failing or 'none fails alone'}") from error
    current = chunk.panel.last_period == task.last_period
    file = write_forecast(forecast, forecaster.config, task.folder / task.name)
    return ChunkForecast(file, forecast.mean[current].sum(axis=0))


@dataclass(frozen=True)
class _Series:
    panel: Panel
    exogenous: Exogenous
    active: Booleans

    def forecast(self, forecaster: Forecaster) -> Forecast:
        if not np.isfinite(self.panel.values).all():
            raise JobError("the demand is not finite")
        forecast = forecaster.forecast(self.panel, self.exogenous, self.active)
        finite = np.isfinite(forecast.mean).all() and np.isfinite(forecast.quantiles).all()
        if not finite:
            raise JobError("the forecast is not finite")
        return forecast

    def halves(self) -> "Iterator[_Series]":
        first = np.arange(len(self.panel)) < len(self.panel) // 2
        for half in (first, ~first):
            yield _Series(self.panel.select(half), self.exogenous.select(half), self.active[half])


def _failing_series(series: _Series, forecaster: Forecaster) -> Iterator[str]:
    """Find the names of the series that cannot be forecast, by bisection."""
    if len(series.panel) == 1:
        yield series_name(series.panel.keys.row(0))
        return
    for half in series.halves():
        try:
            half.forecast(forecaster)
        except Exception:
            yield from _failing_series(half, forecaster)


@lru_cache(maxsize=1)
def load_forecaster(model: Path) -> Forecaster:
    """Load a model, once per process.

    Args:
        model: Folder of the model's files.

    Raises:
        ModelUnusableError: If the files cannot be used.
    """
    return load_model(model)
