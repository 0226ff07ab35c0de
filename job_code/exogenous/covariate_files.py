"""Streams covariate files, over all cores, into the shards of the demand, or one for those of a shorter key."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from job_code.config import WORKING_COLUMNS, ForecastConfig
from job_code.demand.sharding import ShardedDemand
from job_code.demand.work_sizes import Sizes
from job_code.errors import InputError
from job_code.exogenous.covariate_alignment import SOURCE, AlignedRows, align_rows
from job_code.exogenous.covariate_schema import CovariateSchema
from job_code.exogenous.covariate_shuffle_files import Categories, CovariateWriter, SpilledTable, TableColumns
from job_code.exogenous.static_features import MOST_CATEGORIES, all_categories
from job_code.runtime.disk_space import require_space
from job_code.runtime.process_pool import Workers
from job_code.series.frequency import Frequency
from job_code.tables.file_splits import Part, split
from job_code.tables.key_columns import clean_key, common_types, with_key_types
from job_code.tables.key_hashes import Hashes
from job_code.tables.row_checks import DAY, day_checks, drop_bad_rows, to_day
from job_code.tables.table_files import TableFile, UnreadableFileError, note_unreadable, open_tables
from job_code.tables.validation_report import Findings


@dataclass(frozen=True)
class SpilledCovariates:
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
    findings: Findings = field(default_factory=Findings)


def bytes_in_shards(path: Path, config: ForecastConfig) -> int:
    """Bytes that covariates of single series will take in the shards; what is wrong with the files is said later.

    Args:
        path: A Parquet or CSV file, or a folder of them.
        config: Names the key and time columns.
    """
    try:
        files = open_tables(path, _wanted(config), Findings(), source=SOURCE)
    except InputError:
        return 0
    told = 0
    for file in files:
        names = tuple(set(file.columns) - {*config.key, config.time})
        if set(config.key) <= set(file.columns):
            told += file.rows * TableColumns(number=0, key=config.key, numbers=names, texts=()).row.itemsize
    return told


def spill_covariates(
    path: Path,
    demand: ShardedDemand,
    config: ForecastConfig,
    findings: Findings,
    *,
    workers: Workers,
    sizes: Sizes,
) -> SpilledCovariates:
    """Reads every covariate file at or below a path.

    Files of the same columns make a table. Its key are those columns that the demand's key has, too; the demand itself,
    should it be among the others, is left out.

    Args:
        path: A Parquet or CSV file, or a folder of them.
        demand: Says where the shards are, and of which types the keys are.
        config: Names the key and time columns.
        findings: Takes note of all that is wrong.
        workers: Do the reading.
        sizes: How large batches are.
    """
    try:
        files = open_tables(path, _wanted(config), findings, source=SOURCE)
    except InputError as error:
        findings.state(str(error))
        return SpilledCovariates()
    tables: dict[frozenset[str], list[TableFile]] = {}
    for file in files:
        tables.setdefault(frozenset(file.columns), []).append(file)
    own_columns = [name for columns in tables for name in columns - {*config.key, config.time}]
    working = sorted(set(own_columns) & set(WORKING_COLUMNS))
    if working:
        findings.state(f"covariates: a column cannot be named {', '.join(working)}; rename it")
        return SpilledCovariates()
    twice = sorted({name for name in own_columns if own_columns.count(name) > 1})
    if twice:
        findings.state(
            f"covariates: {', '.join(twice)} is in files of different columns; give files of one table the same columns"
        )
        return SpilledCovariates()
    spilled, ignored = [], []
    for number, columns in enumerate(sorted(tables, key=sorted)):
        table, reasons = _spill_table(number, tables[columns], demand, config, findings, workers, sizes)
        spilled += [table] if table.schema.names else []
        ignored += reasons
    return SpilledCovariates(tuple(spilled), tuple(ignored))


def _wanted(config: ForecastConfig) -> Callable[[list[str]], list[str]]:
    """Chooses the columns to read: all but the target, and the time in any case, so that its lack is told."""
    return lambda header: [config.time, *(name for name in header if name not in (config.time, config.target))]


def _spill_table(
    number: int,
    files: Sequence[TableFile],
    demand: ShardedDemand,
    config: ForecastConfig,
    findings: Findings,
    workers: Workers,
    sizes: Sizes,
) -> tuple[SpilledTable, list[str]]:
    key = tuple(name for name in config.key if name in files[0].columns)
    types = common_types(files, [name for name in files[0].columns if name != config.time])
    columns = sorted(name for name in types if name not in key)  # whatever their order in the files
    kinds = {name: types[name] for name in columns}
    read_as_text = [name for name in columns if kinds[name] == pl.String and not all(file.typed for file in files)]
    kinds |= dict.fromkeys(_numbers_among(read_as_text, files), pl.Float64())
    numbers = [name for name, dtype in kinds.items() if dtype.is_numeric() or dtype == pl.Boolean]
    texts = [name for name, dtype in kinds.items() if dtype == pl.String]
    ignored = [f"{name} (neither number nor text)" for name in columns if name not in (*numbers, *texts)]
    table = TableColumns(number=number, key=key, numbers=tuple(numbers), texts=tuple(texts))
    shards = demand.shards if key == config.key else 1
    key_types = {name: demand.types[name] for name in key}
    rows = sum(file.rows for file in files)
    require_space(demand.folder, rows * table.row.itemsize)
    tasks = [
        _Task(
            parts=tuple(parts),
            table=table,
            key_types=key_types,
            types=types,
            time=config.time,
            folder=demand.folder,
            writer=writer,
            shards=shards,
            batch=sizes.rows_per_batch,
        )
        for writer, parts in enumerate(split(files, min(workers.count, sizes.worthwhile_workers(rows))))
    ]
    results = list(workers.map(_spill, tasks))
    for result in results:
        findings.absorb(result.findings)
    categories = {}
    for name in texts:
        found = all_categories(result.categories[name] for result in results)
        if found is None:
            ignored.append(f"{name} (text with more than {MOST_CATEGORIES} different values)")
        else:
            categories[name] = found
    positive = tuple(name for name in numbers if 0 < min(result.lowest[name] for result in results) < float("inf"))
    last_day = {name: max(result.last_day[name] for result in results) for name in table.names}
    own_codes = tuple(result.categories for result in results)
    return SpilledTable(
        columns=table,
        folder=demand.folder,
        of_series=key == config.key,
        schema=CovariateSchema(numeric=table.numbers, categorical=categories, positive=positive, known_until=last_day),
        own_codes=own_codes,
    ), ignored


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


def _numbers_among(columns: list[str], files: Sequence[TableFile]) -> list[str]:
    """Which columns of text hold nothing but numbers, in all files."""
    if not columns:
        return []
    texts = pl.DataFrame({name: [True] for name in columns})
    for file in files:
        try:
            for batch in file.batches(1_000_000):
                given = (pl.col(name) for name in columns)
                read = [column.cast(pl.Float64, strict=False).null_count() == column.null_count() for column in given]
                texts = pl.concat([texts, batch.select(read)])
        except UnreadableFileError:
            continue  # it is noted when its rows are read
    return [name for name in columns if texts[name].all()]
