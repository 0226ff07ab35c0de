"""Run the command `fleet` on one instance of a SageMaker processing job."""

import os
import shutil
import tempfile
from pathlib import Path

from contract import job_start
from contract.s3.handover_keys import DOCUMENT, PUBLISHED_MANIFEST, archive_name
from job_code.entrypoints.processing_paths import ProcessingPaths
from job_code.entrypoints.sagemaker_paths import required
from job_code.errors import ModelUnusableError
from job_code.runtime.failures import Failure, exit_code_of
from job_code.runtime.gc_pause import gc_paused
from job_code.runtime.progress import Progress
from job_code.runtime.signals import stop_promptly


def run_processing_container() -> int:
    """Forecast the chunks of this instance. The first instance then waits for the others and finalizes the run.

    The other instances succeed even if some of their chunks fail. SageMaker ends all instances as soon as one fails,
    and their work would be lost. Instead, the first instance fails after all instances have processed their chunks.

    Returns:
        The exit code.
    """
    paths = ProcessingPaths.from_environment()
    # The folder of the inputs is on the volume whose size the job requests.
    with tempfile.TemporaryDirectory(prefix="onejob-", ignore_cleanup_errors=True, dir=paths.folder) as scratch:
        return _run(paths, Path(scratch))


def _run(paths: ProcessingPaths, scratch: Path) -> int:
    context = {"run_id": os.environ.get(job_start.RUN_ID, ""), "job_name": paths.job_name, "host": paths.host}
    progress = Progress(context=context)

    def clean_up(_signal: str) -> None:
        # Write no message. SageMaker stops the other instances when one fails, and joins the messages of all.
        shutil.rmtree(scratch, ignore_errors=True)

    def report(failure: Failure) -> None:
        failure.log(progress)
        paths.write_message(failure.code, failure.message)

    stop_promptly(clean_up)  # before the imports, because some of them start threads
    return exit_code_of(lambda: _work(paths, scratch, progress), on_failure=report)


def _work(paths: ProcessingPaths, scratch: Path, progress: Progress) -> None:
    with gc_paused():
        from job_code.fleet.chunk_archives import unpack
        from job_code.fleet.chunk_worker import prepare
        from job_code.fleet.gather_results import await_instances, finish_run, mark_instance_done
        from job_code.fleet.handover_document import Handover
        from job_code.fleet.instance import Instance, forecast_archives
        from job_code.forecasting.model_store import model_checksum
        from job_code.runtime.disk_space import explain_full_disk
        from job_code.runtime.process_pool import ProcessPool, available_cores
        from job_code.runtime.s3_prefix import S3Prefix

    store = S3Prefix.from_uri(required(job_start.OUTPUT_URI), region=required(job_start.REGION))
    instance = Instance(job_name=paths.job_name, store=store, progress=progress, scratch=scratch)
    shared, model = paths.input(job_start.SHARED), paths.input(job_start.MODEL)
    with explain_full_disk():
        handover = Handover.read(shared / DOCUMENT, scratch)
        for name, sha256 in handover.shared.items():
            (scratch / name).mkdir()
            unpack(shared / archive_name(name), scratch / name, sha256)
        if model_checksum(model) != handover.model_sha256:
            raise ModelUnusableError("model: it does not have the checksum in the handover; start a new run")
        cores = available_cores()
        with ProcessPool(cores) as workers:
            # Load the model first, so that an unusable model fails once and not for every chunk.
            with progress.stage("load"):
                workers.run_on_each(prepare, model)
            forecast_archives(
                sorted(paths.input(job_start.CHUNKS).glob(archive_name("*"))),
                handover,
                model,
                instance=instance,
                workers=workers,
            )
    if paths.host != paths.hosts[0]:
        mark_instance_done(handover, instance, host=paths.host)
        return
    await_instances(handover, instance, others=paths.hosts[1:])
    published = shared / PUBLISHED_MANIFEST
    finish_run(
        handover,
        instance,
        published=published if published.is_file() else None,
        instances=len(paths.hosts),
        cores=cores,
    )
