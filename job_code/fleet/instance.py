"""One machine of a fleet: forecasts the chunks it was given, over all its cores, and keeps what each came to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.s3.handover_keys import archive_name
from job_code.fleet.chunk_worker import ArchiveResult, ArchiveTask, forecast_archive, prepare
from job_code.fleet.completion_markers import CompletionMarkers, failure_line
from job_code.fleet.handover_document import Handover
from job_code.runtime.failures import Failure
from job_code.runtime.output_store import S3Output
from job_code.runtime.process_pool import WorkerDiedError, Workers
from job_code.runtime.progress import Progress
from job_code.runtime.s3_prefix import S3Prefix
from job_code.tables.validation_report import plural


@dataclass(frozen=True, kw_only=True)
class Instance:
    """This machine of the fleet.

    Attributes:
        job_name: The processing job's name; its failures are its own.
        store: Where everything goes.
        progress: Shows how far the machine is.
        scratch: Where files are made.
    """

    job_name: str
    store: S3Prefix
    progress: Progress
    scratch: Path

    @property
    def output(self) -> S3Output:
        """The store as what takes a run's files."""
        return S3Output(self.store)


def forecast_objects(
    chunks: Sequence[Path], handover: Handover, model: Path, *, instance: Instance, workers: Workers
) -> None:
    """Forecast what this machine was given, but for what is there already; of each a note is left, failed or not.

    Args:
        chunks: Files of the chunks.
        handover: The run.
        model: Folder of the model's files.
        instance: This machine.
        workers: The processes; each loads the model once.
    """
    progress = instance.progress
    known = {archive_name(chunk.name): chunk for chunk in handover.chunks}
    finished = set(instance.store.names(handover.keys.completed))
    tasks = [
        ArchiveTask(
            packed=packed,
            chunk=chunk,
            model=model,
            covariates=handover.covariates,
            frequency=handover.frequency,
            last_period=handover.last_period,
            scratch=instance.scratch,
        )
        for packed in sorted(chunks)
        if (chunk := known.get(packed.name)) and handover.keys.completed_marker(chunk.name) not in finished
    ]
    series = sum(task.chunk.series for task in tasks)
    before = len(chunks) - len(tasks)
    progress.say(
        f"{plural(len(tasks), 'chunk')} with {plural(series, 'series')} to forecast"
        + (f", {before:,} were forecast before" if before else "")
    )
    notes = CompletionMarkers(
        handover=handover, job_name=instance.job_name, output=instance.output, scratch=instance.scratch
    )
    with progress.stage("predict") as advance, notes:
        for number, made in enumerate(_made(tasks, workers), 1):
            notes.put(made)
            if made.failure is not None:
                progress.say(failure_line(made.chunk, made.failure), level="ERROR", code=made.failure.code)
            advance(number / len(tasks))


def _made(tasks: Sequence[ArchiveTask], workers: Workers) -> Iterator[ArchiveResult]:
    """Of each task, as they end; where a process was killed, those it may have been at work on are tried by themselves.

    So a lack of memory is found to be that of one chunk, or of several at once, which one at a time have enough.
    """
    left = dict(enumerate(tasks))
    while left:
        begun = list(left)
        try:
            for place, made in workers.as_completed(forecast_archive, list(left.values())):
                del left[begun[place]]
                yield made
        except WorkerDiedError:
            # Tasks are begun in order: what was at work is among the first that have not ended.
            for suspect in list(left)[: workers.count]:
                yield _alone(left.pop(suspect), workers)


def _alone(task: ArchiveTask, workers: Workers) -> ArchiveResult:
    workers.start(prepare, task.model)
    try:
        ((_, made),) = workers.as_completed(forecast_archive, [task])
    except WorkerDiedError as error:
        return ArchiveResult(task.chunk, failure=Failure.of(error))
    return made
