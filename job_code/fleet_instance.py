"""One machine of a fleet: forecasts the objects it was given, over all its cores, and keeps what each came to."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from job_code.findings import plural
from job_code.handover import Handover
from job_code.object_forecast import ObjectTask, forecast_object, note_failure
from job_code.piece_forecast import load_forecaster
from job_code.progress import Progress
from job_code.s3 import S3Folder
from job_code.workers import WorkerDiedError, Workers


def forecast_objects(
    objects: Sequence[Path],
    handover: Handover,
    model: Path,
    *,
    job_name: str,
    store: S3Folder,
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
        store: Where everything goes.
        workers: The processes; each loads the model once.
        progress: Told how far it is.
        scratch: Where files are made.

    Returns:
        What went wrong, one line an object; all others have been forecast nevertheless.
    """
    known = {f"{piece.name}.tar": piece for piece in handover.pieces}
    finished = set(store.names(handover.name("done/")))
    tasks = [
        ObjectTask(
            packed=packed,
            piece=piece,
            model=model,
            covariates=handover.covariates,
            frequency=handover.frequency,
            last_period=handover.last_period,
            output=store.uri(""),
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
        for number, failure in enumerate(_outcomes(tasks, workers), 1):
            if failure is not None:
                failures.append(failure)
                progress.say(failure, level="ERROR")
            advance(number / len(tasks))
    return failures


def _outcomes(tasks: Sequence[ObjectTask], workers: Workers) -> Iterator[str | None]:
    """Of each task; where a process was killed, those it may have been at work on are tried one at a time.

    So a lack of memory is found to be that of one object, or of several at once, which one at a time have enough.
    """
    left = list(tasks)
    while left:
        try:
            for outcome in workers.map(forecast_object, list(left)):
                left.pop(0)
                yield outcome
        except WorkerDiedError:
            # Tasks are begun in order: what was at work is among the first that have not ended.
            suspects, left = left[: 2 * workers.count], left[2 * workers.count :]
            for task in suspects:
                yield _alone(task, workers)


def _alone(task: ObjectTask, workers: Workers) -> str | None:
    workers.start(load_forecaster, task.model)
    try:
        (outcome,) = workers.map(forecast_object, [task])
    except WorkerDiedError as error:
        return note_failure(task, str(error))
    return outcome
