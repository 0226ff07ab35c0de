"""Streams covariate files, over all cores, into the shards of the demand, or one for those of a shorter key."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from job_code.config import WORKING_COLUMNS, ForecastConfig
from job_code.demand.run_context import RunContext
from job_code.demand.sharding import ShardedDemand
from job_code.errors import InputError
from job_code.exogenous.covariate_alignment import SOURCE, AlignedRows, align_rows
from job_code.exogenous.covariate_schema import CovariateSchema
from job_code.exogenous.covariate_shuffle_files import Categories, CovariateWriter, SpilledTable, TableColumns
from job_code.exogenous.static_features import MAX_CATEGORIES, all_categories
from job_code.runtime.disk_space import require_space
from job_code.series.frequency import Frequency
from job_code.tables.column_kinds import infer_column_kinds
from job_code.tables.file_splits import Part, split
from job_code.tables.key_columns import clean_key, common_types, with_key_types
from job_code.tables.key_hashes import Hashes
from job_code.tables.row_checks import DAY, day_checks, drop_bad_rows, to_day
from job_code.tables.table_files import TableFile, UnreadableFileError, note_unreadable, open_tables
from job_code.tables.validation_report import ValidationReport


@dataclass(frozen=True)
class ShuffledCovariates:
    """All covariates in shards.

    Attributes:
        tables: By key.
        ignored: Columns that are not used, each with the reason.
    """

    tables: tuple[SpilledTable, ...] = ()
    ignored: tuple[str, ...] = ()

    def of_shard(
        self, shard: int, hashes: Hashes, frequency: Frequency, problems: Counter[str]
    ) -> dict[int, AlignedRows]:
        """Take the rows about the series of a shard out of the shuffle files, and delete those.

        Args:
            shard: Number of the shard.
            hashes: Hashes of its series' keys.
            frequency: The demand's calendar.
            problems: Takes the counts of what is wrong with the rows.

        Returns:
            By number of the table; none for tables of a shorter key than the demand's.
        """
        return {
            table.columns.number: align_rows(table.read(shard), hashes, frequency, problems)
            for table in self.tables
            if table.of_series
        }


@dataclass(frozen=True, kw_only=True)
class _Task:
    parts: tuple[Part, ...]
    table: TableColumns
    key_types: dict[str, pl.DataType]
    types: dict[str, pl.DataType]
    time: str
    folder: Path
    writer: int
    shards: int
    batch: int


@dataclass
class _Result:
    categories: Categories
    lowest: dict[str, float]
    last_day: dict[str, int]
    findings: ValidationReport = field(default_factory=ValidationReport)


def bytes_in_shards(path: Path, config: ForecastConfig) -> int:
    """Bytes that covariates of single series will take in the shards; what is wrong with the files is said later.

    Args:
        path: A Parquet or CSV file, or a folder of them.
        config: Names the key and time columns.
    """
    try:
        files = open_tables(path, _wanted(config), ValidationReport(), source=SOURCE)
    except InputError:
        return 0
    told = 0
    for file in files:
        names = tuple(set(file.columns) - {*config.key, config.time})
        if set(config.key) <= set(file.columns):
            told += file.rows * TableColumns(number=0, key=config.key, numbers=names, texts=()).row.itemsize
    return told


def spill_covariates(
    path: Path, demand: ShardedDemand, context: RunContext, findings: ValidationReport
) -> ShuffledCovariates:
    """Read every covariate file at or below a path.

    Files of the same columns make a table. Its key are those columns that the demand's key has, too; the demand itself,
    should it be among the others, is left out.

    Args:
        path: A Parquet or CSV file, or a folder of them.
        demand: Says where the shards are, and of which types the keys are.
        context: The run.
        findings: Takes note of all that is wrong.
    """
    try:
        files = open_tables(path, _wanted(context.config), findings, source=SOURCE)
    except InputError as error:
        findings.state(str(error))
        return ShuffledCovariates()
    tables: dict[frozenset[str], list[TableFile]] = {}
    for file in files:
        tables.setdefault(frozenset(file.columns), []).append(file)
    problem = _name_problem(tables, context.config)
    if problem is not None:
        findings.state(problem)
        return ShuffledCovariates()
    spilled: list[SpilledTable] = []
    ignored: list[str] = []
    for number, columns in enumerate(sorted(tables, key=sorted)):
        table, reasons = _spill_table(number, tables[columns], demand, context, findings)
        spilled += [table] if table.schema.names else []
        ignored += reasons
    return ShuffledCovariates(tuple(spilled), tuple(ignored))


def _name_problem(tables: Iterable[frozenset[str]], config: ForecastConfig) -> str | None:
    """Say what is wrong with the names of the tables' columns; None where nothing is."""
    names = [name for columns in tables for name in columns - {*config.key, config.time}]
    working = sorted(set(names) & set(WORKING_COLUMNS))
    if working:
        return f"covariates: a column cannot be named {', '.join(working)}; rename it"
    twice = ", ".join(sorted({name for name in names if names.count(name) > 1}))
    if twice:
        return f"covariates: {twice} is in files of different columns; give files of one table the same columns"
    return None


def _wanted(config: ForecastConfig) -> Callable[[list[str]], list[str]]:
    """Chooses the columns to read: all but the target, and the time in any case, so that its lack is told."""
    return lambda header: [config.time, *(name for name in header if name not in (config.time, config.target))]


def _spill_table(
    number: int, files: Sequence[TableFile], demand: ShardedDemand, context: RunContext, findings: ValidationReport
) -> tuple[SpilledTable, list[str]]:
    """Returns the table, and its columns that are not used, each with the reason."""
    config = context.config
    key = tuple(name for name in config.key if name in files[0].columns)
    types = common_types(files, [name for name in files[0].columns if name != config.time])
    columns = sorted(name for name in types if name not in key)  # whatever their order in the files
    kinds = infer_column_kinds(files, {name: types[name] for name in columns})
    table = TableColumns(number=number, key=key, numbers=kinds.numbers, texts=kinds.texts)
    results = list(context.workers.map(_spill, _tasks(files, table, types, demand, context)))
    for result in results:
        findings.absorb(result.findings)
    schema, unused = _merge(results, table)
    spilled = SpilledTable(
        schema=schema,
        columns=table,
        folder=demand.folder,
        of_series=key == config.key,
        own_codes=tuple(result.categories for result in results),
    )
    return spilled, [*(f"{name} (neither number nor text)" for name in kinds.others), *unused]


def _tasks(
    files: Sequence[TableFile],
    table: TableColumns,
    types: dict[str, pl.DataType],
    demand: ShardedDemand,
    context: RunContext,
) -> list[_Task]:
    """Divide the files among the workers, as far as the rows are worth one.

    Raises:
        OutOfDiskError: If the disk has no room for the rows.
    """
    config, sizes = context.config, context.sizes
    rows = sum(file.rows for file in files)
    require_space(demand.folder, rows * table.row.itemsize)
    return [
        _Task(
            parts=tuple(parts),
            table=table,
            key_types={name: demand.types[name] for name in table.key},
            types=types,
            time=config.time,
            folder=demand.folder,
            writer=writer,
            shards=demand.shards if table.key == config.key else 1,
            batch=sizes.rows_per_batch,
        )
        for writer, parts in enumerate(split(files, min(context.workers.count, sizes.worthwhile_workers(rows))))
    ]


def _merge(results: Sequence[_Result], table: TableColumns) -> tuple[CovariateSchema, list[str]]:
    """Settle what the table holds by what all writers saw; list the columns of text that are of no use."""
    found = {name: all_categories(result.categories[name] for result in results) for name in table.texts}
    lowest = {name: min(result.lowest[name] for result in results) for name in table.numbers}
    schema = CovariateSchema(
        numeric=table.numbers,
        categorical={name: values for name, values in found.items() if values is not None},
        positive=tuple(name for name, value in lowest.items() if 0 < value < float("inf")),
        known_until={name: max(result.last_day[name] for result in results) for name in table.names},
    )
    unused = [name for name, values in found.items() if values is None]
    return schema, [f"{name} (text with more than {MAX_CATEGORIES} different values)" for name in unused]


def _spill(task: _Task) -> _Result:
    writer = CovariateWriter(task.table, task.folder, task.writer, task.shards)
    result = _Result({}, {}, {})
    for part in task.parts:
        file = part.file
        try:
            for batch in file.batches(task.batch, first=part.first, rows=part.rows):
                rows = batch.with_columns(pl.col(pl.Boolean).cast(pl.Int8))  # as text, yes would be no number
                rows = rows.with_columns(pl.col(name).cast(dtype) for name, dtype in task.types.items())
                if task.key_types:
                    given = {name: rows.schema[name] for name in task.key_types}
                    rows = with_key_types(clean_key(rows, given, result.findings, source=SOURCE), task.key_types)
                rows = rows.with_columns(to_day(rows.schema[task.time], task.time).alias(DAY))
                checks = day_checks(rows.schema[task.time], task.time)
                rows = drop_bad_rows(rows, checks, file.name, result.findings, source=SOURCE)
                writer.add(rows.with_columns(pl.col(task.table.numbers).cast(pl.Float64)))
        except UnreadableFileError as error:
            note_unreadable(file.name, file.kind, str(error), result.findings, SOURCE)
    return replace(result, categories=writer.categories, lowest=writer.lowest, last_day=writer.last_day)
