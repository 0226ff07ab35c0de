"""Check and align one shard, and write its panels. The tasks of the worker processes."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from job_code.config import ForecastConfig
from job_code.demand.aggregation import combine
from job_code.demand.alignment import Repairs, align
from job_code.demand.demand_checks import Calendar, check_raw, check_shard
from job_code.demand.demand_problems import Problems, is_sound
from job_code.demand.sharding import ShardedDemand
from job_code.demand.shuffle_files import read_shard
from job_code.demand.work_sizes import WorkSizes
from job_code.exogenous.covariate_store import StoredCovariates
from job_code.exogenous_files.covariate_counts import TableCounts, Window
from job_code.exogenous_files.covariate_problems import Problems as CovariateProblems
from job_code.exogenous_files.shuffled_covariates import ShuffledCovariates
from job_code.exogenous_files.static_files import StaticRows, StaticShards, match_static_rows
from job_code.plausibility.key_texts import check_key_texts
from job_code.plausibility.last_rows import LastRows
from job_code.plausibility.repeated_rows import ADDING, RepeatedRows
from job_code.plausibility.series_ends import SeriesEnds
from job_code.preparation.panel_chunks import PanelChunk, write_chunk
from job_code.preparation.similar_keys import write_simplified_keys
from job_code.preparation.stratification import StratumCounts, classify_life_stages
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.demand_classes import DEMAND_CLASSES, classify_demand
from job_code.series.lifecycle import is_active
from job_code.series.panel import Panel
from job_code.tables.key_matches import KeyMatches
from job_code.tables.validation_report import ValidationReport


@dataclass(frozen=True, kw_only=True)
class ChunkInfo:
    """Location and extent of a chunk.

    Attributes:
        folder: Folder of the chunk.
        series: Number of series.
        last_period: Latest cutoff of the series.
        first_period: Earliest period of the series.
    """

    folder: Path
    series: int
    last_period: int
    first_period: int


@dataclass(frozen=True, kw_only=True)
class InputShards:
    """All input of a run in shards. Each shard is deleted as soon as it is prepared.

    Attributes:
        demand: The demand.
        static: Static columns, in the shards of the demand.
        covariates: Covariates. Per-series tables are in the shards of the demand.
    """

    demand: ShardedDemand
    static: StaticShards
    covariates: ShuffledCovariates


@dataclass(frozen=True, kw_only=True)
class ShardTask:
    """One shard to prepare.

    Attributes:
        shards: All input in shards.
        shard: Number of the shard.
        calendar: Frequency and cutoff.
        config: Rules for checks and repairs.
        covariates: Location and schema of the covariates.
        window: The periods around the end of the demand.
        sound: Whether the input has no problem so far. If it has one, the worker writes no panels.
        folder: Parent folder of the chunks.
        sizes: Sizes of the chunks.
    """

    shards: InputShards
    shard: int
    calendar: Calendar
    config: ForecastConfig
    covariates: StoredCovariates
    window: Window
    sound: bool
    folder: Path
    sizes: WorkSizes


@dataclass(frozen=True, kw_only=True)
class PreparedShard:
    """Result of one shard.

    Attributes:
        problems: Problems of the demand rows; None if the shard has no rows.
        findings: Findings about the keys.
        ends: Number of series by their first and last period.
        last_rows: Number of series that end early in the last period; None if rows are not combined.
        repeated: Equal rows by day; None if rows are not added.
        repairs: Counts of repairs.
        chunks: The panels.
        stratum_counts: Number of series by life stage and mean demand.
        counts: Number of series by demand class, younger than a season, and discontinued.
        static_rows: Counts and categories of the static rows. The rows themselves are in the chunks.
        recent: Total demand by period, over the last years up to the cutoff, shape (periods,).
        covariate_problems: Counts of invalid covariate rows.
        covariate_counts: Counts of the rows of each per-series covariate table, by its number.
        covariate_matches: Rows and series that match, by the number of each covariate table with a key.
        missing_in_horizon: Number of selling series for which each covariate is missing, shape (columns, horizon).
    """

    problems: Problems | None
    findings: ValidationReport
    ends: SeriesEnds
    last_rows: LastRows | None
    repeated: RepeatedRows | None
    repairs: Repairs
    chunks: tuple[ChunkInfo, ...]
    stratum_counts: StratumCounts
    counts: Counter[str]
    static_rows: StaticRows
    recent: Floats
    covariate_problems: CovariateProblems
    covariate_counts: dict[int, TableCounts]
    covariate_matches: dict[int, KeyMatches]
    missing_in_horizon: Integers


def prepare_shard(task: ShardTask) -> PreparedShard:
    """Check the rows of a shard, align its series, and write panels with static rows and covariates."""
    demand = task.shards.demand
    shard = read_shard(
        demand.folder, task.shard, task.config.key, in_stock_share=task.config.in_stock_column is not None
    )
    keys = shard.keys if shard else pl.DataFrame(schema=demand.types)
    frequency = task.calendar.frequency
    if shard is not None and task.calendar.rule is not None:
        shard = shard.in_order()
    periods = frequency.periods(shard.moment) if shard else np.empty(0, np.int32)
    repairs, rule, raw, last_rows = Repairs(), task.calendar.rule, Problems(), None
    repeated = None
    if shard is not None and rule is not None:
        raw, rows = check_raw(shard, periods, frequency, task.config), len(periods)
        last_rows = LastRows.of(shard, periods, task.calendar)
        repeated = RepeatedRows.of(shard) if rule in ADDING else None
        shard, periods = combine(shard, periods, frequency, rule)
        repairs = Repairs(rows_combined=rows - len(periods))
    has_started = np.zeros(keys.height, dtype=bool)
    if shard is not None:
        has_started[shard.series[periods <= task.calendar.cutoff]] = True
    static_rows = match_static_rows(
        keys, has_started, task.shards.static, demand.folder, task.shard, calendar=task.calendar
    )
    problems, findings, ends = None, ValidationReport(), SeriesEnds.total([])
    stratum_counts, counts = StratumCounts.total([]), Counter[str]()
    recent = np.zeros(frequency.seasons.shown)
    chunks = []
    matches: dict[int, KeyMatches] = {}
    counts_of_covariates: dict[int, TableCounts] = {}
    wrong, missing = CovariateProblems(), np.zeros((len(task.covariates.names), task.config.horizon), np.int64)
    if shard is not None:
        by_table = task.shards.covariates.of_shard(task.shard, shard.hashes, frequency, wrong)
        counts_of_covariates = task.shards.covariates.count(by_table, task.window)
        matches = task.covariates.matches(keys, task.shards.covariates.tables, by_table)
        problems = check_shard(shard, periods, frequency, task.config) | raw
        check_key_texts(keys, findings)
        ends = SeriesEnds.of(shard, periods, task.calendar.cutoff)
        # Invalid demand needs no panels. With a cutoff centuries away, they would not fit into memory.
        sound = task.sound and is_sound(problems) and not wrong
        panels = align(shard, periods, task.calendar, task.config, values_per_panel=task.sizes.values_per_chunk)
        for number, (panel, series, repaired) in enumerate(panels if sound else ()):
            repairs += repaired
            if not len(panel):
                continue
            active = is_active(panel)
            stages, bins = classify_life_stages(panel, active)
            stratum_counts = StratumCounts.total([stratum_counts, StratumCounts.of(panel, stages, bins)])
            counts += _count(panel, active)
            recent += _recent_total(panel, task.calendar.cutoff, len(recent))
            into = task.folder / f"{task.shard:05d}-{number:05d}"
            write_chunk(
                PanelChunk(
                    panel=panel,
                    hashes=shard.hashes[series],
                    stages=stages,
                    bins=bins,
                    active=active,
                    static=static_rows.rows[series],
                ),
                into,
            )
            write_simplified_keys(panel.keys, into)
            task.covariates.write(into, panel, {table: rows.of(series) for table, rows in by_table.items()})
            ahead = task.covariates.read(into, panel).ahead(panel.last_period, task.config.horizon)
            missing += np.isnan(ahead[:, active]).sum(axis=1)
            chunks.append(
                ChunkInfo(
                    folder=into,
                    series=len(panel),
                    last_period=int(panel.last_period.max()),
                    first_period=int(panel.first_period.min()),
                )
            )
    return PreparedShard(
        problems=problems,
        findings=findings,
        ends=ends,
        last_rows=last_rows,
        repeated=repeated,
        repairs=repairs,
        chunks=tuple(chunks),
        stratum_counts=stratum_counts,
        counts=counts,
        static_rows=replace(static_rows, rows=static_rows.rows.clear()),
        recent=recent,
        covariate_problems=wrong,
        covariate_counts=counts_of_covariates,
        covariate_matches=matches,
        missing_in_horizon=missing,
    )


def _count(panel: Panel, active: Booleans) -> Counter[str]:
    demand_class = classify_demand(panel)
    return Counter(
        {
            **{name: int((active & (demand_class == number)).sum()) for number, name in enumerate(DEMAND_CLASSES)},
            "younger_than_a_season": int((panel.lengths < panel.frequency.season).sum()),
            "discontinued": int((~active).sum()),
        }
    )


def _recent_total(panel: Panel, cutoff: int, periods: int) -> Floats:
    panel = panel.recent(periods)
    since = panel.period_of_value - (cutoff - periods + 1)
    recent = since >= 0
    total: Floats = np.bincount(since[recent], weights=panel.values[recent], minlength=periods).astype(np.float64)
    return total
