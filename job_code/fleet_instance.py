"""One machine of a fleet: forecasts the objects it was given, over all its cores, and keeps what each came to."""

from collections.abc import Sequence
from pathlib import Path

from job_code.findings import plural
from job_code.handover import Handover
from job_code.object_forecast import ObjectTask, forecast_object
from job_code.progress import Progress
from job_code.s3 import S3Folder
from job_code.workers import Workers


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
