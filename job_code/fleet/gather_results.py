"""The end of a fleet's work: waits for all objects, whoever has them, then finishes the run or says what is missing."""

import json
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contract.error_codes import ErrorCode
from contract.handover_keys import end_name, name_of
from job_code.artifacts.draft_run import Inference
from job_code.artifacts.finalize_run import finish
from job_code.errors import JobError, OutOfMemoryError
from job_code.fleet.chunk_archives import HandedPiece
from job_code.fleet.handover_document import Handover
from job_code.forecasting.forecast_files import ForecastFile
from job_code.runtime.output_store import S3Output, put_json
from job_code.runtime.progress import Progress
from job_code.runtime.s3_prefix import S3Folder
from job_code.series.arrays import Floats
from job_code.tables.validation_report import plural

SECONDS_BETWEEN_LOOKS = 2.0
READS_AT_A_TIME = 16
SHOWN = 3
MESSAGE = 600  # characters for the reasons: SageMaker shows a kilobyte


class ObjectsFailedError(JobError):
    """Some objects could not be forecast, and all others are."""

    code = ErrorCode.OBJECTS_FAILED


@dataclass(frozen=True)
class _Reason:
    code: ErrorCode
    words: str


@dataclass(frozen=True)
class Gathered:
    """What the objects came to.

    Attributes:
        files: The forecasts, in the order of the pieces.
        total: Expected demand of all series together, shape (horizon,).
        core_seconds: What it took, of all cores together.
    """

    files: list[ForecastFile]
    total: Floats
    core_seconds: float


def note_end(handover: Handover, store: S3Folder, *, job_name: str, host: str, folder: Path) -> None:
    """Notes that a machine has done what it could.

    Args:
        handover: The run.
        store: Where the notes are.
        job_name: The processing job.
        host: The machine.
        folder: Where the note is made.
    """
    put_json({"host": host}, handover.keys.end_note(job_name, host), S3Output(store), folder)


def wait_for_all(
    handover: Handover,
    store: S3Folder,
    *,
    job_name: str,
    others: Collection[str],
    progress: Progress,
    folder: Path,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Waits until every other machine has done what it could; should one be lost, SageMaker ends this one too.

    Args:
        handover: The run.
        store: Where the notes are.
        job_name: The processing job whose failures count.
        others: Names of the other machines.
        progress: Told how far it is.
        folder: Where files are made.
        sleep: Waits between two looks.

    Raises:
        OutOfMemoryError: If memory ran out for one of the objects that could not be forecast.
        ObjectsFailedError: If others could not be forecast; how many, the first of them, and why.
    """
    wanted = {piece.name for piece in handover.pieces}
    with progress.stage("wait for the others") as advance:
        while True:
            ended = _noted(store, handover.keys.end_notes(job_name))
            if ended >= {end_name(host) for host in others}:
                break
            advance(len(ended) / len(others))
            sleep(SECONDS_BETWEEN_LOOKS)
    # Whoever has noted its end has noted everything else before.
    missing = sorted(wanted - _noted(store, handover.keys.done))
    if missing:
        reasons = _reasons(missing, handover, store, job_name)
        words = [reason.words for reason in reasons]
        message = _what_is_missing(words, len(wanted), handover, store, job_name=job_name, folder=folder)
        if any(reason.code is ErrorCode.OUT_OF_MEMORY for reason in reasons):
            raise OutOfMemoryError(message)
        raise ObjectsFailedError(message)


def _reasons(missing: Sequence[str], handover: Handover, store: S3Folder, job_name: str) -> list[_Reason]:
    def of(name: str) -> _Reason:
        return _reason(store, handover.keys.failure_note(job_name, name))

    with ThreadPoolExecutor(READS_AT_A_TIME) as reads:
        return list(reads.map(of, missing))


def _what_is_missing(
    reasons: Sequence[str], wanted: int, handover: Handover, store: S3Folder, *, job_name: str, folder: Path
) -> str:
    """The first objects and why they are missing; all of them stand in a file that the line ends with."""
    every = handover.keys.every_reason(job_name)
    put_json({"objects": wanted, "missing": len(reasons), "reasons": reasons}, every, S3Output(store), folder)
    shown = reasons[:SHOWN]
    longest = MESSAGE // len(shown)
    told = "; ".join(each if len(each) <= longest else f"{each[: longest - 3]}..." for each in shown)
    more = f"; and {len(reasons) - SHOWN:,} more, in {store.uri(every)}" if len(reasons) > SHOWN else ""
    return f"{len(reasons):,} of {plural(wanted, 'object')} could not be forecast: {told}{more}"


def _reason(store: S3Folder, name: str) -> _Reason:
    """As it was noted; of an object that was given to no machine, nobody has."""
    if name not in store.names(name):
        return _Reason(ErrorCode.HANDOVER_UNUSABLE, f"{name_of(name)}: no machine was given it")
    noted = _read(store, name)
    return _Reason(ErrorCode(noted["code"]), noted["reason"])


def gather(handover: Handover, store: S3Folder) -> Gathered:
    """Reads what all objects came to.

    Args:
        handover: The run.
        store: Where the notes are.
    """

    def of(piece: HandedPiece) -> dict[str, Any]:
        return _read(store, handover.keys.done_note(piece.name))

    with ThreadPoolExecutor(READS_AT_A_TIME) as reads:
        notes = list(reads.map(of, handover.pieces))
    horizon = handover.draft.manifest["horizon"]
    total = np.zeros(horizon)
    for note in notes:  # in the order that the single job adds them up in
        total += np.array(note["total"])
    return Gathered(
        [ForecastFile(**note["file"]) for note in notes], total, sum(float(note["seconds"]) for note in notes)
    )


def finish_run(
    handover: Handover,
    store: S3Folder,
    *,
    published: Path | None,
    instances: int,
    cores: int,
    progress: Progress,
    folder: Path,
) -> dict[str, Any]:
    """Writes what makes the forecasts a run.

    Args:
        handover: The run.
        store: Where everything is.
        published: Manifest of the last published run.
        instances: Machines of the fleet.
        cores: Of each.
        progress: Told how far it is.
        folder: Where files are made.

    Returns:
        The manifest.
    """
    with progress.stage("gather"):
        gathered = gather(handover, store)
    series = sum(piece.series for piece in handover.pieces)
    return finish(
        handover.draft,
        gathered.files,
        gathered.total,
        inference=Inference.of(series, gathered.core_seconds, instances=instances, cores=instances * cores),
        published=published,
        output=S3Output(store),
        progress=progress,
        folder=folder,
    )


def _noted(store: S3Folder, under: str) -> set[str]:
    return {name_of(name) for name in store.names(under)}


def _read(store: S3Folder, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(store.read(name))
    return content
