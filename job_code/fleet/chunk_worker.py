"""One chunk of a fleet's work: what a process does with it. Nothing here, or imported here, knows of S3 or reports."""

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
    """One chunk to forecast, and all it takes.

    Attributes:
        packed: The chunk's file.
        chunk: What the handover says of it.
        model: Folder of the model's files.
        covariates: Where covariates are.
        frequency: What the chunk's period numbers count.
        last_period: The latest cutoff of the run.
        scratch: Where files are made.
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
    """What an chunk came to.

    Attributes:
        chunk: What the handover says of it.
        file: Its forecasts, in a folder of their own that is the caller's to remove; None where there are none.
        forecast: What is left of them.
        seconds: How long it took.
        failure: Why there are none; None where there are.
    """

    chunk: ArchivedChunk
    file: Path | None = None
    forecast: ChunkForecast | None = None
    seconds: float = 0.0
    failure: Failure | None = None


def prepare(model: Path) -> None:
    """Does once a process what each of its chunks will need.

    Args:
        model: Folder of the model's files.

    Raises:
        ModelUnusableError: If they cannot be used.
    """
    tune_glibc_malloc()
    load_forecaster(model)


def forecast_archive(task: ArchiveTask) -> ArchiveResult:
    """Forecasts one chunk; what is wrong with it is part of the result.

    Raises:
        OutOfDiskError: If the machine's disk is full, which is no chunk's fault.
        MemoryError: If its memory is used up.
    """
    begun = time.monotonic()
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
    return ArchiveResult(task.chunk, folder / forecast.file.name, forecast, time.monotonic() - begun)
