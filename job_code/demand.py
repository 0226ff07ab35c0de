"""Reads demand into one table of clean types, noting every row that has none."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from job_code.config import ForecastConfig
from job_code.findings import EXAMPLES, Findings
from job_code.table_files import Table, find_files, read_tables

SOURCE = "demand"
DAY = "_day"
VALUE = "_value"
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
    for table in read_tables(files, lambda _: wanted, findings, source=SOURCE):
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
    """Stacks tables; a key column whose type differs between them becomes text in all."""
    for column in key:
        if len({table.schema[column] for table in tables}) > 1:
            tables = [table.with_columns(pl.col(column).cast(pl.String)) for table in tables]
    return pl.concat(tables)


def clean_key(rows: pl.DataFrame, key: tuple[str, ...], findings: Findings, *, source: str) -> pl.DataFrame:
    """Drops, and notes, rows whose key is incomplete; dictionary-encoded text becomes plain text."""
    encoded = [name for name in key if rows.schema[name] in (pl.Categorical, pl.Enum)]
    rows = rows.with_columns(pl.col(name).cast(pl.String) for name in encoded)
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
    time, target = pl.col(config.time), pl.col(config.target)
    _note(
        rows.filter(pl.col(DAY).is_null()),
        config.time,
        f"without a readable date in {config.time}",
        remedy="give dates as a date type or as text like 2026-11-16",
        table=table,
        findings=findings,
    )
    given = target.is_not_null() & (target.cast(pl.String, strict=False).str.strip_chars() != "")
    _note(
        rows.filter(given & pl.col(VALUE).is_null()),
        config.target,
        f"with something other than a number in {config.target}",
        remedy="give numbers",
        table=table,
        findings=findings,
    )
    _note(
        rows.filter(pl.col(VALUE).is_infinite()),
        config.target,
        f"with an infinite value in {config.target}",
        remedy="give finite numbers",
        table=table,
        findings=findings,
    )
    if isinstance(rows.schema[config.time], pl.Datetime):
        _note(
            rows.filter(time.dt.time() != pl.time(0, 0, 0)),
            config.time,
            f"with a time of day in {config.time}",
            remedy="give one row a period, dated by day",
            table=table,
            findings=findings,
        )
    sound = pl.col(DAY).is_not_null() & ~pl.col(VALUE).is_infinite().fill_null(False)
    value = pl.when(pl.col(VALUE).is_nan()).then(None).otherwise(pl.col(VALUE)).alias(VALUE)
    return rows.filter(sound).select(*config.key, DAY, value)


def _note(bad: pl.DataFrame, column: str, problem: str, *, remedy: str, table: Table, findings: Findings) -> None:
    shown = [f"{value!r} in {table.name}" for value in bad[column].head(EXAMPLES).to_list()] if bad.height else []
    findings.add(SOURCE, "row", problem, remedy=remedy, count=bad.height, examples=shown)


def _to_day(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if dtype == pl.Date:
        return column
    if isinstance(dtype, pl.Datetime):
        return column.dt.date()  # the local date of a zoned timestamp
    if dtype == pl.String:
        text = column.str.strip_chars()
        parsed = [text.str.to_datetime(form, strict=False, time_unit="us") for form in TEXT_DATE_FORMATS[1:]]
        return pl.coalesce(
            text.str.to_date(TEXT_DATE_FORMATS[0], strict=False), *(moment.dt.date() for moment in parsed)
        )
    return pl.lit(None, dtype=pl.Date)


def _to_number(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if dtype.is_numeric():
        return column.cast(pl.Float64)
    if dtype == pl.String:
        return column.str.strip_chars().cast(pl.Float64, strict=False)
    return pl.lit(None, dtype=pl.Float64)
