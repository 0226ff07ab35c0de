"""One run: demand in, forecasts out, in one process and always forward."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from job_code.backtest import Backtest, backtest
from job_code.checks import check_calendar
from job_code.config import ForecastConfig
from job_code.covariate_files import SpilledCovariates, bytes_in_shards, spill_covariates
from job_code.data_quality import describe_input, failed_report, sound_report
from job_code.disk import explain_full_disk, require_space
from job_code.errors import InputError
from job_code.findings import Findings, plural
from job_code.forecast_files import ForecastFile
from job_code.forecaster import Forecaster
from job_code.manifest import make_manifest
from job_code.model import DirectModel
from job_code.output import Output
from job_code.panel import Floats
from job_code.piece_forecast import forecast_pieces
from job_code.preparation import PreparedDemand, prepare
from job_code.progress import Advance, Progress
from job_code.provenance import input_fingerprint
from job_code.published_run import Comparison, PublishedRun
from job_code.regimes import Regime, Resources
from job_code.report import ReportInput, render
from job_code.run_request import RunRequest, file_name
from job_code.sample import Sample
from job_code.sharding import shard_demand
from job_code.shared_covariates import store_covariates
from job_code.sizes import Sizes
from job_code.static_columns import StaticShards, shard_static
from job_code.workers import Workers, available_cores


def run(
    request: RunRequest, output: Output, *, progress: Progress, folder: Path, sizes: Sizes | None = None
) -> dict[str, Any]:
    """Reads, checks, fits, backtests, predicts and writes.

    Args:
        request: What to run.
        output: Where the run's files go.
        progress: Told how far it is.
        folder: Where files are made before they are put; the caller removes it.
        sizes: How large the pieces of the work are; they change no forecast.

    Returns:
        The manifest, which is also the last file written.

    Raises:
        InputError: If the input cannot be forecast; the data-quality report says why, in full.
        JobError: If the disk has no room for the run, or a process of the run was killed.
    """
    sizes = sizes or Sizes.for_cores(available_cores())
    try:
        with explain_full_disk(), Workers(sizes.workers) as workers:
            demand, quality = _read(request, workers, sizes, progress, folder)
            sample, tested, forecaster = _learn(demand, request.config, progress)
            files, total = _predict(request, demand, forecaster, workers, sizes, output, progress, folder)
    except InputError as error:
        refuse(error, output, partition=request.partition, run_id=request.run_id, folder=folder)
        raise
    manifest = make_manifest(request, demand, sample, tested, files, total, quality)
    with progress.stage("report"):
        manifest["input"] = input_fingerprint(request.inputs)
        manifest["seconds"] = progress.seconds
        page = folder / "report.html"
        compared = _compared(request.published, demand, total, progress)
        manifest["compared_with"] = compared.to_dict() if compared else None
        report = ReportInput(demand, sample, tested, forecaster, total, manifest, quality, compared)
        page.write_text(render(report), encoding="utf-8")
        output.put(page, request.name("reports", page.name))
    _put_json(sound_report(quality), request.name("reports", "data_quality.json"), output, folder)
    _put_json(manifest, request.name("forecasts", "_manifest.json"), output, folder)
    output.finish()
    return manifest


def refuse(error: InputError, output: Output, *, partition: str, run_id: str, folder: Path) -> None:
    """Writes the data-quality report of a run that cannot be, with everything that is wrong."""
    name = file_name("reports", partition, run_id, "data_quality.json")
    _put_json(failed_report(error.problems), name, output, folder)
    output.finish()


def _read(
    request: RunRequest, workers: Workers, sizes: Sizes, progress: Progress, folder: Path
) -> tuple[PreparedDemand, dict[str, Any]]:
    findings, config, static, spilled = Findings(), request.config, StaticShards({}), SpilledCovariates()
    shards, pieces = folder / "shards", folder / "pieces"
    shards.mkdir()
    pieces.mkdir()
    with progress.stage("read") as advance:
        bytes_beside = bytes_in_shards(request.inputs["covariates"], config) if "covariates" in request.inputs else 0
        read = shard_demand(
            request.inputs["demand"],
            config,
            findings,
            folder=shards,
            workers=workers,
            sizes=sizes,
            advance=advance,
            bytes_beside=bytes_beside,
        )
        if "static" in request.inputs:
            static = shard_static(request.inputs["static"], read, config, findings, sizes)
        if "covariates" in request.inputs:
            spilled = spill_covariates(
                request.inputs["covariates"], read, config, findings, workers=workers, sizes=sizes
            )
    with progress.stage("check") as advance:
        calendar = check_calendar(read.days, config, findings)
        span = (calendar.cutoff - calendar.usual_span(read.days, config), calendar.cutoff + config.horizon)
        covariates = store_covariates(spilled.tables, calendar.frequency, config, span, findings, pieces, sizes)
        prepared = prepare(
            read,
            static,
            covariates,
            calendar,
            config,
            findings,
            folder=pieces,
            workers=workers,
            sizes=sizes,
            advance=advance,
        )
    quality = describe_input(read, prepared, spilled, inputs=request.inputs)
    progress.say(
        f"{plural(prepared.series, 'series')}, {plural(read.days.rows, 'row')}, {calendar.frequency.name}, "
        f"{plural(len(prepared.pieces), 'piece')}"
    )
    for name, count in quality["repairs"].items():
        if count:
            progress.say(f"  {name.replace('_', ' ')}: {count:,}")
    for name, share in quality["covariates_unknown_ahead"].items():
        if share:
            progress.say(f"  covariates: {name} is unknown for {share:.0%} of the periods to forecast")
    for column in quality["ignored_columns"]:
        progress.say(f"  not used: {column}")
    return prepared, quality


def _learn(
    demand: PreparedDemand, config: ForecastConfig, progress: Progress
) -> tuple[Sample, Backtest | None, Forecaster]:
    threads = available_cores()
    with progress.stage("sample"):
        sample = Sample.draw(demand, config.sample_rows)
    if not sample.is_everything:
        progress.say(f"learning from {plural(len(sample.panel), 'series')}, {plural(sample.rows, 'row')}")
    fits = 1 if sample.is_everything else 2
    with progress.stage("backtest") as advance:
        tested = backtest(sample, config, Resources(threads, _rounds(len(Regime) * config.trees * fits, advance)))
    with progress.stage("fit") as advance:
        resources = Resources(threads, _rounds(len(Regime) * config.trees, advance))
        model = DirectModel.fit(
            sample.panel, sample.exogenous, sample.active, config, resources, horizon=config.horizon
        )
    return sample, tested, Forecaster.of(model, tested, sample, demand, config)


def _predict(
    request: RunRequest,
    demand: PreparedDemand,
    forecaster: Forecaster,
    workers: Workers,
    sizes: Sizes,
    output: Output,
    progress: Progress,
    folder: Path,
) -> tuple[list[ForecastFile], Floats]:
    """Returns the files, and the expected demand of all series together, by step."""
    files, total = [], np.zeros(request.config.horizon)
    with progress.stage("predict") as advance:
        require_space(folder, sizes.disk_for_forecasts(demand.series * request.config.horizon))
        for done in forecast_pieces(demand, forecaster, workers, folder):
            output.put(folder / done.file.name, request.name("forecasts", done.file.name))
            files.append(done.file)
            total += done.total
            advance(len(files) / len(demand.pieces))
    return files, total


def _compared(published: Path | None, demand: PreparedDemand, total: Floats, progress: Progress) -> Comparison | None:
    """The run beside the last published one; what stands in a report of its own is no reason to fail this run."""
    if published is None:
        return None
    try:
        before = PublishedRun.read(published)
    except ValueError as error:
        progress.say(f"not compared with the last published run: {error}")
        return None
    return Comparison.of(before, demand.calendar.frequency, demand.last_period, total, demand.recent)


def _rounds(total: int, advance: Advance) -> Callable[[], None]:
    done = 0

    def one_more() -> None:
        nonlocal done
        done += 1
        advance(done / total)

    return one_more


def _put_json(content: Mapping[str, Any], name: str, output: Output, folder: Path) -> None:
    path = folder / Path(name).name
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    output.put(path, name)
