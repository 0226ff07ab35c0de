"""Covariates that many series have in common, put where all chunks of the demand find them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from job_code.demand.run_context import RunContext
from job_code.exogenous.covariate_alignment import periods_of, report_covariate_problems
from job_code.exogenous.covariate_schema import CovariateSchema
from job_code.exogenous.covariate_shuffle_files import SpilledTable, group_of
from job_code.exogenous.covariate_store import StoredCovariates, StoredTable
from job_code.exogenous.covariates import NO_GROUP, CovariateTable
from job_code.exogenous.public_holidays import BESIDE, holiday_table
from job_code.series.frequency import Frequency
from job_code.tables.key_hashes import Hashes, hash_keys
from job_code.tables.validation_report import ValidationReport

OF_A_ROW = ("hash", "period")


def store_covariates(
    spilled: Sequence[SpilledTable],
    frequency: Frequency,
    span: tuple[int, int],
    context: RunContext,
    findings: ValidationReport,
    *,
    known: Mapping[str, tuple[str, ...]] | None = None,
) -> StoredCovariates:
    """Settle where each table will be; those of a shorter key than the demand's are put there at once.

    Args:
        spilled: All tables.
        frequency: The demand's calendar.
        span: First and last period that anything is asked of.
        context: The run; the shared tables go beside the prepared demand.
        findings: Takes note of what is wrong with the tables that are shared.
        known: What text means to a model that was trained before, by column.
    """
    config, folder = context.config, context.chunks
    problems, tables = Counter[str](), []
    for table in spilled:
        if table.of_series:
            columns = table.columns
            tables.append(StoredTable(number=columns.number, key=columns.key, schema=table.schema, folder=None))
        else:
            into = folder / f"covariates-{table.columns.number}"
            tables.append(share_table(table, frequency, span, problems, into, context.sizes.rows_per_batch))
    if config.country_holidays is not None and not findings.messages():  # a wrong cutoff may lie centuries away
        into = folder / "covariates-holidays"
        tables.append(share_holidays(config.country_holidays, len(tables), frequency, span, into, known=known or {}))
    names = [name for table in tables for name in table.schema.names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        findings.state(f"covariates: {', '.join(twice)} is the name of a column of public holidays, too; rename it")
    report_covariate_problems(problems, frequency, findings)
    return StoredCovariates(tuple(tables), config.horizon)


def share_table(
    table: SpilledTable, frequency: Frequency, span: tuple[int, int], problems: Counter[str], folder: Path, batch: int
) -> StoredTable:
    """Puts a table of a shorter key than the demand's where all chunks find it.

    It may be large where a chain has many articles: what is in memory is a batch, and a byte for each of its cells.

    Args:
        table: As it was spilled.
        frequency: The demand's calendar.
        span: First and last period that anything is asked of.
        problems: Takes the counts of what is wrong with it.
        folder: Where it goes; it must not exist.
        batch: Rows to work through at a time.
    """
    folder.mkdir()
    groups = pl.DataFrame(schema={"hash": pl.UInt64, "first": pl.Int64, "last": pl.Int64})
    for rows in table.batches(0, batch):
        dated = pl.DataFrame({"hash": rows.hash, "period": periods_of(rows.day, frequency, problems)})
        inside = dated.filter(pl.col("period").is_between(*span))
        seen = inside.group_by("hash").agg(first=pl.col("period").min(), last=pl.col("period").max())
        groups = pl.concat([groups, seen]).group_by("hash").agg(pl.col("first").min(), pl.col("last").max())
    groups = groups.sort("hash")
    hashes, first, last = (groups[name].to_numpy() for name in groups.columns)
    columns, schema = table.columns, table.schema
    stored = StoredTable(number=columns.number, key=columns.key, schema=schema, folder=folder)
    lengths = last - first + 1
    cells = int(lengths.sum())
    values = _unknown(stored.file(folder), len(schema.names), cells)
    outside: list[Hashes] = []
    shared, filled = CovariateTable(list(values), first, lengths), np.zeros(cells, dtype=bool)
    for rows in table.batches(0, batch):
        group = group_of(rows.hash, hashes, NO_GROUP)
        period = periods_of(rows.day, frequency, Counter())
        at = shared.put(group, period, rows.values)
        unused = (period < span[0]) | (period > span[1])
        # Rows that are of no use are few, and need only be told apart.
        outside.append(hash_keys(pl.DataFrame({"hash": rows.hash[unused], "period": period[unused]}), OF_A_ROW))
        new = np.unique(at[~filled[at]])
        problems["duplicates"] += len(at) - len(new)
        filled[new] = True
    unused_rows = np.concatenate(outside) if outside else np.empty(0, np.uint64)
    problems["duplicates"] += len(unused_rows) - len(np.unique(unused_rows))
    values.flush()
    table.delete(0)
    _save_groups(shared, hashes, folder)
    return stored


def share_holidays(
    country: str,
    number: int,
    frequency: Frequency,
    span: tuple[int, int],
    folder: Path,
    *,
    known: Mapping[str, tuple[str, ...]],
) -> StoredTable:
    """Puts a country's public holidays where all chunks find them.

    Args:
        country: As the configuration has it.
        number: Tells the table from others.
        frequency: The demand's calendar.
        span: First and last period that anything is asked of.
        folder: Where it goes; it must not exist.
        known: What text means to a model that was trained before, by column.
    """
    folder.mkdir()
    columns = tuple(f"{country} {name}" for name in BESIDE)
    shared, names = holiday_table(country, frequency, *span, known=known.get(columns[0]))
    schema = CovariateSchema(categorical=dict.fromkeys(columns, names))
    stored = StoredTable(number=number, key=(), schema=schema, folder=folder)
    np.save(stored.file(folder), np.array(shared.values))
    _save_groups(shared, np.zeros(1, np.uint64), folder)
    return stored


def _unknown(file: Path, columns: int, cells: int) -> "np.memmap[tuple[int, int], np.dtype[np.float32]]":
    """An array of NaN on disk, written out first: a full disk must show in a write, not when memory is mapped to it."""
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
