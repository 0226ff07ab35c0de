"""One object of a fleet's work: what a process does with it. Nothing here, or imported here, knows of reports."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from job_code.covariate_store import StoredCovariates
from job_code.errors import JobError
from job_code.findings import plural
from job_code.frequency import Frequency
from job_code.output import S3Output, put_json
from job_code.piece_forecast import PieceTask, forecast_piece
from job_code.piece_objects import HandedPiece, unpack
from job_code.s3 import S3Folder


@dataclass(frozen=True)
class ObjectTask:
    """One object to forecast, and all it takes.

    Attributes:
        packed: The object's file.
        piece: What the handover says of it.
        model: Folder of the model's files.
        covariates: Where covariates are.
        frequency: What the piece's period numbers count.
        last_period: The latest cutoff of the run.
        output: URI that everything goes below.
        part: Name of the forecasts' file.
        done: Name of the note that they are there.
        failed: Name of the note why they are not.
        scratch: Where files are made.
    """

    packed: Path
    piece: HandedPiece
    model: Path
    covariates: StoredCovariates
    frequency: Frequency
    last_period: int
    output: str
    part: str
    done: str
    failed: str
    scratch: Path


def forecast_object(task: ObjectTask) -> str | None:
    """Forecasts one object and puts its forecasts in their place, then a note that says so.

    Returns:
        What is wrong with the object, where something is; that is noted too.
    """
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"{task.piece.name}-", dir=task.scratch))
    output = S3Output(_store(task.output))
    try:
        try:
            piece = folder / "piece"
            piece.mkdir()
            unpack(task.packed, piece, task.piece.sha256)
            done = forecast_piece(
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
        except Exception as error:
            return note_failure(task, str(error) if isinstance(error, JobError) else f"{type(error).__name__}: {error}")
        output.put(folder / done.file.name, task.part)
        seconds = time.monotonic() - begun
        note = {"file": done.file.to_dict(), "total": done.total.tolist(), "seconds": seconds}
        put_json(note, task.done, output, folder)
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def note_failure(task: ObjectTask, reason: str) -> str:
    """Notes why an object could not be forecast.

    Returns:
        The same with the object's name, in one line.
    """
    failure = f"{task.piece.name} ({plural(task.piece.series, 'series')}): {' '.join(reason.split())}"
    with tempfile.TemporaryDirectory(dir=task.scratch) as folder:
        put_json({"reason": failure}, task.failed, S3Output(_store(task.output)), Path(folder))
    return failure


@lru_cache(maxsize=1)
def _store(uri: str) -> S3Folder:
    return S3Folder.from_uri(uri)
