"""One run: demand in, forecasts out, in one process and always forward."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from contract.keys import RunKeys
from job_code.artifacts.draft_run import Draft, Inference
from job_code.artifacts.finalize_run import finish
from job_code.artifacts.input_fingerprint import input_fingerprint
from job_code.artifacts.manifest import draft_manifest
from job_code.demand.work_sizes import Sizes
from job_code.errors import InputError
from job_code.fleet.upload_handover import hand_over
from job_code.forecasting.forecast_chunk import forecast_pieces
from job_code.forecasting.forecast_files import ForecastFile
from job_code.preparation.data_quality import failed_report
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.read_input import read_input
from job_code.run_request import RunRequest
from job_code.runtime.disk_space import explain_full_disk, require_space
from job_code.runtime.output_store import Output, put_json
from job_code.runtime.process_pool import Workers, available_cores
from job_code.runtime.progress import Progress
from job_code.series.arrays import Floats
from job_code.training.train import take_over, train
from job_code.training.trained_model import TrainedModel


def run(
    request: RunRequest, output: Output, *, progress: Progress, folder: Path, sizes: Sizes | None = None
) -> dict[str, Any]:
    """Reads, checks, fits, backtests, predicts and writes.

    Or predicts with the model of an earlier run; or leaves it to a fleet to predict.

    Args:
        request: What to run.
        output: Where the run's files go.
        progress: Told how far it is.
        folder: Where files are made before they are put; the caller removes it.
        sizes: How large the pieces of the work are; they change no forecast.

    Returns:
        The manifest, which is also the last file written; what there is of it, where a fleet goes on.

    Raises:
        InputError: If the input cannot be forecast; the data-quality report says why, in full.
        JobError: If the disk has no room for the run, a process of the run was killed, or the model cannot be used.
    """
    sizes = sizes or Sizes.for_cores(available_cores())
    try:
        with explain_full_disk(), Workers(sizes.workers) as workers:
            demand, model, draft = _prepare(request, workers, sizes, progress, folder)
            _keep(model, request, output)
            if request.objects is not None:
                hand_over(draft, demand, model, request.published, output=output, progress=progress, folder=folder)
                output.finish()
                return dict(draft.manifest)
            files, total = _predict(draft, demand, model, workers, sizes, output, progress, folder)
    except InputError as error:
        refuse(error, output, partition=request.partition, run_id=request.run_id, folder=folder)
        raise
    seconds = progress.seconds["predict"]
    return finish(
        draft,
        files,
        total,
        inference=Inference.of(demand.series, seconds * sizes.workers, instances=1, cores=sizes.workers),
        published=request.published,
        output=output,
        progress=progress,
        folder=folder,
    )


def refuse(error: InputError, output: Output, *, partition: str, run_id: str, folder: Path) -> None:
    """Writes the data-quality report of a run that cannot be, with everything that is wrong."""
    keys = RunKeys(partition=partition, run_id=run_id)
    put_json(failed_report(error.problems), keys.data_quality, output, folder)
    output.finish()


def _prepare(
    request: RunRequest, workers: Workers, sizes: Sizes, progress: Progress, folder: Path
) -> tuple[PreparedDemand, TrainedModel, Draft]:
    """All that comes before the forecasts."""
    if request.model is None:
        demand, quality = read_input(request, workers, sizes, progress, folder)
        model, charts = train(request, demand, progress, folder / "model")
    else:
        model = TrainedModel.load(request.model, request.config, sha256=request.model_sha256)
        request = replace(request, config=model.forecaster.config)
        demand, quality = read_input(request, workers, sizes, progress, folder, known=model.forecaster.encodings)
        charts = take_over(model, demand, progress)
    manifest = draft_manifest(request, demand, model, quality)
    with progress.stage("fingerprint"):
        manifest["input"] = input_fingerprint(request.inputs)
    return demand, model, Draft(manifest, charts, {})


def _predict(
    draft: Draft,
    demand: PreparedDemand,
    model: TrainedModel,
    workers: Workers,
    sizes: Sizes,
    output: Output,
    progress: Progress,
    folder: Path,
) -> tuple[list[ForecastFile], Floats]:
    """Returns the files, and the expected demand of all series together, by step."""
    horizon = model.forecaster.config.horizon
    files, total = [], np.zeros(horizon)
    with progress.stage("predict") as advance:
        require_space(folder, sizes.disk_for_forecasts(demand.series * horizon))
        for done in forecast_pieces(demand, model.folder, workers, folder):
            output.put(folder / done.file.name, draft.keys.forecasts + done.file.name)
            files.append(done.file)
            total += done.total
            advance(len(files) / len(demand.pieces))
    return files, total


def _keep(model: TrainedModel, request: RunRequest, output: Output) -> None:
    """Puts a model that was trained just now where later runs, and the fleet, find it."""
    if request.model is None:
        copies = model.folder.with_name("kept")
        shutil.copytree(model.folder, copies)
        for file in sorted(copies.iterdir()):
            output.put(file, request.keys.models + file.name)
