"""One run: demand in, forecasts out, in one process and always forward."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from contract.s3.keys import RunKeys
from job_code.artifacts.draft_run import Draft, Forecasts, Inference
from job_code.artifacts.finalize_run import finish
from job_code.artifacts.input_fingerprint import input_fingerprint
from job_code.artifacts.manifest import draft_manifest
from job_code.demand.run_context import RunContext
from job_code.demand.work_sizes import WorkSizes
from job_code.errors import InputError
from job_code.fleet.upload_handover import hand_over
from job_code.forecasting.forecast_chunk import forecast_chunks
from job_code.preparation.data_quality import failed_report
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.read_input import read_input
from job_code.run_request import RunRequest
from job_code.runtime.disk_space import explain_full_disk, require_space
from job_code.runtime.output_store import Output, put_json
from job_code.runtime.process_pool import Workers
from job_code.runtime.progress import Progress
from job_code.training.train import reuse_model, train
from job_code.training.trained_model import TrainedModel


def run(
    request: RunRequest,
    output: Output,
    *,
    workers: Workers,
    progress: Progress,
    folder: Path,
    sizes: WorkSizes | None = None,
) -> Mapping[str, Any]:
    """Read, check, fit, backtest, predict and write.

    Or predicts with the model of an earlier run; or leaves it to a fleet to predict.

    Args:
        request: What to run.
        output: Where the run's files go.
        workers: The processes to spread the work over; they end before the run's last stage.
        progress: Shows how far it is.
        folder: Where files are made before they are put; the caller removes it.
        sizes: How large the chunks of the work are; they change no forecast.

    Returns:
        The manifest, which is also the last file written; what there is of it, where a fleet goes on.

    Raises:
        InputError: If the input cannot be forecast; the data-quality report says why, in full.
        JobError: If the disk has no room for the run, a process of the run was killed, or the model cannot be used.
    """
    try:
        with explain_full_disk(), workers:
            context = RunContext(
                request=request,
                workers=workers,
                sizes=sizes or WorkSizes(),
                progress=progress,
                scratch=folder,
                output=output,
            )
            demand, model, draft = _prepare(context)
            _keep(model, context)
            if request.min_chunks is not None:
                hand_over(draft, demand, model, context)
                output.finish()
                return draft.manifest
            forecasts = _predict(draft, demand, model, context)
    except InputError as error:
        refuse(error, output, partition=request.partition, run_id=request.run_id, folder=folder)
        raise
    return finish(draft, forecasts, published=request.published, output=output, progress=progress, folder=folder)


def refuse(error: InputError, output: Output, *, partition: str, run_id: str, folder: Path) -> None:
    """Writes the data-quality report of a run that cannot be, with everything that is wrong."""
    keys = RunKeys(partition=partition, run_id=run_id)
    put_json(failed_report(error.problems), keys.data_quality, output, folder)
    output.finish()


def _prepare(context: RunContext) -> tuple[PreparedDemand, TrainedModel, Draft]:
    """Do all that comes before the forecasts."""
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
    return demand, model, Draft(manifest, charts, {})


def _predict(draft: Draft, demand: PreparedDemand, model: TrainedModel, context: RunContext) -> Forecasts:
    """Forecast all series, and put each file in its place as soon as it is made."""
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
        inference=Inference.of(demand.series, core_seconds, instances=1, cores=cores),
    )


def _keep(model: TrainedModel, context: RunContext) -> None:
    """Put a model that was trained just now where later runs, and the fleet, find it."""
    request = context.request
    if request.model is None:
        copies = model.folder.with_name("kept")
        shutil.copytree(model.folder, copies)
        for file in sorted(copies.iterdir()):
            context.output.put(file, request.keys.models + file.name)
