"""Cleans demand batch by batch into sound types, noting every row that has none."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from job_code.config import ForecastConfig
from job_code.findings import EXAMPLES, Findings
from job_code.table_files import TableFile

SOURCE = "demand"
DAY = "_day"
VALUE = "_value"
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)  # beyond them a date is a placeholder, such as 9999-12-31
LARGEST = 1e30  # forecasts are 32-bit numbers, which end at 3.4e38
TEXT_DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


def common_types(files: Sequence[TableFile], columns: Sequence[str]) -> dict[str, pl.DataType]:
    """The type each column has over all files.

    A column that is a number in some files and something else in others is text in all; an empty file says nothing.
    """
    telling = [file for file in files if file.rows] or list(files)
    common = {}
    for column in columns:
        types = {_plain(file.columns[column]) for file in telling}
        if len(types) > 1:
            if all(dtype.is_numeric() for dtype in types):
                empty = [pl.DataFrame(schema={column: dtype}) for dtype in types]
                types = {pl.concat(empty, how="vertical_relaxed").schema[column]}
            else:
                types = {pl.String()}
        common[column] = types.pop()
    return common


def clean_key(rows: pl.DataFrame, types: dict[str, pl.DataType], findings: Findings, *, source: str) -> pl.DataFrame:
    """Gives the key its types, and drops, and notes, rows whose key is incomplete."""
    rows = rows.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))  # dictionary-encoded text is text
    rows = rows.with_columns(pl.col(name).cast(dtype) for name, dtype in types.items())
    incomplete = pl.any_horizontal(pl.col(name).is_null() for name in types)
    bad = int(rows.select(incomplete.sum()).item())
    findings.add(
        source,
        "row",
        f"without a complete key ({', '.join(types)})",
        remedy="every row needs all key columns",
        count=bad,
        examples=[],
    )
    return rows.filter(~incomplete) if bad else rows


def series_name(values: tuple[object, ...]) -> str:
    """How a message names a series: `A17` or `(A17, M2)`."""
    return str(values[0]) if len(values) == 1 else f"({', '.join(map(str, values))})"


def clean_demand(
    batch: pl.DataFrame, name: str, types: dict[str, pl.DataType], config: ForecastConfig, findings: Findings
) -> pl.DataFrame:
    """Gives one batch of a demand file sound types.

    Args:
        batch: Key, time and target columns as the file has them.
        name: The file's name, for messages.
        types: Types of the key columns, as `common_types` gave them.
        config: Names the columns.
        findings: Takes note of all that is wrong; rows that are noted are left out.

    Returns:
        Key columns, `_day` (Date) and `_value` (Float32, null where the value is missing).
    """
    rows = clean_key(batch, types, findings, source=SOURCE)
    rows = rows.with_columns(
        _to_day(rows.schema[config.time], pl.col(config.time)).alias(DAY),
        _to_number(rows.schema[config.target], pl.col(config.target)).alias(VALUE),
    )
    target, day, value = pl.col(config.target), pl.col(DAY), pl.col(VALUE)
    given = target.is_not_null()
    if rows.schema[config.target] == pl.String:
        given &= target.str.strip_chars() != ""
    problems = {
        "undated": day.is_null(),
        "implausible": ~day.is_between(EARLIEST, LATEST),
        "text": given & value.is_null(),
        "infinite": value.is_not_nan() & (value.abs() > LARGEST),
        "timed": _has_time_of_day(rows.schema[config.time], pl.col(config.time)),
    }
    counts = rows.select(problem.fill_null(False).sum().alias(kind) for kind, problem in problems.items()).row(0)
    if any(counts):  # almost never: looked at once for all, and again only then
        _note_problems(rows, problems, name, config, findings)
        rows = rows.filter(day.is_not_null() & ~problems["implausible"] & ~problems["infinite"].fill_null(False))
    return rows.select(*config.key, DAY, value.fill_nan(None).cast(pl.Float32))


def _note_problems(
    rows: pl.DataFrame, problems: dict[str, pl.Expr], name: str, config: ForecastConfig, findings: Findings
) -> None:
    time, target = config.time, config.target
    described = {
        "undated": (time, f"without a readable date in {time}", "give dates as a date type or as text like 2026-11-16"),
        "implausible": (
            time,
            f"dated before {EARLIEST.year} or after {LATEST.year} in {time}",
            "give the real dates, or leave the rows out",
        ),
        "text": (target, f"with something other than a number in {target}", "give numbers"),
        "infinite": (
            target,
            f"with an infinite value, or one beyond {LARGEST:.0e}, in {target}",
            "give finite numbers",
        ),
        "timed": (time, f"with a time of day in {time}", "give one row a period, dated by day"),
    }
    for kind, (column, problem, remedy) in described.items():
        bad = rows.filter(problems[kind])
        values = bad[column].head(EXAMPLES).to_list()
        shown = [f"{repr(value) if isinstance(value, str) else value} in {name}" for value in values]
        findings.add(SOURCE, "row", problem, remedy=remedy, count=bad.height, examples=shown)


def _plain(dtype: pl.DataType) -> pl.DataType:
    """Dictionary-encoded text is text."""
    return pl.String() if isinstance(dtype, pl.Categorical | pl.Enum) else dtype


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
