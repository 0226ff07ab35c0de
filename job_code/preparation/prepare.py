"""Check and align all shards on all cores, and write panels that are ready to forecast."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import compress
from operator import add
from typing import Self

import numpy as np
import polars as pl

from job_code.demand.alignment import Repairs
from job_code.demand.demand_checks import Calendar
from job_code.demand.demand_problems import report_problems
from job_code.demand.moment_counts import MomentCounts
from job_code.demand.run_context import RunContext
from job_code.demand.sharding import ShardedDemand
from job_code.exogenous.covariate_store import StoredCovariates
from job_code.exogenous.static_features import StaticEncoding
from job_code.exogenous_files.covariate_counts import TableCounts, Window
from job_code.exogenous_files.covariate_problem_report import report_covariate_problems
from job_code.exogenous_files.static_files import report_static
from job_code.plausibility.last_rows import LastRows
from job_code.plausibility.period_rows import PeriodRows
from job_code.plausibility.repeated_rows import RepeatedRows
from job_code.plausibility.series_ends import SeriesEnds, check_renamed_keys, check_stray_rows
from job_code.preparation.shard_preparation import ChunkInfo, InputShards, PreparedShard, ShardTask, prepare_shard
from job_code.preparation.similar_keys import report_similar_keys
from job_code.preparation.stratification import StratumCounts
from job_code.runtime.disk_space import require_space
from job_code.runtime.progress import Advance
from job_code.series.arrays import Floats
from job_code.series.demand_classes import DEMAND_CLASSES
from job_code.tables.validation_report import ValidationReport

COUNTED = (*DEMAND_CLASSES, "younger_than_a_season", "discontinued")


@dataclass(frozen=True, kw_only=True)
class PreparedDemand:
    """Valid demand as panels on disk.

    Attributes:
        key_types: Type of each key column.
        calendar: Frequency and cutoff.
        chunks: The panels.
        encoding: Encoding of the static columns.
        covariates: Location and schema of the covariates.
        missing_in_horizon: Missing share of the periods to forecast, for each covariate, used or not.
        stratum_counts: Number of series by life stage and mean demand.
        repairs: Counts of repairs.
        counts: Number of series by demand class, younger than a season, and discontinued.
        series_without_static: Number of series without a static row.
        recent: Total demand by period, over the last two years at most, shape (periods,).
        covariate_counts: Counts of the rows of each covariate table from files, by its number.
        past_only: Covariates that end with the demand.
    """

    key_types: dict[str, pl.DataType]
    calendar: Calendar
    chunks: tuple[ChunkInfo, ...]
    encoding: StaticEncoding
    covariates: StoredCovariates
    missing_in_horizon: dict[str, float]
    stratum_counts: StratumCounts
    repairs: Repairs
    counts: dict[str, int]
    series_without_static: int
    recent: Floats
    covariate_counts: dict[int, TableCounts]
    past_only: tuple[str, ...]

    @classmethod
    def merge(
        cls,
        results: Sequence[PreparedShard],
        shards: InputShards,
        covariates: StoredCovariates,
        calendar: Calendar,
        *,
        window: Window,
        seed: int,
    ) -> Self:
        """Merge the results of all shards.

        Args:
            results: One result per shard.
            shards: The input.
            covariates: All covariates, also those that will be dropped.
            calendar: Frequency and cutoff.
            window: The periods around the end of the demand.
            seed: Seed of the covariate mask.
        """
        chunks = tuple(chunk for result in results for chunk in result.chunks)
        counts = {name: sum(result.counts[name] for result in results) for name in COUNTED}
        selling = sum(chunk.series for chunk in chunks) - counts["discontinued"]
        missing = np.sum([result.missing_in_horizon for result in results], axis=0) / max(1, selling)
        of_tables = _covariate_counts(results, shards, covariates)
        past_only = covariates.is_past_only(window.last, calendar.frequency, of_tables)
        missing[past_only] = 1.0
        static_rows = [result.static_rows for result in results]
        return cls(
            key_types=shards.demand.types,
            calendar=calendar,
            chunks=chunks,
            encoding=StaticEncoding.of(shards.static.schema, [each.categories for each in static_rows]),
            covariates=covariates.drop_mostly_missing(missing, seed=seed),
            missing_in_horizon=dict(zip(covariates.names, missing.mean(axis=1).tolist(), strict=True)),
            stratum_counts=StratumCounts.total(result.stratum_counts for result in results),
            repairs=reduce(add, (result.repairs for result in results)),
            counts=counts,
            series_without_static=sum(each.matches.without for each in static_rows),
            recent=_recent(results, chunks, calendar.cutoff),
            covariate_counts=of_tables,
            past_only=tuple(compress(covariates.names, past_only)),
        )

    @property
    def series(self) -> int:
        """Number of series."""
        return sum(chunk.series for chunk in self.chunks)

    @property
    def last_period(self) -> int:
        """Number of the latest cutoff of all series."""
        return max(chunk.last_period for chunk in self.chunks)


def prepare(
    shards: InputShards,
    covariates: StoredCovariates,
    calendar: Calendar,
    context: RunContext,
    findings: ValidationReport,
    *,
    window: Window,
    advance: Advance,
) -> PreparedDemand:
    """Check and align every shard.

    Args:
        shards: The input. Each shard is deleted after use.
        covariates: Location and schema of the covariates.
        calendar: Frequency and cutoff.
        context: The run. The panels go to its `chunks` folder.
        findings: The findings so far.
        window: The periods around the end of the demand.
        advance: Called with the completed share.

    Raises:
        InputError: With all findings, earlier ones included.
        OutOfDiskError: If the disk is too small for the panels and covariates.
    """
    sound = not findings.messages()
    if sound:
        _require_space(shards.demand, covariates, calendar, context)
    # The counts of the demand and the files may be large, and every task would carry them to a worker.
    demand = replace(shards.demand, moments=MomentCounts.none())
    for_workers = replace(shards, demand=demand, covariates=replace(shards.covariates, files={}))
    tasks = [
        ShardTask(
            shards=for_workers,
            shard=shard,
            calendar=calendar,
            config=context.config,
            covariates=covariates,
            window=window,
            sound=sound,
            folder=context.chunks,
            sizes=context.sizes,
        )
        for shard in range(shards.demand.shards)
    ]
    results: list[PreparedShard] = []
    for result in context.workers.map(prepare_shard, tasks):
        results.append(result)
        advance(len(results) / len(tasks))
    _report(results, shards, calendar, findings)
    ends = SeriesEnds.total(result.ends for result in results)
    if context.config.cutoff is None and context.config.cutoff_rule == "common":
        rows = PeriodRows.of(shards.demand.moments, calendar.frequency).until(calendar.cutoff)
        check_stray_rows(ends, rows, calendar, findings)
    last_rows = [result.last_rows for result in results if result.last_rows is not None]
    if last_rows:
        LastRows.total(last_rows).report(calendar, findings)
    repeated = [result.repeated for result in results if result.repeated is not None]
    if repeated:
        RepeatedRows.total(repeated).report(findings)
    findings.raise_if_any()
    if not report_similar_keys([chunk.folder for result in results for chunk in result.chunks], findings):
        check_renamed_keys(ends, calendar, findings)
    return PreparedDemand.merge(results, shards, covariates, calendar, window=window, seed=context.config.seed)


def _require_space(
    demand: ShardedDemand, covariates: StoredCovariates, calendar: Calendar, context: RunContext
) -> None:
    """Check that the disk has enough space for the panels and the per-series covariates."""
    values = demand.series * calendar.usual_span(demand.moments, context.config)
    ahead = demand.series * context.config.horizon
    for_covariates = context.sizes.disk_for_covariates(values + ahead, covariates.columns_of_series)
    require_space(context.chunks, context.sizes.disk_for_panels(values, demand.moments.rows) + for_covariates)


def _report(
    results: Sequence[PreparedShard], shards: InputShards, calendar: Calendar, findings: ValidationReport
) -> None:
    """Report the invalid rows of all shards, and rows of other tables without a series."""
    for result in results:
        findings.merge(result.findings)
    problems = [result.problems for result in results if result.problems]
    report_problems(problems, calendar.frequency, findings, is_combined=calendar.rule is not None)
    report_static(shards.static, [result.static_rows for result in results], calendar, findings)
    for table in shards.covariates.tables:
        number = table.columns.number
        matches = [result.covariate_matches.get(number) for result in results]
        table.report_matches([each for each in matches if each is not None], findings)
    wrong = reduce(add, (result.covariate_problems for result in results))
    report_covariate_problems(wrong, shards.covariates, calendar.frequency, findings)


def _covariate_counts(
    results: Sequence[PreparedShard], shards: InputShards, covariates: StoredCovariates
) -> dict[int, TableCounts]:
    """Return the counts of each covariate table, over all shards."""
    totals = {table.columns.number: TableCounts.none(len(table.schema.names)) for table in shards.covariates.tables}
    for counts in (covariates.counts, *(result.covariate_counts for result in results)):
        for number, own in counts.items():
            totals[number] += own
    return totals


def _recent(results: Sequence[PreparedShard], chunks: Sequence[ChunkInfo], cutoff: int) -> Floats:
    """Return the total demand by period, from the first period of any series to the last."""
    recent: Floats = np.sum([result.recent for result in results], axis=0)
    last, first = max(chunk.last_period for chunk in chunks), min(chunk.first_period for chunk in chunks)
    recent = recent[: max(1, len(recent) - (cutoff - last))]  # with `cutoff_rule` series, all may end before the cutoff
    return recent[len(recent) - min(last - first + 1, len(recent)) :]
