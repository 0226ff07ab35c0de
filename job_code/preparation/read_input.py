"""The first half of a run: read, check and align the input, and report all its problems together."""

from dataclasses import replace
from typing import Any

from job_code.demand.demand_checks import check_calendar
from job_code.demand.run_context import RunContext
from job_code.demand.sharding import shard_demand
from job_code.exogenous.fitted_encodings import FittedEncodings
from job_code.exogenous.shared_covariates import store_covariates
from job_code.exogenous.static_features import report_unknown_categories
from job_code.exogenous_files.covariate_counts import Window
from job_code.exogenous_files.covariate_files import bytes_in_shards, shuffle_covariates
from job_code.exogenous_files.covariate_rules import resolve_rules
from job_code.exogenous_files.shuffled_covariates import ShuffledCovariates
from job_code.exogenous_files.static_files import StaticShards, shard_static
from job_code.plausibility.date_checks import check_dates
from job_code.plausibility.first_periods import with_common_begin
from job_code.plausibility.last_totals import check_last_totals
from job_code.preparation.covariate_calendars import report_calendars
from job_code.preparation.data_quality import describe_input
from job_code.preparation.prepare import PreparedDemand, prepare
from job_code.preparation.shard_preparation import InputShards
from job_code.runtime.progress import Advance, Progress
from job_code.tables.validation_report import ValidationReport, plural
from job_code.times.zone_use import report_zones

LOGGED_COLUMNS = 10


def read_input(context: RunContext, *, known: FittedEncodings | None = None) -> tuple[PreparedDemand, dict[str, Any]]:
    """Read, check and align the input of a run.

    Args:
        context: The run.
        known: Encodings of a trained model; the run then uses only the columns of the model. None to train one.

    Returns:
        The prepared demand, and the counts of the data-quality report.

    Raises:
        InputError: With all problems of the input.
        OutOfDiskError: If the disk is too small.
    """
    findings = ValidationReport()
    context.make_folders()
    with context.progress.stage("read") as advance:
        shards = _read(context, findings, advance, known)
    with context.progress.stage("check") as advance:
        prepared = _check(shards, context, findings, advance, known)
    if prepared.calendar.rule is not None:
        _note_aggregation(shards.demand.moments.rows, prepared, findings)
    rules = any(table.schema.rules for table in prepared.covariates.tables)
    if prepared.calendar.rule is not None or rules or shards.static.is_dated:
        _note_days(prepared, findings)
    report_calendars(prepared, context.config, findings)
    if context.config.cutoff_rule == "common":  # with cutoffs of their own, fewer series have the last periods
        calendar = prepared.calendar
        check_last_totals(prepared.recent, calendar.frequency, calendar.cutoff, findings)
    quality = describe_input(shards.demand, prepared, shards.covariates, findings, inputs=context.request.inputs)
    _log_summary(prepared, quality, context.progress)
    return prepared, quality


def _read(
    context: RunContext, findings: ValidationReport, advance: Advance, known: FittedEncodings | None
) -> InputShards:
    """Read all input into shards, the demand first. The text columns of a trained model stay text."""
    inputs, static, covariates = context.request.inputs, StaticShards({}), ShuffledCovariates()
    extra = bytes_in_shards(inputs["covariates"], context.config) if "covariates" in inputs else 0
    demand = shard_demand(inputs["demand"], context, findings, advance=advance, extra_bytes=extra)
    if "static" in inputs:
        texts = known.static.categories if known is not None else ()
        static = shard_static(inputs["static"], demand, context, findings, texts=texts)
    if "covariates" in inputs:
        texts = known.covariates.categories if known is not None else ()
        covariates = shuffle_covariates(inputs["covariates"], demand, context, findings, texts=texts)
    else:
        unused = [name for name in ("covariate_rules", "covariate_defaults") if getattr(context.config, name)]
        for setting in unused:
            findings.add_message(
                f"{setting}: the run has no covariates, so it does nothing. Upload covariates, or remove it",
                level="note",
            )
    return InputShards(demand=demand, static=static, covariates=covariates)


def _check(
    shards: InputShards,
    context: RunContext,
    findings: ValidationReport,
    advance: Advance,
    known: FittedEncodings | None,
) -> PreparedDemand:
    """Set the calendar, then check and align all shards."""
    demand, config = shards.demand, context.config
    calendar = with_common_begin(check_calendar(demand.moments, config, findings), demand.moments, config)
    check_dates(demand.moments, calendar, config, findings, today=context.request.today)
    if config.time_zone is None:
        uses = {"demand": demand.zones, "covariates": shards.covariates.zones, "static": shards.static.zones}
        report_zones(uses, findings, is_sub_daily=calendar.frequency.calendar.is_sub_daily)
    usual = calendar.usual_span(demand.moments, config)
    span = (calendar.cutoff - usual, calendar.cutoff + config.horizon)
    if known is not None:
        for table in shards.covariates.tables:
            found = table.schema.categorical
            report_unknown_categories(found, known.covariates.categories, findings, source="covariates")
        shards = replace(shards, covariates=known.covariates.apply_schema(shards.covariates))
    shards = replace(shards, covariates=resolve_rules(shards.covariates, calendar.frequency, config, findings))
    observed = calendar.frequency.periods(demand.moments.observed[-1:])
    last = int(observed[0]) if len(observed) else calendar.cutoff
    window = Window(cutoff=calendar.cutoff, last=last, horizon=config.horizon)
    covariates = store_covariates(
        shards.covariates,
        calendar.frequency,
        span,
        window,
        context,
        findings,
        known=known.covariates.categories if known is not None else None,
    )
    if known is not None:
        encoding = known.static.check_compatible(shards.static.schema, findings)
        fitted = known.covariates.check_compatible(covariates, findings)
    if context.request.min_chunks is not None:
        context = replace(context, sizes=context.sizes.for_fleet(demand.series * usual, context.request.min_chunks))
    prepared = prepare(shards, covariates, calendar, context, findings, window=window, advance=advance)
    if known is None:
        return prepared
    found = prepared.encoding.categories
    report_unknown_categories(found, known.static.categories, findings, source="static")
    return replace(prepared, encoding=encoding, covariates=fitted)


def _note_days(demand: PreparedDemand, findings: ValidationReport) -> None:
    """Note the days of a period, if its label may be its last day. Rows of other days belong to it."""
    frequency, period = demand.calendar.frequency, demand.calendar.cutoff
    if frequency.may_be_dated_by_end:
        findings.add_message(
            f"demand: {frequency.text_of(period)} stands for {frequency.days_text(period)}. If it is the last day of "
            f"its {frequency.unit}, set period_label=end",
            level="note",
        )


def _note_aggregation(rows: int, demand: PreparedDemand, findings: ValidationReport) -> None:
    unit = demand.calendar.frequency.unit
    findings.add_message(
        f"demand: {plural(rows, 'row')} became {plural(rows - demand.repairs.rows_combined, unit)} of series, by their "
        f"{demand.calendar.rule}. The setting is aggregate",
        level="note",
    )


def _log_summary(demand: PreparedDemand, quality: dict[str, Any], progress: Progress) -> None:
    rows = quality["input"]["demand_rows"]
    progress.log(
        f"{plural(demand.series, 'series')}, {plural(rows, 'row')}, {demand.calendar.frequency.name}, "
        f"{plural(len(demand.chunks), 'chunk')}"
    )
    for name, count in quality["repairs"].items():
        if count:
            progress.log(f"  {name.replace('_', ' ')}: {count:,}")
    for name, share in quality["covariates_missing_in_horizon"].items():
        if share:
            progress.log(f"  covariates: {name} is missing for {share:.0%} of the periods to forecast")
    ignored = quality["ignored_columns"]
    for column in ignored[:LOGGED_COLUMNS]:
        progress.log(f"  ignored: {column}")
    if len(ignored) > LOGGED_COLUMNS:
        progress.log(f"  ignored: {len(ignored) - LOGGED_COLUMNS:,} more columns; the data-quality report has all")
    for level in ("warning", "note"):
        for line in quality[f"{level}s"]:
            progress.log(f"  {level}: {line}")
