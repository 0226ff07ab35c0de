"""Stream demand files into shards on all cores. Each process holds one batch in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from pathlib import Path

import polars as pl

from job_code.config import ForecastConfig
from job_code.demand.demand_rows import SOURCE, clean_demand
from job_code.demand.moment_counts import MomentCounter, MomentCounts
from job_code.demand.run_context import RunContext
from job_code.demand.shuffle_files import ROW, ROW_IN_STOCK, ShuffleWriter
from job_code.errors import InputError
from job_code.files.unreadable import UnreadableFileError
from job_code.runtime.disk_space import require_space
from job_code.runtime.progress import Advance
from job_code.tables.decimal_signs import DecimalSigns
from job_code.tables.file_splits import Part
from job_code.tables.key_columns import key_types
from job_code.tables.table_files import TableFile, open_tables, report_unreadable
from job_code.tables.validation_report import ValidationReport
from job_code.times.day_begin import with_day_begin
from job_code.times.moments import TimeColumn
from job_code.times.zone_use import NO_TIMES, ZoneUse


@dataclass(frozen=True, kw_only=True)
class _Task:
    parts: tuple[Part, ...]
    types: dict[str, pl.DataType]
    config: ForecastConfig
    time: TimeColumn
    folder: Path
    writer: int
    shards: int
    batch: int


@dataclass(kw_only=True)
class _Result:
    signs: DecimalSigns
    findings: ValidationReport = field(default_factory=ValidationReport)
    moments: MomentCounter = field(default_factory=MomentCounter)
    series: int = 0
    zones: ZoneUse = NO_TIMES
    unreadable: dict[str, tuple[str, UnreadableFileError]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ShardedDemand:
    """Demand in shards.

    Attributes:
        folder: Folder of the shards.
        shards: Number of shards. Some may be empty.
        types: Type of each key column.
        moments: Number of rows by moment.
        series: Largest number of series in one process: a lower bound of the number of series.
        files: Number of files.
        ignored_columns: Columns of the files that are not configured.
        zones: Files whose times have a zone, and files whose times have none.
    """

    folder: Path
    shards: int
    types: dict[str, pl.DataType]
    moments: MomentCounts
    series: int
    files: int
    ignored_columns: tuple[str, ...]
    zones: ZoneUse


def shard_demand(
    path: Path, context: RunContext, findings: ValidationReport, *, advance: Advance, extra_bytes: int = 0
) -> ShardedDemand:
    """Read every demand file at or below a path into shards.

    Args:
        path: A table, or a folder of tables.
        context: The run. The shards go to its `shards` folder.
        findings: Takes the invalid rows, which are dropped, and the invalid files.
        advance: Called with the completed share.
        extra_bytes: Bytes of covariates that will also be in the shards.

    Raises:
        InputError: If there are no readable files or no rows.
        OutOfDiskError: If the disk is too small for the shards.
    """
    config, folder = context.config, context.shards
    wanted = [*config.key, *config.observed_columns]
    files = open_tables(path, lambda _: wanted, config, findings, source=SOURCE)
    if not files:
        findings.raise_if_any()
    types = key_types(files, config.key, findings, source=SOURCE)
    if pl.Null() in types.values():
        findings.raise_if_any()
    rows = sum(file.rows for file in files)
    shards = context.sizes.shards(rows, extra_bytes)
    row = ROW if config.in_stock_column is None else ROW_IN_STOCK
    require_space(folder, context.sizes.disk_for_shards(rows, row))
    tasks = _tasks(files, types, shards, context)
    expected = max(1, rows * row.itemsize)
    results, signs = [], DecimalSigns(config.decimal)
    for result in context.workers.map(_shard, tasks, while_waiting=lambda: advance(_bytes_of_rows(folder) / expected)):
        results.append(result)
        findings.merge(result.findings)
        signs.merge(result.signs)
    signs.report(_numbers(config), findings, source=SOURCE)
    _report_unreadable(results, findings)
    counts = [count for result in results for count in result.moments.counts]
    moments = MomentCounts.total(counts) if counts else None
    if moments is None or not moments.rows:
        if not findings.messages():
            findings.add(SOURCE, "file", "without a single row", remedy="Upload demand", count=len(files), examples=[])
        raise InputError(findings.messages())
    ignored = {column for file in files for column in file.other_columns}
    return ShardedDemand(
        folder=folder,
        shards=shards,
        types=types,
        moments=moments,
        series=max(result.series for result in results),
        files=len(files),
        ignored_columns=tuple(sorted(ignored)),
        zones=reduce(or_, (result.zones for result in results)),
    )


def _tasks(files: Sequence[TableFile], types: dict[str, pl.DataType], shards: int, context: RunContext) -> list[_Task]:
    shares = context.shares(files)
    time = with_day_begin(TimeColumn.of(context.config), shares, context.workers)
    return [
        _Task(
            parts=tuple(parts),
            types=types,
            config=context.config,
            time=time,
            folder=context.shards,
            writer=writer,
            shards=shards,
            batch=context.sizes.rows_per_batch,
        )
        for writer, parts in enumerate(shares)
    ]


def _report_unreadable(results: Sequence[_Result], findings: ValidationReport) -> None:
    """Report each unreadable file once, even if several workers had parts of it."""
    unreadable: dict[str, tuple[str, UnreadableFileError]] = {}
    for result in results:
        unreadable |= result.unreadable
    for name, (file_format, error) in sorted(unreadable.items()):
        report_unreadable(name, file_format, error, findings, SOURCE)


def _shard(task: _Task) -> _Result:
    result = _Result(signs=DecimalSigns(task.config.decimal))
    writer = ShuffleWriter(task.folder, task.writer, task.shards, task.config.key)
    for part in task.parts:
        file = part.file
        try:
            for batch in part.batches(task.batch, result.findings):
                batch = result.signs.read(batch, _numbers(task.config))
                clean, kinds = clean_demand(batch, task.types, task.config, result.findings, time=task.time)
                result.moments.add(clean)
                result.zones |= ZoneUse.of(kinds, file.name)
                writer.add(clean)
        except UnreadableFileError as error:
            result.unreadable[file.name] = (file.file_format, error)
    writer.close()
    result.series = writer.series
    return result


def _numbers(config: ForecastConfig) -> tuple[str, ...]:
    """Return the columns that hold numbers: the target and, if configured, the in-stock share."""
    return tuple(name for name in config.observed_columns if name != config.time)


def _bytes_of_rows(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("rows-*"))
