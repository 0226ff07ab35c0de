"""Forecast one archived chunk in a worker process. This module imports nothing that uses S3 or writes reports."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from contract.s3.handover import ArchivedChunk
from job_code.exogenous.covariate_store import StoredCovariates
from job_code.fleet.chunk_archives import unpack
from job_code.forecasting.forecast_chunk import ChunkForecast, ChunkTask, forecast_chunk, load_forecaster
from job_code.runtime.allocator import tune_glibc_malloc
from job_code.runtime.disk_space import OutOfDiskError, explain_full_disk
from job_code.runtime.failures import Failure
from job_code.series.frequency import Frequency


@dataclass(frozen=True, kw_only=True)
class ArchiveTask:
    """One archived chunk to forecast, with all inputs.

    Attributes:
        packed: The archive.
        chunk: Its entry in the handover.
        model: Folder of the model's files.
        covariates: Stored covariates of the run.
        frequency: Calendar of the chunk's period numbers.
        last_period: The latest cutoff of the run.
        scratch: Folder for temporary files.
    """

    packed: Path
    chunk: ArchivedChunk
    model: Path
    covariates: StoredCovariates
    frequency: Frequency
    last_period: int
    scratch: Path


@dataclass(frozen=True)
class ArchiveResult:
    """The outcome of one archived chunk: its forecasts or a failure.

    Attributes:
        chunk: Its entry in the handover.
        file: Its forecasts, in a separate folder that the caller removes; None after a failure.
        forecast: File entry and totals of the forecasts; None after a failure.
        seconds: Duration of the work.
        failure: The failure; None if the chunk was forecast.
    """

    chunk: ArchivedChunk
    file: Path | None = None
    forecast: ChunkForecast | None = None
    seconds: float = 0.0
    failure: Failure | None = None


def prepare(model: Path) -> None:
    """Initialize a worker process: set malloc options and load the model.

    Args:
        model: Folder of the model's files.

    Raises:
        ModelUnusableError: If the files cannot be used.
    """
    tune_glibc_malloc()
    load_forecaster(model)


def forecast_archive(task: ArchiveTask) -> ArchiveResult:
    """Forecast one chunk. The result contains any failure of the chunk itself.

    Raises:
        OutOfDiskError: If the disk of the instance is full. The chunk did not cause this.
        MemoryError: If memory runs out.
    """
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"{task.chunk.name}-", dir=task.scratch))
    chunk = folder / "chunk"
    try:
        with explain_full_disk():
            chunk.mkdir()
            unpack(task.packed, chunk, task.chunk.sha256)
            forecast = forecast_chunk(
                ChunkTask(
                    chunk=chunk,
                    model=task.model,
                    covariates=task.covariates,
                    frequency=task.frequency,
                    last_period=task.last_period,
                    name=task.chunk.part,
                    folder=folder,
                )
            )
    except (OutOfDiskError, MemoryError):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        return ArchiveResult(task.chunk, failure=Failure.of(error))
    shutil.rmtree(chunk)
    return ArchiveResult(task.chunk, folder / forecast.file.name, forecast, time.monotonic() - started)
