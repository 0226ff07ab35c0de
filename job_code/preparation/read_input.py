"""The first half of a run: demand is read, checked, aligned and described, and all that is wrong is told at once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from job_code.demand.demand_checks import check_calendar
from job_code.demand.sharding import shard_demand
from job_code.demand.work_sizes import Sizes
from job_code.exogenous.covariate_files import SpilledCovariates, bytes_in_shards, spill_covariates
from job_code.exogenous.fitted_encodings import FittedEncodings
from job_code.exogenous.shared_covariates import store_covariates
from job_code.exogenous.static_files import StaticShards, shard_static
from job_code.preparation.data_quality import describe_input
from job_code.preparation.prepare import PreparedDemand, prepare
from job_code.preparation.shard_preparation import InputShards
from job_code.run_request import RunRequest
from job_code.runtime.process_pool import Workers
from job_code.runtime.progress import Progress
from job_code.tables.validation_report import Findings, plural


def read_input(
    request: RunRequest,
    workers: Workers,
    sizes: Sizes,
    progress: Progress,
    folder: Path,
    *,
    known: FittedEncodings | None = None,
) -> tuple[PreparedDemand, dict[str, Any]]:
    """Reads, checks and aligns.

    Args:
        request: What to run.
        workers: Do the work.
        sizes: How large the pieces are.
        progress: Told how far it is.
        folder: Where they go.
        known: The encodings of a model that was trained before; the columns are then those that it knows.

    Returns:
        The demand, and counts of what was read, repaired and found.

    Raises:
        InputError: With everything that is wrong.
    """
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
        if known is not None:
            spilled = known.covariates.translated(spilled)
        covariates = store_covariates(
            spilled.tables,
            calendar.frequency,
            config,
            span,
            findings,
            pieces,
            sizes,
            known=known.covariates.categories if known is not None else None,
        )
        if known is not None:
            encoding, fitted = known.static.fit(static.schema, findings), known.covariates.fit(covariates, findings)
        if request.objects is not None:
            sizes = sizes.for_fleet(read.series * calendar.usual_span(read.days, config), request.objects)
        prepared = prepare(
            InputShards(demand=read, static=static, covariates=spilled),
            covariates,
            calendar,
            config,
            findings,
            folder=pieces,
            workers=workers,
            sizes=sizes,
            advance=advance,
        )
        if known is not None:
            prepared = replace(prepared, encoding=encoding, covariates=fitted)
    quality = describe_input(read, prepared, spilled, inputs=request.inputs)
    _say(prepared, quality, progress)
    return prepared, quality


def _say(demand: PreparedDemand, quality: dict[str, Any], progress: Progress) -> None:
    rows = quality["input"]["demand_rows"]
    progress.say(
        f"{plural(demand.series, 'series')}, {plural(rows, 'row')}, {demand.calendar.frequency.name}, "
        f"{plural(len(demand.pieces), 'piece')}"
    )
    for name, count in quality["repairs"].items():
        if count:
            progress.say(f"  {name.replace('_', ' ')}: {count:,}")
    for name, share in quality["covariates_unknown_ahead"].items():
        if share:
            progress.say(f"  covariates: {name} is unknown for {share:.0%} of the periods to forecast")
    for column in quality["ignored_columns"]:
        progress.say(f"  not used: {column}")
