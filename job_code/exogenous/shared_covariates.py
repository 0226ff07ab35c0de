"""Prepare covariates that many series share, in folders that all chunks use."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from job_code.demand.run_context import RunContext
from job_code.exogenous.covariate_store import StoredCovariates, StoredTable
from job_code.exogenous.covariates import CovariateTable
from job_code.exogenous.public_holidays import HOLIDAY_COLUMNS, holiday_table
from job_code.exogenous_files.covariate_alignment import align_rows
from job_code.exogenous_files.covariate_counts import TableCounts, Window
from job_code.exogenous_files.covariate_problem_report import report_covariate_problems
from job_code.exogenous_files.covariate_problems import Problems
from job_code.exogenous_files.covariate_schema import CovariateSchema
from job_code.exogenous_files.covariate_shuffle_files import NO_GROUP, ShuffledTable, group_of
from job_code.exogenous_files.shuffled_covariates import ShuffledCovariates
from job_code.series.frequency import Frequency
from job_code.tables.key_hashes import Hashes
from job_code.tables.validation_report import ValidationReport


def store_covariates(
    shuffled: ShuffledCovariates,
    frequency: Frequency,
    span: tuple[int, int],
    window: Window,
    context: RunContext,
    findings: ValidationReport,
    *,
    known: Mapping[str, tuple[str, ...]] | None = None,
) -> StoredCovariates:
    """Return the location of each table, and write the shared tables.

    Args:
        shuffled: All tables, with their files.
        frequency: Calendar of the demand.
        span: First and last period that the run needs.
        window: The periods around the end of the demand.
        context: The run. The shared tables go to its `chunks` folder.
        findings: Takes the invalid rows and names of the shared tables.
        known: Categories of a trained model, by column.
    """
    config, folder = context.config, context.chunks
    problems, tables = Problems(), []
    counts: dict[int, TableCounts] = {}
    for table in shuffled.tables:
        if table.per_series:
            columns = table.columns
            tables.append(StoredTable(number=columns.number, key=columns.key, schema=table.schema, folder=None))
        else:
            into = folder / f"covariates-{table.columns.number}"
            stored, counts[table.columns.number] = share_table(table, frequency, span, window, problems, into)
            tables.append(stored)
    if config.country_holidays is not None and not findings.messages():  # an invalid cutoff may be centuries away
        into = folder / "covariates-holidays"
        tables.append(share_holidays(config.country_holidays, len(tables), frequency, span, into, known=known or {}))
    names = [name for table in tables for name in table.schema.names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        findings.add_message(f"covariates: {', '.join(twice)} is also the name of a public-holiday column. Rename it")
    report_covariate_problems(problems, shuffled, frequency, findings)
    return StoredCovariates(tuple(tables), config.horizon, counts=counts)


def share_table(
    table: ShuffledTable, frequency: Frequency, span: tuple[int, int], window: Window, problems: Problems, folder: Path
) -> tuple[StoredTable, TableCounts]:
    """Write a table with a shorter key than the demand to a folder that all chunks use.

    The table can be large, e.g. for a chain with many articles. Memory: the rows of one shard. All rows of a table
    without a key are in one shard.

    Args:
        table: The table in shuffle files, which are deleted.
        frequency: Calendar of the demand.
        span: First and last period that the run needs.
        window: The periods around the end of the demand, for the counts.
        problems: Takes the counts of invalid rows.
        folder: Folder to create. It must not exist.
    """
    folder.mkdir()
    columns, schema = table.columns, table.schema
    groups = pl.concat(_groups_of(table, shard, frequency, span) for shard in range(table.shards)).sort("hash")
    hashes, first, last = (groups[name].to_numpy() for name in groups.columns)
    stored = StoredTable(number=columns.number, key=columns.key, schema=schema, folder=folder)
    lengths = last - first + 1
    values = _nan_array(stored.file(folder), len(schema.names), int(lengths.sum()))
    shared, counts = CovariateTable(list(values), first, lengths), TableCounts.none(len(schema.names))
    for shard in range(table.shards):
        rows = table.read(shard)
        table.delete(shard)
        known = pl.Series(rows.hash).unique().to_numpy()
        own = align_rows(rows, known, frequency, problems, table=table)
        counts += TableCounts.of(own, schema, window)
        shared.put(group_of(known, hashes, NO_GROUP)[own.series], own.period, own.values, schema.held)
    values.flush()
    _save_groups(shared, hashes, folder)
    return stored, counts


def _groups_of(table: ShuffledTable, shard: int, frequency: Frequency, span: tuple[int, int]) -> pl.DataFrame:
    """Return the first and last period of each key of a shard within the span. Held values last to its end."""
    rows, is_held = table.read(shard), any(table.schema.held)
    dated = pl.DataFrame({"hash": rows.hash, "period": frequency.periods(rows.moment).astype(np.int64)})
    if is_held:
        dated = dated.with_columns(pl.col("period").clip(lower_bound=span[0]))
    inside = dated.filter(pl.col("period").is_between(*span))
    last = pl.lit(span[1]) if is_held else pl.col("period").max()
    return inside.group_by("hash").agg(first=pl.col("period").min(), last=last.cast(pl.Int64))


def share_holidays(
    country: str,
    number: int,
    frequency: Frequency,
    span: tuple[int, int],
    folder: Path,
    *,
    known: Mapping[str, tuple[str, ...]],
) -> StoredTable:
    """Write the public holidays of a country to a folder that all chunks use.

    Args:
        country: Configured country or region.
        number: Number of the table, part of the file names.
        frequency: Calendar of the demand.
        span: First and last period that the run needs.
        folder: Folder to create. It must not exist.
        known: Categories of a trained model, by column.
    """
    folder.mkdir()
    columns = tuple(f"{country} {name}" for name in HOLIDAY_COLUMNS)
    shared, names = holiday_table(country, frequency, *span, known=known.get(columns[0]))
    schema = CovariateSchema(categorical=dict.fromkeys(columns, names))
    stored = StoredTable(number=number, key=(), schema=schema, folder=folder)
    np.save(stored.file(folder), np.array(shared.values))
    _save_groups(shared, np.zeros(1, np.uint64), folder)
    return stored


def _nan_array(file: Path, columns: int, cells: int) -> "np.memmap[tuple[int, int], np.dtype[np.float32]]":
    """Return a memory-mapped array of NaN. All bytes are written first, so a full disk fails the write, not the map."""
    with file.open("wb") as opened:
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False}
        np.lib.format.write_array_header_1_0(opened, {**header, "shape": (columns, cells)})
        for _ in range(columns):
            np.full(cells, np.nan, np.float32).tofile(opened)
    values: np.memmap[tuple[int, int], np.dtype[np.float32]] = np.load(file, mmap_mode="r+")
    return values


def _save_groups(shared: CovariateTable, hashes: Hashes, folder: Path) -> None:
    np.save(folder / "first_period.npy", shared.first_period)
    np.save(folder / "lengths.npy", shared.lengths)
    np.save(folder / "hashes.npy", hashes)
