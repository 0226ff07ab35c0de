"""Checks and aligns shard by shard, over all cores, and leaves panels on disk that are ready to be forecast."""

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import polars as pl

from job_code.activity import is_active
from job_code.alignment import Repairs, align
from job_code.checks import Calendar, Problems, check_shard, periods_of, report_problems
from job_code.config import ForecastConfig
from job_code.covariate_rows import report_covariate_problems
from job_code.covariate_store import StoredCovariates
from job_code.disk import require_space
from job_code.error_distribution import KINDS, kind_of_series
from job_code.findings import Findings
from job_code.panel import Floats, Integers, Panel
from job_code.panel_files import Piece, write_piece
from job_code.progress import Advance
from job_code.sampling import Census, sort_series
from job_code.sharding import ShardedDemand
from job_code.sizes import Sizes
from job_code.spill import read_shard
from job_code.static_columns import Described, StaticShards, describe_series, report_repeated
from job_code.static_encoding import StaticEncoding
from job_code.workers import Workers

COUNTED = (*KINDS, "younger_than_a_season", "stopped_selling")
YEARS_SHOWN = 2  # of all demand together, in the report


@dataclass(frozen=True)
class PieceInfo:
    """What is known of a piece without reading it.

    Attributes:
        folder: Where it is.
        series: Its series.
        last_period: Latest cutoff of its series.
        first_period: Their earliest period.
    """

    folder: Path
    series: int
    last_period: int
    first_period: int


@dataclass(frozen=True)
class _Task:
    demand: ShardedDemand
    shard: int
    calendar: Calendar
    config: ForecastConfig
    static: StaticShards
    covariates: StoredCovariates
    sound: bool
    folder: Path
    sizes: Sizes


@dataclass(frozen=True)
class _Result:
    problems: Problems | None
    repairs: Repairs
    pieces: tuple[PieceInfo, ...]
    census: Census
    counts: Counter[str]
    described: Described
    recent: Floats
    covariate_problems: Counter[str]
    unknown_ahead: Integers


@dataclass(frozen=True)
class PreparedDemand:
    """Demand that is known to be sound, as panels on disk.

    Attributes:
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
    demand: ShardedDemand,
    static: StaticShards,
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
        demand: The shards; they are deleted one by one.
        static: Static columns beside them.
        covariates: Covariates, those of single series in the shards too.
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
    sound = not findings.messages()
    if sound:
        values = demand.series * calendar.usual_span(demand.days, config)
        ahead = demand.series * config.horizon
        told = sizes.disk_for_covariates(values + ahead, covariates.columns_of_series)
        require_space(folder, sizes.disk_for_panels(values, demand.days.rows) + told)
    tasks = [
        _Task(demand, shard, calendar, config, static, covariates, sound, folder, sizes)
        for shard in range(demand.shards)
    ]
    results: list[_Result] = []
    for result in workers.map(_prepare_shard, tasks):
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
    recent: Floats = np.sum([result.recent for result in results], axis=0)
    recent = recent[: max(1, len(recent) - (calendar.cutoff - last))]  # by `cutoff_rule`, all may end before the cutoff
    shown = min(last - min(piece.first_period for piece in pieces) + 1, len(recent))
    return PreparedDemand(
        calendar,
        pieces,
        StaticEncoding.of(static.schema, [result.described.categories for result in results]),
        covariates.known_ahead(unknown),
        dict(zip(covariates.names, unknown.mean(axis=1).tolist(), strict=True)),
        Census.total(result.census for result in results),
        reduce(add, (result.repairs for result in results)),
        {name: sum(result.counts[name] for result in results) for name in COUNTED},
        sum(result.described.without for result in results),
        recent[len(recent) - shown :],
    )


def _prepare_shard(task: _Task) -> _Result:
    shard = read_shard(task.demand.folder, task.shard, task.config.key, on_sale=task.config.available is not None)
    keys = shard.keys if shard else pl.DataFrame(schema=task.demand.types)
    frequency = task.calendar.frequency
    periods = periods_of(shard, frequency) if shard else np.empty(0, np.int32)
    begun = np.zeros(keys.height, dtype=bool)
    if shard is not None:
        begun[shard.series[periods <= task.calendar.cutoff]] = True
    described = describe_series(keys, begun, task.static, task.demand.folder, task.shard)
    problems, repairs, census, counts = None, Repairs(), Census.total([]), Counter[str]()
    recent = np.zeros(YEARS_SHOWN * frequency.per_year)
    pieces = []
    wrong, unknown = Counter[str](), np.zeros((len(task.covariates.names), task.config.horizon), np.int64)
    if shard is not None:
        told = task.covariates.of_shard(task.shard, shard.hashes, frequency, wrong)
        problems = check_shard(shard, periods, frequency, task.config)
        # Of demand that is refused, no panel is needed: with a cutoff centuries away it would not even fit.
        sound = task.sound and not any(problem.count for problem in problems.values()) and not wrong.total()
        panels = align(shard, periods, task.calendar, task.config, values_per_panel=task.sizes.values_per_piece)
        for number, (panel, series, repaired) in enumerate(panels if sound else ()):
            repairs += repaired
            if not len(panel):
                continue
            active = is_active(panel)
            sorts, bins = sort_series(panel, active)
            census = Census.total([census, Census.of(panel, sorts, bins)])
            counts += _count(panel, active)
            recent += _recent_total(panel, task.calendar.cutoff, len(recent))
            into = task.folder / f"{task.shard:05d}-{number:05d}"
            write_piece(Piece(panel, shard.hashes[series], sorts, bins, active, described.rows[series]), into)
            task.covariates.write(into, panel, [rows and rows.of(series) for rows in told])
            ahead = task.covariates.read(into, panel).ahead(panel.last_period, task.config.horizon)
            unknown += np.isnan(ahead[:, active]).sum(axis=1)
            pieces.append(PieceInfo(into, len(panel), int(panel.last_period.max()), int(panel.first_period.min())))
    without_rows = Described(
        described.rows.clear(), described.categories, described.without, described.repeated, described.examples
    )
    return _Result(problems, repairs, tuple(pieces), census, counts, without_rows, recent, wrong, unknown)


def _count(panel: Panel, active: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Counter[str]:
    kind = kind_of_series(panel)
    return Counter(
        {
            **{name: int((active & (kind == number)).sum()) for number, name in enumerate(KINDS)},
            "younger_than_a_season": int((panel.lengths < panel.frequency.season).sum()),
            "stopped_selling": int((~active).sum()),
        }
    )


def _recent_total(panel: Panel, cutoff: int, periods: int) -> Floats:
    panel = panel.recent(periods)
    since = panel.period_of_value - (cutoff - periods + 1)
    recent = since >= 0
    total: Floats = np.bincount(since[recent], weights=panel.values[recent], minlength=periods).astype(np.float64)
    return total
