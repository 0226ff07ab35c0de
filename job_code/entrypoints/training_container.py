"""Train or infer in a SageMaker training container, with the input from `/opt/ml`."""

import os
import shutil
import tempfile
from pathlib import Path

from contract import job_start
from contract.error_codes import ErrorCode
from job_code.config import ForecastConfig
from job_code.entrypoints.early_workers import workers_for
from job_code.entrypoints.sagemaker_paths import SageMakerPaths, required
from job_code.errors import InputError
from job_code.runtime.failures import Failure, exit_code_of
from job_code.runtime.gc_pause import gc_paused
from job_code.runtime.progress import Progress
from job_code.runtime.signals import stop_promptly


def run_training_container() -> int:
    """Run the job. The environment variable `MODE` is `infer` to forecast with the model of the channel `model`.

    Returns:
        The exit code.
    """
    with tempfile.TemporaryDirectory(prefix="onejob-", ignore_cleanup_errors=True) as scratch:
        return _run(Path(scratch))


def _run(scratch: Path) -> int:
    paths = SageMakerPaths.from_environment()
    job_name = os.environ.get(job_start.TRAINING_JOB_NAME, "")
    progress = Progress(context={"run_id": job_name, "job_name": job_name})

    def clean_up(signal: str) -> None:
        paths.write_failure(ErrorCode.STOPPED, f"stopped by {signal}")
        shutil.rmtree(scratch, ignore_errors=True)

    def report(failure: Failure) -> None:
        failure.log(progress)
        paths.write_failure(failure.code, failure.message)

    stop_promptly(clean_up)  # before the imports, because some of them start threads
    return exit_code_of(lambda: _work(paths, scratch, progress), on_failure=report)


def _work(paths: SageMakerPaths, scratch: Path, progress: Progress) -> None:
    mode = required(job_start.MODE)
    if mode not in job_start.MODES:
        raise RuntimeError(f"the environment variable {job_start.MODE} is {mode!r}, not {' or '.join(job_start.MODES)}")
    infer = mode == job_start.INFER
    inputs = {name: folder for name in job_start.INPUTS if (folder := paths.channel(name))}
    with workers_for(inputs) as workers:
        with gc_paused():
            from job_code.entrypoints.run import run, write_failed_report
            from job_code.run_request import RunRequest
            from job_code.runtime.output_store import S3Output
            from job_code.runtime.s3_prefix import S3Prefix

        output = S3Output(S3Prefix.from_uri(required(job_start.OUTPUT_URI), region=required(job_start.REGION)))
        run_id, partition = required(job_start.TRAINING_JOB_NAME), required(job_start.PARTITION)
        try:
            if job_start.DEMAND not in inputs:
                raise InputError(["demand: the job has no channel with this name, and --demand is not set"])
            model = paths.channel(job_start.MODEL) if infer else None
            if infer and model is None:
                raise InputError(["model: the job has no channel with this name; train a model first"])
            config = ForecastConfig.from_mapping(paths.hyperparameters(), source="configuration")
        except InputError as error:
            write_failed_report(error, output, partition=partition, run_id=run_id, folder=scratch)
            raise
        request = RunRequest(
            run_id=run_id,
            partition=partition,
            inputs=inputs,
            config=config,
            published=paths.channel(job_start.PUBLISHED),
            model=model,
            model_sha256=os.environ.get(job_start.MODEL_SHA256) or None,
            min_chunks=int(chunks) if (chunks := os.environ.get(job_start.MIN_CHUNKS)) else None,
        )
        run(request, output, workers=workers, progress=progress, folder=scratch)
