"""One object of a fleet's work: what a process does with it. Nothing here, or imported here, knows of S3 or reports."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from contract.s3.handover import HandedPiece
from job_code.exogenous.covariate_store import StoredCovariates
from job_code.fleet.chunk_archives import unpack
from job_code.forecasting.forecast_chunk import PieceForecast, PieceTask, forecast_piece, load_forecaster
from job_code.runtime.allocator import keep_freed_memory
from job_code.runtime.disk_space import OutOfDiskError, explain_full_disk
from job_code.runtime.failures import Failure
from job_code.series.frequency import Frequency


@dataclass(frozen=True, kw_only=True)
class ObjectTask:
    """One object to forecast, and all it takes.

    Attributes:
        packed: The object's file.
        piece: What the handover says of it.
        model: Folder of the model's files.
        covariates: Where covariates are.
        frequency: What the piece's period numbers count.
        last_period: The latest cutoff of the run.
        scratch: Where files are made.
    """

    packed: Path
    piece: HandedPiece
    model: Path
    covariates: StoredCovariates
    frequency: Frequency
    last_period: int
    scratch: Path


@dataclass(frozen=True)
class ObjectForecast:
    """What an object came to.

    Attributes:
        piece: What the handover says of it.
        file: Its forecasts, in a folder of their own that is the caller's to remove; None where there are none.
        forecast: What is left of them.
        seconds: How long it took.
        failure: Why there are none; None where there are.
    """

    piece: HandedPiece
    file: Path | None = None
    forecast: PieceForecast | None = None
    seconds: float = 0.0
    failure: Failure | None = None


def prepare(model: Path) -> None:
    """Does once a process what each of its objects will need.

    Args:
        model: Folder of the model's files.

    Raises:
        ModelUnusableError: If they cannot be used.
    """
    keep_freed_memory()
    load_forecaster(model)


def forecast_object(task: ObjectTask) -> ObjectForecast:
    """Forecasts one object; what is wrong with it is part of the result.

    Raises:
        OutOfDiskError: If the machine's disk is full, which is no object's fault.
        MemoryError: If its memory is used up.
    """
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"{task.piece.name}-", dir=task.scratch))
    piece = folder / "piece"
    try:
        with explain_full_disk():
            piece.mkdir()
            unpack(task.packed, piece, task.piece.sha256)
            forecast = forecast_piece(
                PieceTask(
                    piece=piece,
                    model=task.model,
                    covariates=task.covariates,
                    frequency=task.frequency,
                    last_period=task.last_period,
                    name=task.piece.part,
                    folder=folder,
                )
            )
    except (OutOfDiskError, MemoryError):
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        return ObjectForecast(task.piece, failure=Failure.of(error))
    shutil.rmtree(piece)
    return ObjectForecast(task.piece, folder / forecast.file.name, forecast, time.monotonic() - begun)
