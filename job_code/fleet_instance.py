"""One machine of a fleet: forecasts the objects it was given, over all its cores, and keeps what each came to."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from job_code.covariate_store import StoredCovariates
from job_code.errors import JobError
from job_code.findings import plural
from job_code.frequency import Frequency
from job_code.handover import HandedPiece, Handover
from job_code.output import S3Output, put_json
from job_code.piece_forecast import PieceTask, forecast_piece
from job_code.piece_objects import unpack
from job_code.progress import Progress
from job_code.s3 import S3Folder
from job_code.workers import Workers


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


def forecast_objects(
    objects: Sequence[Path],
    handover: Handover,
    model: Path,
    *,
    job_name: str,
    output: str,
    workers: Workers,
    progress: Progress,
    scratch: Path,
) -> list[str]:
    """Forecasts what this machine was given, but for what is there already.

    Args:
        objects: Files of the objects.
        handover: The run.
        model: Folder of the model's files.
        job_name: The processing job's name; its failures are its own.
        output: URI that everything goes below.
        workers: The processes; each loads the model once.
        progress: Told how far it is.
        scratch: Where files are made.

    Returns:
        What went wrong, one line an object; all others have been forecast nevertheless.

    Raises:
        JobError: If a process was killed.
    """
    known = {f"{piece.name}.tar": piece for piece in handover.pieces}
    finished = set(S3Folder.from_uri(output).names(handover.name("done/")))
    tasks = [
        ObjectTask(
            packed=packed,
            piece=piece,
            model=model,
            covariates=handover.covariates,
            frequency=handover.frequency,
            last_period=handover.last_period,
            output=output,
            part=handover.draft.name("forecasts", piece.part),
            done=handover.name(f"done/{piece.name}.json"),
            failed=handover.name(f"failed/{job_name}/{piece.name}.json"),
            scratch=scratch,
        )
        for packed in sorted(objects)
        if (piece := known.get(packed.name)) and handover.name(f"done/{piece.name}.json") not in finished
    ]
    series = sum(task.piece.series for task in tasks)
    before = len(objects) - len(tasks)
    progress.say(
        f"{plural(len(tasks), 'object')} with {plural(series, 'series')} to forecast"
        + (f", {before:,} were forecast before" if before else "")
    )
    failures = []
    with progress.stage("predict") as advance:
        for number, failure in enumerate(workers.map(forecast_object, tasks), 1):
            if failure is not None:
                failures.append(failure)
                progress.say(failure, level="ERROR")
            advance(number / len(tasks))
    return failures


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
            reason = str(error) if isinstance(error, JobError) else f"{type(error).__name__}: {error}"
            failure = f"{task.piece.name} ({plural(task.piece.series, 'series')}): {' '.join(reason.split())}"
            put_json({"reason": failure}, task.failed, output, folder)
            return failure
        output.put(folder / done.file.name, task.part)
        seconds = time.monotonic() - begun
        note = {"file": done.file.to_dict(), "total": done.total.tolist(), "seconds": seconds}
        put_json(note, task.done, output, folder)
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@lru_cache(maxsize=1)
def _store(uri: str) -> S3Folder:
    return S3Folder.from_uri(uri)
