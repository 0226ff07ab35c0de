"""Checks and aligns shard by shard, over all cores, and leaves panels on disk that are ready to be forecast."""

from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import polars as pl

from job_code.config import ForecastConfig
from job_code.demand.alignment import Repairs
from job_code.demand.demand_checks import Calendar, report_problems
from job_code.demand.work_sizes import Sizes
from job_code.exogenous.covariate_alignment import report_covariate_problems
from job_code.exogenous.covariate_store import StoredCovariates
from job_code.exogenous.static_features import StaticEncoding
from job_code.exogenous.static_files import report_repeated
from job_code.preparation.shard_preparation import InputShards, PieceInfo, PreparedShard, ShardTask, prepare_shard
from job_code.preparation.stratification import Census
from job_code.runtime.disk_space import require_space
from job_code.runtime.process_pool import Workers
from job_code.runtime.progress import Advance
from job_code.series.arrays import Floats
from job_code.series.demand_classes import KINDS
from job_code.tables.validation_report import Findings

COUNTED = (*KINDS, "younger_than_a_season", "stopped_selling")


@dataclass(frozen=True, kw_only=True)
class PreparedDemand:
    """Demand that is known to be sound, as panels on disk.

    Attributes:
        key_types: Type of each key column.
        calendar: Frequency and cutoff.
        pieces: The panels.
        encoding: How their static columns become numbers.
        covariates: Where covariates are, of those that are used.
        unknown_ahead: Of each covariate, used or not: the share of periods to forecast for which it is unknown.
        census: Series by sort and size.
        repairs: What was repaired.
        counts: Series by kind, and those that are young or have stopped selling.
        series_without_static: Series that the static columns say nothing of.
        recent: All demand by period, over the last two years at most, shape (periods,).
    """

    key_types: dict[str, pl.DataType]
    calendar: Calendar
    pieces: tuple[PieceInfo, ...]
    encoding: StaticEncoding
    covariates: StoredCovariates
    unknown_ahead: dict[str, float]
    census: Census
    repairs: Repairs
    counts: dict[str, int]
    series_without_static: int
    recent: Floats

    @property
    def series(self) -> int:
        """Number of series."""
        return sum(piece.series for piece in self.pieces)

    @property
    def last_period(self) -> int:
        """The latest cutoff of all series."""
        return max(piece.last_period for piece in self.pieces)


def prepare(
    shards: InputShards,
    covariates: StoredCovariates,
    calendar: Calendar,
    config: ForecastConfig,
    findings: Findings,
    *,
    folder: Path,
    workers: Workers,
    sizes: Sizes,
    advance: Advance,
) -> PreparedDemand:
    """Checks and aligns every shard.

    Args:
        shards: The input; its shards are deleted one by one.
        covariates: Where covariates will be.
        calendar: Frequency and cutoff.
        config: Rules for what can be repaired.
        findings: What was found so far.
        folder: Where the panels go; it must exist.
        workers: Do the work.
        sizes: How large the panels are.
        advance: Told the share that is done.

    Raises:
        InputError: With everything found, here and before.
    """
    demand, static = shards.demand, shards.static
    sound = not findings.messages()
    if sound:
        values = demand.series * calendar.usual_span(demand.days, config)
        ahead = demand.series * config.horizon
        told = sizes.disk_for_covariates(values + ahead, covariates.columns_of_series)
        require_space(folder, sizes.disk_for_panels(values, demand.days.rows) + told)
    tasks = [
        ShardTask(
            shards=shards,
            shard=shard,
            calendar=calendar,
            config=config,
            covariates=covariates,
            sound=sound,
            folder=folder,
            sizes=sizes,
        )
        for shard in range(demand.shards)
    ]
    results: list[PreparedShard] = []
    for result in workers.map(prepare_shard, tasks):
        results.append(result)
        advance(len(results) / len(tasks))
    report_problems([result.problems for result in results if result.problems], calendar.frequency, findings)
    report_repeated([result.described for result in results], findings)
    wrong = reduce(add, (result.covariate_problems for result in results))
    report_covariate_problems(wrong, calendar.frequency, findings)
    findings.raise_if_any()
    pieces = tuple(piece for result in results for piece in result.pieces)
    last = max(piece.last_period for piece in pieces)
    selling = sum(piece.series for piece in pieces) - sum(result.counts["stopped_selling"] for result in results)
    unknown = np.sum([result.unknown_ahead for result in results], axis=0) / max(1, selling)
    unknown[covariates.past_only(demand.days.last)] = 1.0
    recent: Floats = np.sum([result.recent for result in results], axis=0)
    recent = recent[: max(1, len(recent) - (calendar.cutoff - last))]  # by `cutoff_rule`, all may end before the cutoff
    shown = min(last - min(piece.first_period for piece in pieces) + 1, len(recent))
    return PreparedDemand(
        key_types=demand.types,
        calendar=calendar,
        pieces=pieces,
        encoding=StaticEncoding.of(static.schema, [result.described.categories for result in results]),
        covariates=covariates.known_ahead(unknown, seed=config.seed),
        unknown_ahead=dict(zip(covariates.names, unknown.mean(axis=1).tolist(), strict=True)),
        census=Census.total(result.census for result in results),
        repairs=reduce(add, (result.repairs for result in results)),
        counts={name: sum(result.counts[name] for result in results) for name in COUNTED},
        series_without_static=sum(result.described.without for result in results),
        recent=recent[len(recent) - shown :],
    )
