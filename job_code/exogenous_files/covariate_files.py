"""Stream covariate files into shards on all cores.

A table with the demand's key goes to the shards of the demand. A table with a shorter key has shards of its own.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from pathlib import Path

import polars as pl

from job_code.config import WORKING_COLUMNS, ForecastConfig
from job_code.demand.demand_rows import VALUE
from job_code.demand.moment_counts import MomentCounter, MomentCounts
from job_code.demand.run_context import RunContext
from job_code.demand.sharding import ShardedDemand
from job_code.errors import InputError
from job_code.exogenous_files.covariate_reading import SOURCE, TableReading
from job_code.exogenous_files.covariate_schema import CovariateSchema
from job_code.exogenous_files.covariate_shuffle_files import Categories, CovariateWriter, ShuffledTable, TableColumns
from job_code.exogenous_files.shuffled_covariates import ShuffledCovariates, TableSource
from job_code.exogenous_files.text_categories import MAX_CATEGORIES, all_categories
from job_code.files.unreadable import UnreadableFileError
from job_code.runtime.disk_space import require_space
from job_code.tables.column_types import infer_column_types, with_texts
from job_code.tables.decimal_signs import DecimalSigns
from job_code.tables.file_splits import Part
from job_code.tables.key_columns import common_types, key_types
from job_code.tables.key_matches import KeyMatches, KeySample
from job_code.tables.table_files import TableFile, open_tables, report_unreadable
from job_code.tables.validation_report import ValidationReport
from job_code.times.day_begin import with_day_begin
from job_code.times.moments import MOMENT, TimeColumn
from job_code.times.zone_use import NO_TIMES, ZoneUse


@dataclass(frozen=True, kw_only=True)
class _Task:
    parts: tuple[Part, ...]
    reading: TableReading
    folder: Path
    writer: int
    shards: int


@dataclass(kw_only=True)
class _Result:
    categories: Categories
    lowest: dict[str, float]
    last_moment: dict[str, int]
    moments: MomentCounter = field(default_factory=MomentCounter)
    findings: ValidationReport = field(default_factory=ValidationReport)
    unmatched: list[KeyMatches] = field(default_factory=list)
    sample: KeySample = field(default_factory=KeySample)
    zones: ZoneUse = NO_TIMES


def bytes_in_shards(path: Path, config: ForecastConfig) -> int:
    """Return the size of per-series covariates in the shards, in bytes. Problems of the files are reported later.

    Args:
        path: A table, or a folder of tables.
        config: Names of the key and time columns.
    """
    try:
        files = open_tables(path, _wanted(config), config, ValidationReport(), source=SOURCE)
    except InputError:
        return 0
    size = 0
    for file in files:
        names = tuple(set(file.columns) - {*config.key, config.time})
        if set(config.key) <= set(file.columns):
            size += file.rows * TableColumns(number=0, key=config.key, numbers=names, texts=()).row.itemsize
    return size


def shuffle_covariates(
    path: Path,
    demand: ShardedDemand,
    context: RunContext,
    findings: ValidationReport,
    *,
    texts: Collection[str] = (),
) -> ShuffledCovariates:
    """Read every covariate file at or below a path into shards.

    Files with the same columns are one table. The key of the table is the part of the demand's key that it has. The
    target column, if a file has it, is ignored.

    Args:
        path: A table, or a folder of tables.
        demand: Folder of the shards, and types of the key columns.
        context: The run.
        findings: Takes invalid files, columns and rows.
        texts: Text columns of the model of the run.
    """
    try:
        files = open_tables(path, _wanted(context.config), context.config, findings, source=SOURCE)
    except InputError as error:
        findings.add_message(str(error))
        return ShuffledCovariates()
    tables: dict[frozenset[str], list[TableFile]] = {}
    for file in files:
        tables.setdefault(frozenset(file.columns), []).append(file)
    problem = _name_problem(tables, context.config)
    if problem is not None:
        findings.add_message(problem)
        return ShuffledCovariates()
    _warn_without_values(tables, context.config, findings)
    shuffled: list[ShuffledTable] = []
    ignored: list[str] = []
    sources: dict[int, TableSource] = {}
    for number, columns in enumerate(sorted(tables, key=sorted)):
        table, sources[number], reasons = _shuffle_table(
            number, tables[columns], demand, context, findings, texts=texts
        )
        shuffled += [table] if table.schema.names else []
        ignored += reasons
    names = {name for columns in tables for name in columns - {*context.config.key, context.config.time}}
    zones = reduce(or_, (table.zones for table in shuffled), NO_TIMES)
    return ShuffledCovariates(tuple(shuffled), tuple(ignored), frozenset(names), zones, sources)


def _warn_without_values(
    tables: Mapping[frozenset[str], Sequence[TableFile]], config: ForecastConfig, findings: ValidationReport
) -> None:
    """Warn of files that have only keys and times. The target, if a file has it, is no covariate."""
    files = [file for columns, own in tables.items() if columns <= {*config.key, config.time} for file in own]
    findings.add(
        SOURCE,
        "file",
        "not used, because there is no column of values",
        remedy="Add the columns of covariates, or remove the file",
        count=len(files),
        examples=[f"{file.name} (it has {', '.join([*file.columns, *file.other_columns])})" for file in files],
        level="warning",
    )


def _name_problem(tables: Iterable[frozenset[str]], config: ForecastConfig) -> str | None:
    """Return the problem of the column names of the tables, or None."""
    names = [name for columns in tables for name in columns - {*config.key, config.time}]
    working = sorted(set(names) & set(WORKING_COLUMNS))
    if working:
        return f"{SOURCE}: a column cannot be named {', '.join(working)}. Rename it"
    twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
    if twice:
        return f"{SOURCE}: {twice} is in files with different columns. Use the same columns in all files of a table"
    return None


def _wanted(config: ForecastConfig) -> Callable[[list[str]], list[str]]:
    """Return the columns to read: all without the target. A missing time column is included, so it is reported."""
    return lambda header: [config.time, *(name for name in header if name not in (config.time, config.target))]


def _shuffle_table(
    number: int,
    files: Sequence[TableFile],
    demand: ShardedDemand,
    context: RunContext,
    findings: ValidationReport,
    *,
    texts: Collection[str],
) -> tuple[ShuffledTable, TableSource, list[str]]:
    """Return the table, its files, and its ignored columns with the reasons."""
    config = context.config
    key = tuple(name for name in config.key if name in files[0].columns)
    own_keys = key_types(files, key, findings, source=SOURCE)
    names = sorted(set(files[0].columns) - {*key, config.time})  # files may have them in another order
    types = with_texts(common_types(files, names), texts)
    by_type = infer_column_types(files, types, findings, decimal=config.decimal, source=SOURCE, texts=texts)
    table = TableColumns(number=number, key=key, numbers=by_type.numbers, texts=by_type.texts)
    has_rules = not config.rules_of_covariates.keys().isdisjoint(table.names)
    time = TimeColumn.of(config, of_covariates=True, is_combined=has_rules)
    reading = TableReading(
        table=table,
        own_key_types=own_keys,
        key_types={name: demand.types[name] for name in key},
        types=types,
        time=with_day_begin(time, context.shares(files), context.workers),
        signs=DecimalSigns(config.decimal),
        batch=context.sizes.rows_per_batch,
    )
    tasks = _tasks(files, reading, demand, context)
    results = list(context.workers.map(_shuffle, tasks))
    for result in results:
        findings.merge(result.findings)
    schema, unused = _merge(results, table)
    shuffled = ShuffledTable(
        schema=schema,
        columns=table,
        folder=demand.folder,
        per_series=key == config.key,
        shards=tasks[0].shards,
        booleans=tuple(name for name, dtype in types.items() if dtype == pl.Boolean),
        moments=MomentCounts.total(
            [each for result in results for each in result.moments.counts] or [MomentCounts.none()]
        ),
        own_codes=tuple(result.categories for result in results),
        unmatched=KeyMatches.total(each for result in results for each in result.unmatched),
        sample=results[0].sample,
        zones=reduce(or_, (result.zones for result in results)),
    )
    source = TableSource(tuple(files), reading)
    return shuffled, source, [*(f"{name} (neither number nor text)" for name in by_type.others), *unused]


def _tasks(
    files: Sequence[TableFile], reading: TableReading, demand: ShardedDemand, context: RunContext
) -> list[_Task]:
    """Divide the files among as many workers as the rows keep busy.

    Raises:
        OutOfDiskError: If the disk is too small for the rows.
    """
    config, sizes, table = context.config, context.sizes, reading.table
    rows = sum(file.rows for file in files)
    require_space(demand.folder, rows * table.row.itemsize)
    shards = demand.shards if table.key == config.key else sizes.shards(0, rows * table.row.itemsize)
    return [
        _Task(
            parts=tuple(parts),
            reading=reading,
            folder=demand.folder,
            writer=writer,
            shards=shards,
        )
        for writer, parts in enumerate(context.shares(files))
    ]


def _merge(results: Sequence[_Result], table: TableColumns) -> tuple[CovariateSchema, list[str]]:
    """Merge the results of all writers into a schema. Return it with the ignored text columns and their reasons."""
    found = {name: all_categories(result.categories[name] for result in results) for name in table.texts}
    lowest = {name: min(result.lowest[name] for result in results) for name in table.numbers}
    schema = CovariateSchema(
        numeric=table.numbers,
        categorical={name: values for name, values in found.items() if values is not None},
        positive=tuple(name for name, value in lowest.items() if 0 < value < float("inf")),
        known_until={name: max(result.last_moment[name] for result in results) for name in table.names},
    )
    unused = [name for name, values in found.items() if values is None]
    return schema, [f"{name} (text with more than {MAX_CATEGORIES} different values)" for name in unused]


def _shuffle(task: _Task) -> _Result:
    reading = task.reading
    writer = CovariateWriter(reading.table, task.folder, task.writer, task.shards)
    result = _Result(categories={}, lowest={}, last_moment={})
    for part in task.parts:
        file = part.file
        try:
            for batch in part.batches(reading.batch, result.findings):
                rows, unmatched, kinds = reading.clean(batch, result.findings)
                result.zones |= ZoneUse.of(kinds, file.name)
                result.unmatched.append(unmatched)
                if reading.table.key and not result.sample.names:
                    result.sample = KeySample.of(rows, reading.table.key)
                result.moments.add(rows.select(MOMENT, pl.lit(0.0).alias(VALUE)))
                writer.add(rows)
        except UnreadableFileError as error:
            report_unreadable(file.name, file.file_format, error, result.findings, SOURCE)
    return replace(result, categories=writer.categories, lowest=writer.lowest, last_moment=writer.last_moment)
