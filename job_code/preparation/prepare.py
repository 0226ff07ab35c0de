"""Checks and aligns shard by shard, over all cores, and leaves panels on disk that are ready to be forecast."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Self

import numpy as np
import polars as pl

from job_code.demand.alignment import Repairs
from job_code.demand.demand_checks import Calendar, report_problems
from job_code.demand.run_context import RunContext
from job_code.demand.sharding import ShardedDemand
from job_code.exogenous.covariate_alignment import report_covariate_problems
from job_code.exogenous.covariate_store import StoredCovariates
from job_code.exogenous.static_features import StaticEncoding
from job_code.exogenous.static_files import report_repeated
from job_code.preparation.shard_preparation import ChunkInfo, InputShards, PreparedShard, ShardTask, prepare_shard
from job_code.preparation.stratification import StratumCounts
from job_code.runtime.disk_space import require_space
from job_code.runtime.progress import Advance
from job_code.series.arrays import Floats
from job_code.series.demand_classes import DEMAND_CLASSES
from job_code.tables.validation_report import ValidationReport

COUNTED = (*DEMAND_CLASSES, "younger_than_a_season", "stopped_selling")


@dataclass(frozen=True, kw_only=True)
class PreparedDemand:
    """Demand that is known to be sound, as panels on disk.

    Attributes:
        key_types: Type of each key column.
        calendar: Frequency and cutoff.
        chunks: The panels.
        encoding: How their static columns become numbers.
        covariates: Where covariates are, of those that are used.
        unknown_ahead: Of each covariate, used or not: the share of periods to forecast for which it is unknown.
        stratum_counts: Series by sort and size.
        repairs: What was repaired.
        counts: Series by kind, and those that are young or have stopped selling.
        series_without_static: Series that the static columns say nothing of.
        recent: All demand by period, over the last two years at most, shape (periods,).
    """

    key_types: dict[str, pl.DataType]
    calendar: Calendar
    chunks: tuple[ChunkInfo, ...]
    encoding: StaticEncoding
    covariates: StoredCovariates
    unknown_ahead: dict[str, float]
    stratum_counts: StratumCounts
    repairs: Repairs
    counts: dict[str, int]
    series_without_static: int
    recent: Floats

    @classmethod
    def merge(
        cls,
        results: Sequence[PreparedShard],
        shards: InputShards,
        covariates: StoredCovariates,
        calendar: Calendar,
        *,
        seed: int,
    ) -> Self:
        """Put together what all shards came to.

        Args:
            results: One for each shard.
            shards: What they were made of.
            covariates: All covariates, whether they can be used or not.
            calendar: Frequency and cutoff.
            seed: Seed of what is hidden from the model while it learns.
        """
        chunks = tuple(chunk for result in results for chunk in result.chunks)
        counts = {name: sum(result.counts[name] for result in results) for name in COUNTED}
        selling = sum(chunk.series for chunk in chunks) - counts["stopped_selling"]
        unknown = np.sum([result.unknown_ahead for result in results], axis=0) / max(1, selling)
        unknown[covariates.past_only(shards.demand.days.last)] = 1.0
        described = [result.described for result in results]
        return cls(
            key_types=shards.demand.types,
            calendar=calendar,
            chunks=chunks,
            encoding=StaticEncoding.of(shards.static.schema, [each.categories for each in described]),
            covariates=covariates.known_ahead(unknown, seed=seed),
            unknown_ahead=dict(zip(covariates.names, unknown.mean(axis=1).tolist(), strict=True)),
            stratum_counts=StratumCounts.total(result.stratum_counts for result in results),
            repairs=reduce(add, (result.repairs for result in results)),
            counts=counts,
            series_without_static=sum(each.without for each in described),
            recent=_recent(results, chunks, calendar.cutoff),
        )

    @property
    def series(self) -> int:
        """Number of series."""
        return sum(chunk.series for chunk in self.chunks)

    @property
    def last_period(self) -> int:
        """The latest cutoff of all series."""
        return max(chunk.last_period for chunk in self.chunks)


def prepare(
    shards: InputShards,
    covariates: StoredCovariates,
    calendar: Calendar,
    context: RunContext,
    findings: ValidationReport,
    *,
    advance: Advance,
) -> PreparedDemand:
    """Check and align every shard.

    Args:
        shards: The input; its shards are deleted one by one.
        covariates: Where covariates will be.
        calendar: Frequency and cutoff.
        context: The run; the panels go into its folder for them.
        findings: What was found so far.
        advance: Called with the share that is done.

    Raises:
        InputError: With everything found, here and before.
    """
    sound = not findings.messages()
    if sound:
        _require_space(shards.demand, covariates, calendar, context)
    tasks = [
        ShardTask(
            shards=shards,
            shard=shard,
            calendar=calendar,
            config=context.config,
            covariates=covariates,
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
    _report(results, calendar, findings)
    findings.raise_if_any()
    return PreparedDemand.merge(results, shards, covariates, calendar, seed=context.config.seed)


def _require_space(
    demand: ShardedDemand, covariates: StoredCovariates, calendar: Calendar, context: RunContext
) -> None:
    """Make sure that the disk has room for the panels, and for the covariates beside them."""
    values = demand.series * calendar.usual_span(demand.days, context.config)
    ahead = demand.series * context.config.horizon
    beside = context.sizes.disk_for_covariates(values + ahead, covariates.columns_of_series)
    require_space(context.chunks, context.sizes.disk_for_panels(values, demand.days.rows) + beside)


def _report(results: Sequence[PreparedShard], calendar: Calendar, findings: ValidationReport) -> None:
    """Take note of all that is wrong with the rows of all shards."""
    report_problems([result.problems for result in results if result.problems], calendar.frequency, findings)
    report_repeated([result.described for result in results], findings)
    wrong = reduce(add, (result.covariate_problems for result in results))
    report_covariate_problems(wrong, calendar.frequency, findings)


def _recent(results: Sequence[PreparedShard], chunks: Sequence[ChunkInfo], cutoff: int) -> Floats:
    """Add up the demand of all series by period, from the first period of any to the last."""
    recent: Floats = np.sum([result.recent for result in results], axis=0)
    last, first = max(chunk.last_period for chunk in chunks), min(chunk.first_period for chunk in chunks)
    recent = recent[: max(1, len(recent) - (cutoff - last))]  # by `cutoff_rule`, all may end before the cutoff
    return recent[len(recent) - min(last - first + 1, len(recent)) :]
