"""Stream covariate files into shards on all cores.

A table with the demand's key goes to the shards of the demand. A table with a shorter key has shards of its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
from job_code.exogenous_files.covariate_alignment import SOURCE, AlignedRows, Problems, align_rows
from job_code.exogenous_files.covariate_counts import TableCounts, Window
from job_code.exogenous_files.covariate_schema import CovariateSchema
from job_code.exogenous_files.covariate_shuffle_files import Categories, CovariateWriter, ShuffledTable, TableColumns
from job_code.exogenous_files.text_categories import MAX_CATEGORIES, all_categories
from job_code.files.unreadable import UnreadableFileError
from job_code.runtime.disk_space import require_space
from job_code.series.frequency import Frequency
from job_code.tables.column_types import as_numbers, infer_column_types
from job_code.tables.day_begin import with_day_begin
from job_code.tables.decimal_signs import DecimalSigns
from job_code.tables.file_splits import Batch, Part, split
from job_code.tables.key_columns import cast_keys, common_types, key_checks, key_types, with_plain_text
from job_code.tables.key_hashes import Hashes
from job_code.tables.key_matches import KeyMatches, KeySample, split_by_type
from job_code.tables.moments import MOMENT, TimeColumn
from job_code.tables.row_checks import drop_bad_rows, infinite_check
from job_code.tables.table_files import TableFile, open_tables, report_unreadable
from job_code.tables.validation_report import ValidationReport
from job_code.tables.zone_use import NO_TIMES, ZoneUse

_NOTHING = MomentCounts.of(pl.DataFrame(schema={MOMENT: pl.Int32, VALUE: pl.Float64}))


@dataclass(frozen=True)
class ShuffledCovariates:
    """All covariates in shards.

    Attributes:
        tables: The tables.
        ignored: Ignored columns, each with the reason.
        columns: Names of all columns, without keys and times.
        zones: Files whose times have a zone, and files whose times have none.
    """

    tables: tuple[ShuffledTable, ...] = ()
    ignored: tuple[str, ...] = ()
    columns: frozenset[str] = frozenset()
    zones: ZoneUse = NO_TIMES

    def of_shard(self, shard: int, hashes: Hashes, frequency: Frequency, problems: Problems) -> dict[int, AlignedRows]:
        """Read the rows of the series of a shard from the shuffle files, and delete the files.

        Args:
            shard: Number of the shard.
            hashes: Hashes of the keys of the shard's series.
            frequency: Calendar of the demand.
            problems: Takes the counts of invalid rows.

        Returns:
            Rows by table number, without the tables that have a shorter key than the demand.
        """
        aligned = {}
        for table in self.tables:
            if table.per_series:
                rows = table.read(shard)
                table.delete(shard)
                aligned[table.columns.number] = align_rows(rows, hashes, frequency, problems, table=table)
        return aligned

    def count(self, rows: Mapping[int, AlignedRows], window: Window) -> dict[int, TableCounts]:
        """Count the rows of a shard by the number of their table."""
        schemas = {table.columns.number: table.schema for table in self.tables}
        return {number: TableCounts.of(own, schemas[number], window) for number, own in rows.items()}


@dataclass(frozen=True, kw_only=True)
class _Task:
    parts: tuple[Part, ...]
    table: TableColumns
    own_key_types: dict[str, pl.DataType]
    key_types: dict[str, pl.DataType]
    types: dict[str, pl.DataType]
    time: TimeColumn
    signs: DecimalSigns
    folder: Path
    writer: int
    shards: int
    batch: int


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
    path: Path, demand: ShardedDemand, context: RunContext, findings: ValidationReport
) -> ShuffledCovariates:
    """Read every covariate file at or below a path into shards.

    Files with the same columns are one table. The key of the table is the part of the demand's key that it has. The
    target column, if a file has it, is ignored.

    Args:
        path: A table, or a folder of tables.
        demand: Folder of the shards, and types of the key columns.
        context: The run.
        findings: Takes invalid files, columns and rows.
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
    shuffled: list[ShuffledTable] = []
    ignored: list[str] = []
    for number, columns in enumerate(sorted(tables, key=sorted)):
        table, reasons = _shuffle_table(number, tables[columns], demand, context, findings)
        shuffled += [table] if table.schema.names else []
        ignored += reasons
    names = {name for columns in tables for name in columns - {*context.config.key, context.config.time}}
    zones = reduce(or_, (table.zones for table in shuffled), NO_TIMES)
    return ShuffledCovariates(tuple(shuffled), tuple(ignored), frozenset(names), zones)


def _name_problem(tables: Iterable[frozenset[str]], config: ForecastConfig) -> str | None:
    """Return the problem of the column names of the tables, or None."""
    names = [name for columns in tables for name in columns - {*config.key, config.time}]
    working = sorted(set(names) & set(WORKING_COLUMNS))
    if working:
        return f"covariates: a column cannot be named {', '.join(working)}. Rename it"
    twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
    if twice:
        return f"covariates: {twice} is in files with different columns. Use the same columns in all files of a table"
    return None


def _wanted(config: ForecastConfig) -> Callable[[list[str]], list[str]]:
    """Return the columns to read: all without the target. A missing time column is included, so it is reported."""
    return lambda header: [config.time, *(name for name in header if name not in (config.time, config.target))]


def _shuffle_table(
    number: int, files: Sequence[TableFile], demand: ShardedDemand, context: RunContext, findings: ValidationReport
) -> tuple[ShuffledTable, list[str]]:
    """Return the table, and its ignored columns with the reasons."""
    config = context.config
    key = tuple(name for name in config.key if name in files[0].columns)
    own_keys = key_types(files, key, findings, source=SOURCE)
    types = common_types(files, [name for name in files[0].columns if name not in (*key, config.time)])
    columns = sorted(types)  # files may have them in another order
    by_type = infer_column_types(
        files, {name: types[name] for name in columns}, findings, decimal=config.decimal, source=SOURCE
    )
    table = TableColumns(number=number, key=key, numbers=by_type.numbers, texts=by_type.texts)
    tasks = _tasks(files, table, (own_keys, types), demand, context)
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
        moments=MomentCounts.total([each for result in results for each in result.moments.counts] or [_NOTHING]),
        own_codes=tuple(result.categories for result in results),
        unmatched=KeyMatches.total(each for result in results for each in result.unmatched),
        sample=results[0].sample,
        zones=reduce(or_, (result.zones for result in results)),
    )
    return shuffled, [*(f"{name} (neither number nor text)" for name in by_type.others), *unused]


def _tasks(
    files: Sequence[TableFile],
    table: TableColumns,
    types: tuple[dict[str, pl.DataType], dict[str, pl.DataType]],
    demand: ShardedDemand,
    context: RunContext,
) -> list[_Task]:
    """Divide the files among as many workers as the rows keep busy.

    Raises:
        OutOfDiskError: If the disk is too small for the rows.
    """
    config, sizes = context.config, context.sizes
    rows = sum(file.rows for file in files)
    require_space(demand.folder, rows * table.row.itemsize)
    shards = demand.shards if table.key == config.key else sizes.shards(0, rows * table.row.itemsize)
    has_rules = not config.rules_of_covariates.keys().isdisjoint(table.names)
    return [
        _Task(
            parts=tuple(parts),
            table=table,
            own_key_types=types[0],
            key_types={name: demand.types[name] for name in table.key},
            types=types[1],
            time=with_day_begin(TimeColumn.of(config, of_covariates=True, is_combined=has_rules), files),
            signs=DecimalSigns(config.decimal),
            folder=demand.folder,
            writer=writer,
            shards=shards,
            batch=sizes.rows_per_batch,
        )
        for writer, parts in enumerate(split(files, min(context.workers.count, sizes.worthwhile_workers(rows))))
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
    writer = CovariateWriter(task.table, task.folder, task.writer, task.shards)
    result = _Result(categories={}, lowest={}, last_moment={})
    for part in task.parts:
        file = part.file
        try:
            for batch in part.batches(task.batch, result.findings):
                batch = task.signs.read(batch, task.table.numbers)
                result.zones |= ZoneUse.of(batch.rows[task.time.name], file.name)
                rows, unmatched = _clean(batch, task, result.findings)
                result.unmatched.append(unmatched)
                if task.table.key and not result.sample.names:
                    result.sample = KeySample.of(rows, task.table.key)
                result.moments.add(rows.select(MOMENT, pl.lit(0.0).alias(VALUE)))
                writer.add(rows)
        except UnreadableFileError as error:
            report_unreadable(file.name, file.file_format, error, result.findings, SOURCE)
    return replace(result, categories=writer.categories, lowest=writer.lowest, last_moment=writer.last_moment)


def _clean(batch: Batch, task: _Task, findings: ValidationReport) -> tuple[pl.DataFrame, KeyMatches]:
    """Return the valid rows with the demand's key types, and the counts of rows whose keys cannot have them."""
    rows = with_plain_text(batch.rows)
    rows = rows.with_columns(pl.col(pl.Boolean).exclude(task.own_key_types).cast(pl.Int8))  # "true" is not a number
    rows = rows.with_columns(pl.col(name).cast(dtype) for name, dtype in task.types.items())
    rows = rows.with_columns(as_numbers(rows.schema, task.table.numbers))
    rows, checks = task.time.read(rows)
    checks |= {f"infinite {name}": infinite_check(name, pl.col(name)) for name in task.table.numbers}
    if task.own_key_types:
        checks |= key_checks(rows.schema, task.own_key_types)
    own = rows.schema
    rows = drop_bad_rows(replace(batch, rows=rows), checks, findings, source=SOURCE)
    return split_by_type(rows.with_columns(cast_keys(own, task.own_key_types)), task.key_types)
