"""Execute one run: read demand, get a model, write forecasts."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from contract.s3.keys import RunKeys
from job_code.artifacts.draft_run import Forecasts, InferenceThroughput, RunDraft
from job_code.artifacts.finalize_run import finalize_run
from job_code.artifacts.input_fingerprint import input_fingerprint
from job_code.artifacts.manifest import draft_manifest
from job_code.demand.run_context import RunContext
from job_code.demand.work_sizes import WorkSizes
from job_code.errors import InputError
from job_code.fleet.upload_handover import offload_to_fleet
from job_code.forecasting.forecast_chunk import forecast_chunks
from job_code.preparation.data_quality import failed_report
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.read_input import read_input
from job_code.run_request import RunRequest
from job_code.runtime.disk_space import explain_full_disk, require_space
from job_code.runtime.output_store import Output, put_json
from job_code.runtime.process_pool import ProcessPool
from job_code.runtime.progress import Progress
from job_code.runtime.temporary_files import temporary_files_in
from job_code.training.train import reuse_model, train
from job_code.training.trained_model import TrainedModel


def run(
    request: RunRequest,
    output: Output,
    *,
    workers: ProcessPool,
    progress: Progress,
    folder: Path,
    sizes: WorkSizes | None = None,
) -> Mapping[str, Any]:
    """Read and check the input, train or reuse a model, forecast, and write all files of the run.

    If the request has `min_chunks`, upload a handover instead of forecasting. A fleet then completes the run.

    Args:
        request: The request of the run.
        output: Store of the run's files.
        workers: Processes for the work; they end before the last stage of the run.
        progress: Progress of the run.
        folder: Folder for temporary files; the caller removes it.
        sizes: Sizes of the units of work; they do not change the forecasts.

    Returns:
        The manifest, which is also the last file written. For a fleet, the manifest without the forecasts.

    Raises:
        InputError: If the input cannot be forecast. The data-quality report has all problems.
        JobError: If the disk is too small, a worker process was killed, or the model cannot be used.
    """
    try:
        with explain_full_disk(), workers, temporary_files_in(folder, workers):
            context = RunContext(
                request=request,
                workers=workers,
                sizes=sizes or WorkSizes(),
                progress=progress,
                scratch=folder,
                output=output,
            )
            demand, model, draft = _prepare(context)
            _store_model(model, context)
            if request.min_chunks is not None:
                offload_to_fleet(draft, demand, model, context)
                output.finish()
                return draft.manifest
            forecasts = _predict(draft, demand, model, context)
    except InputError as error:
        write_failed_report(error, output, partition=request.partition, run_id=request.run_id, folder=folder)
        raise
    return finalize_run(draft, forecasts, published=request.published, output=output, progress=progress, folder=folder)


def write_failed_report(error: InputError, output: Output, *, partition: str, run_id: str, folder: Path) -> None:
    """Write the data-quality report of a run with invalid input. It lists all problems.

    Args:
        error: The problems.
        output: Store of the run's files.
        partition: Partition of the run.
        run_id: Name of the run.
        folder: Folder for temporary files.
    """
    keys = RunKeys(partition=partition, run_id=run_id)
    put_json(failed_report(error.problems), keys.data_quality, output, folder)
    output.finish()


def _prepare(context: RunContext) -> tuple[PreparedDemand, TrainedModel, RunDraft]:
    """Read the input, get the model, and draft the manifest."""
    request, progress = context.request, context.progress
    if request.model is None:
        demand, quality = read_input(context)
        model, charts = train(demand, context)
    else:
        model = TrainedModel.load(request.model, request.config, sha256=request.model_sha256)
        request = replace(request, config=model.forecaster.config)
        demand, quality = read_input(replace(context, request=request), known=model.forecaster.encodings)
        charts = reuse_model(model, demand, progress)
    with progress.stage("fingerprint"):
        fingerprint = input_fingerprint(request.inputs)
    manifest = draft_manifest(request, demand, model, quality, fingerprint)
    return demand, model, RunDraft(manifest, charts, {})


def _predict(draft: RunDraft, demand: PreparedDemand, model: TrainedModel, context: RunContext) -> Forecasts:
    """Forecast all series. Store each file as soon as it is written."""
    horizon, scratch, cores = model.forecaster.config.horizon, context.scratch, context.workers.count
    files, total = [], np.zeros(horizon)
    with context.progress.stage("predict") as advance:
        require_space(scratch, context.sizes.disk_for_forecasts(demand.series * horizon))
        for done in forecast_chunks(demand, model.folder, context.workers, scratch):
            context.output.put(scratch / done.file.name, draft.keys.forecasts + done.file.name)
            files.append(done.file)
            total += done.total
            advance(len(files) / len(demand.chunks))
    core_seconds = context.progress.seconds["predict"] * cores
    return Forecasts(
        files=files,
        total=total,
        inference=InferenceThroughput.of(demand.series, core_seconds, instances=1, cores=cores),
    )


def _store_model(model: TrainedModel, context: RunContext) -> None:
    """Store a new model in the run's model prefix, for later runs and the fleet."""
    request = context.request
    if request.model is None:
        copies = model.folder.with_name("kept")
        shutil.copytree(model.folder, copies)
        for file in sorted(copies.iterdir()):
            context.output.put(file, request.keys.models + file.name)
