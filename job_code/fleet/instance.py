"""Forecast the chunks of one instance of a fleet on all its cores, and store the result of each chunk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.s3.handover_keys import archive_name
from job_code.fleet.chunk_worker import ArchiveResult, ArchiveTask, forecast_archive, prepare
from job_code.fleet.completion_markers import CompletionMarkers, failure_line
from job_code.fleet.handover_document import Handover
from job_code.runtime.failures import Failure
from job_code.runtime.output_store import S3Output
from job_code.runtime.process_pool import ProcessPool, WorkerDiedError
from job_code.runtime.progress import Progress
from job_code.runtime.s3_prefix import S3Prefix
from job_code.tables.validation_report import plural


@dataclass(frozen=True, kw_only=True)
class Instance:
    """This instance of the fleet.

    Attributes:
        job_name: Name of the processing job; failure markers are stored per job.
        store: Prefix of all files.
        progress: Progress of this instance.
        scratch: Folder for temporary files.
    """

    job_name: str
    store: S3Prefix
    progress: Progress
    scratch: Path

    @property
    def output(self) -> S3Output:
        """The store as an output for a run's files."""
        return S3Output(self.store)


def forecast_archives(
    chunks: Sequence[Path], handover: Handover, model: Path, *, instance: Instance, workers: ProcessPool
) -> None:
    """Forecast the chunks of this instance and write a marker for each. Skip chunks with a completion marker.

    Args:
        chunks: Archives of the chunks.
        handover: The handover of the run.
        model: Folder of the model's files.
        instance: This instance.
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
    progress.log(
        f"{plural(len(tasks), 'chunk')} with {plural(series, 'series')} to forecast"
        + (f", {before:,} already forecast" if before else "")
    )
    markers = CompletionMarkers(
        handover=handover, job_name=instance.job_name, output=instance.output, scratch=instance.scratch
    )
    with progress.stage("predict") as advance, markers:
        for number, result in enumerate(_results(tasks, workers), 1):
            markers.put(result)
            if result.failure is not None:
                progress.log(failure_line(result.chunk, result.failure), level="ERROR", code=result.failure.code)
            advance(number / len(tasks))


def _results(tasks: Sequence[ArchiveTask], workers: ProcessPool) -> Iterator[ArchiveResult]:
    """Yield the result of each task as it ends. After a killed process, retry the interrupted tasks one at a time.

    Some chunks only run out of memory next to others, and succeed alone. A chunk that fails alone needs more memory.
    """
    left = dict(enumerate(tasks))
    while left:
        order = list(left)
        try:
            for place, result in workers.as_completed(forecast_archive, list(left.values())):
                del left[order[place]]
                yield result
        except WorkerDiedError:
            # Tasks start in order, so the interrupted tasks are among the first unfinished ones.
            for suspect in list(left)[: workers.count]:
                yield _forecast_alone(left.pop(suspect), workers)


def _forecast_alone(task: ArchiveTask, workers: ProcessPool) -> ArchiveResult:
    workers.run_on_each(prepare, task.model)
    try:
        ((_, result),) = workers.as_completed(forecast_archive, [task])
    except WorkerDiedError as error:
        return ArchiveResult(task.chunk, failure=Failure.of(error))
    return result
