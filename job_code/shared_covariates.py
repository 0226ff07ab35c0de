"""Covariates that many series have in common, put where all pieces of the demand find them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from job_code.config import ForecastConfig
from job_code.covariate_rows import align_rows, report_covariate_problems
from job_code.covariate_spill import SpilledTable, TableColumns
from job_code.covariate_store import StoredCovariates, StoredTable
from job_code.covariates import CovariateTable
from job_code.findings import Findings
from job_code.frequency import Frequency
from job_code.known_keys import Hashes
from job_code.public_holidays import BESIDE, holiday_table


def store_covariates(
    spilled: Sequence[SpilledTable],
    frequency: Frequency,
    config: ForecastConfig,
    span: tuple[int, int],
    findings: Findings,
    folder: Path,
) -> StoredCovariates:
    """Settles where each table will be; those of a shorter key than the demand's are put there at once.

    Args:
        spilled: All tables.
        frequency: The demand's calendar.
        config: Horizon, and the country whose holidays are among the covariates.
        span: First and last period that anything is asked of.
        findings: Takes note of what is wrong with the tables that are shared.
        folder: Where they go; it must exist.
    """
    problems, tables = Counter[str](), []
    for table in spilled:
        if table.of_series:
            tables.append(StoredTable(table, None))
        else:
            into = folder / f"covariates-{table.columns.number}"
            tables.append(share_table(table, frequency, span, problems, into))
    if config.country_holidays is not None and not findings.messages():  # a wrong cutoff may lie centuries away
        into = folder / "covariates-holidays"
        tables.append(share_holidays(config.country_holidays, len(tables), frequency, span, into))
    names = [name for table in tables for name in table.spilled.names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        findings.state(f"covariates: {', '.join(twice)} is the name of a column of public holidays, too; rename it")
    report_covariate_problems(problems, frequency, findings)
    return StoredCovariates(tuple(tables), config.horizon)


def share_table(
    table: SpilledTable, frequency: Frequency, span: tuple[int, int], problems: Counter[str], folder: Path
) -> StoredTable:
    """Puts a table of a shorter key than the demand's where all pieces find it.

    Args:
        table: As it was spilled.
        frequency: The demand's calendar.
        span: First and last period that anything is asked of.
        problems: Takes the counts of what is wrong with it.
        folder: Where it goes; it must not exist.
    """
    folder.mkdir()
    spilled = table.read(0)
    hashes = np.unique(spilled.hash)
    rows = align_rows(spilled, hashes, frequency, problems)
    inside = (rows.period >= span[0]) & (rows.period <= span[1])
    first = np.full(len(hashes), span[1])
    last = np.full(len(hashes), span[0] - 1)
    np.minimum.at(first, rows.series[inside], rows.period[inside])
    np.maximum.at(last, rows.series[inside], rows.period[inside])
    shared = CovariateTable.empty(len(table.names), first, np.maximum(last - first + 1, 0))
    shared.put(rows.series, rows.period, rows.values)
    return _share(table, shared, hashes, folder)


def share_holidays(country: str, number: int, frequency: Frequency, span: tuple[int, int], folder: Path) -> StoredTable:
    """Puts a country's public holidays where all pieces find them.

    Args:
        country: As the configuration has it.
        number: Tells the table from others.
        frequency: The demand's calendar.
        span: First and last period that anything is asked of.
        folder: Where it goes; it must not exist.
    """
    folder.mkdir()
    shared, names = holiday_table(country, frequency, *span)
    columns = tuple(f"{country} {name}" for name in BESIDE)
    table = SpilledTable(TableColumns(number, (), (), columns), folder, False, dict.fromkeys(columns, names), (), ())
    return _share(table, shared, np.zeros(1, np.uint64), folder)


def _share(table: SpilledTable, shared: CovariateTable, hashes: Hashes, folder: Path) -> StoredTable:
    stored = StoredTable(table, folder)
    np.save(stored.file(folder), shared.values)
    np.save(folder / "first_period.npy", shared.first_period)
    np.save(folder / "lengths.npy", shared.lengths)
    np.save(folder / "hashes.npy", hashes)
    return stored
