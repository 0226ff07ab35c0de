"""Reads demand into one table of clean types, noting every row that has none."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from job_code.config import ForecastConfig
from job_code.findings import EXAMPLES, Findings
from job_code.table_files import Table, find_files, read_tables

SOURCE = "demand"
DAY = "_day"
VALUE = "_value"
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)  # beyond them a date is a placeholder, such as 9999-12-31
LARGEST = 1e30  # forecasts are 32-bit numbers, which end at 3.4e38
TEXT_DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True)
class Demand:
    """Demand as it was given, with sound types.

    Attributes:
        rows: Key columns, `_day` (Date) and `_value` (Float64, null where the value is missing).
        files: Number of files read.
        ignored_columns: Columns found beside the configured ones, which this run does not use.
    """

    rows: pl.DataFrame
    files: int
    ignored_columns: tuple[str, ...]


def read_demand(path: Path, config: ForecastConfig, findings: Findings) -> Demand:
    """Reads every demand file below a path.

    Args:
        path: A Parquet or CSV file, or a folder of them.
        config: Names the key, time and target columns.
        findings: Takes note of all that is wrong; rows that are noted are left out.

    Raises:
        InputError: If there are no files, or none that can be read.
    """
    files = find_files(path, source=SOURCE)
    wanted = [*config.key, config.time, config.target]
    tables, ignored = [], set[str]()
    for table in read_tables(path, files, lambda _: wanted, findings, source=SOURCE):
        tables.append(_clean(table, config, findings))
        ignored |= set(table.other_columns)
    if not tables:
        findings.raise_if_any()
    rows = concatenate(tables, list(config.key))
    if rows.is_empty() and not findings.messages():
        findings.add(SOURCE, "file", "without a single row", remedy="upload demand", count=len(files), examples=[])
    if rows.is_empty():
        findings.raise_if_any()
    return Demand(rows, len(files), tuple(sorted(ignored)))


def concatenate(tables: list[pl.DataFrame], key: list[str]) -> pl.DataFrame:
    """Stacks tables; a key column that is a number in some of them and something else in others becomes text in all."""
    tables = [table for table in tables if table.height] or tables[:1]  # an empty file says nothing about types
    for column in key:
        types = {table.schema[column] for table in tables}
        if len(types) > 1 and not all(dtype.is_numeric() for dtype in types):
            tables = [table.with_columns(pl.col(column).cast(pl.String)) for table in tables]
    return pl.concat(tables, how="vertical_relaxed")


def clean_key(rows: pl.DataFrame, key: tuple[str, ...], findings: Findings, *, source: str) -> pl.DataFrame:
    """Drops, and notes, rows whose key is incomplete; dictionary-encoded text becomes plain text."""
    rows = rows.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    incomplete = pl.any_horizontal(pl.col(name).is_null() for name in key)
    bad = rows.filter(incomplete)
    findings.add(
        source,
        "row",
        f"without a complete key ({', '.join(key)})",
        remedy="every row needs all key columns",
        count=bad.height,
        examples=[],
    )
    return rows.filter(~incomplete) if bad.height else rows


def series_name(values: tuple[object, ...]) -> str:
    """How a message names a series: `A17` or `(A17, M2)`."""
    return str(values[0]) if len(values) == 1 else f"({', '.join(map(str, values))})"


def _clean(table: Table, config: ForecastConfig, findings: Findings) -> pl.DataFrame:
    rows = clean_key(table.rows, config.key, findings, source=SOURCE)
    rows = rows.with_columns(
        _to_day(rows.schema[config.time], pl.col(config.time)).alias(DAY),
        _to_number(rows.schema[config.target], pl.col(config.target)).alias(VALUE),
    )
    target, day, value = pl.col(config.target), pl.col(DAY), pl.col(VALUE)
    _note(
        rows.filter(day.is_null()),
        config.time,
        f"without a readable date in {config.time}",
        remedy="give dates as a date type or as text like 2026-11-16",
        table=table,
        findings=findings,
    )
    implausible = ~day.is_between(EARLIEST, LATEST)
    _note(
        rows.filter(implausible),
        config.time,
        f"dated before {EARLIEST.year} or after {LATEST.year} in {config.time}",
        remedy="give the real dates, or leave the rows out",
        table=table,
        findings=findings,
    )
    given = target.is_not_null()
    if rows.schema[config.target] == pl.String:
        given &= target.str.strip_chars() != ""
    _note(
        rows.filter(given & value.is_null()),
        config.target,
        f"with something other than a number in {config.target}",
        remedy="give numbers",
        table=table,
        findings=findings,
    )
    infinite = value.is_not_nan() & (value.abs() > LARGEST)
    _note(
        rows.filter(infinite),
        config.target,
        f"with an infinite value, or one beyond {LARGEST:.0e}, in {config.target}",
        remedy="give finite numbers",
        table=table,
        findings=findings,
    )
    _note(
        rows.filter(_has_time_of_day(rows.schema[config.time], pl.col(config.time))),
        config.time,
        f"with a time of day in {config.time}",
        remedy="give one row a period, dated by day",
        table=table,
        findings=findings,
    )
    sound = day.is_not_null() & ~implausible & ~infinite.fill_null(False)
    return rows.filter(sound).select(*config.key, DAY, value.fill_nan(None))


def _note(bad: pl.DataFrame, column: str, problem: str, *, remedy: str, table: Table, findings: Findings) -> None:
    values = bad[column].head(EXAMPLES).to_list() if bad.height else []
    shown = [f"{repr(value) if isinstance(value, str) else value} in {table.name}" for value in values]
    findings.add(SOURCE, "row", problem, remedy=remedy, count=bad.height, examples=shown)


def _to_day(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if dtype == pl.Date:
        return column
    if isinstance(dtype, pl.Datetime):
        return column.dt.date()  # the local date of a zoned timestamp
    if dtype == pl.String:
        return _moment(column).dt.date()
    return pl.lit(None, dtype=pl.Date)


def _has_time_of_day(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if not isinstance(dtype, pl.Datetime | pl.String):
        return pl.lit(False)
    moment = column if isinstance(dtype, pl.Datetime) else _moment(column)
    return moment.dt.time() != pl.time(0, 0, 0)


def _moment(column: pl.Expr) -> pl.Expr:
    text = column.str.strip_chars()
    days = text.str.to_date(TEXT_DATE_FORMATS[0], strict=False).cast(pl.Datetime("us"))
    return pl.coalesce(
        days, *(text.str.to_datetime(form, strict=False, time_unit="us") for form in TEXT_DATE_FORMATS[1:])
    )


def _to_number(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if dtype.is_numeric():
        return column.cast(pl.Float64)
    if dtype == pl.String:
        return column.str.strip_chars().cast(pl.Float64, strict=False)
    return pl.lit(None, dtype=pl.Float64)
