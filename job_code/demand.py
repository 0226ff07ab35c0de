"""Cleans demand batch by batch into sound types, noting every row that has none."""

from collections.abc import Sequence

import polars as pl

from job_code.config import ForecastConfig
from job_code.findings import Findings
from job_code.row_checks import DAY, RowCheck, day_checks, drop_bad_rows, to_day
from job_code.table_files import TableFile

SOURCE = "demand"
VALUE = "_value"
ON_SALE = "_on_sale"
LARGEST = 1e30  # forecasts are 32-bit numbers, which end at 3.4e38


def common_types(files: Sequence[TableFile], columns: Sequence[str]) -> dict[str, pl.DataType]:
    """The type each column has over all files.

    A column that is a number in some files and something else in others is text in all; an empty file says nothing.
    """
    telling = [file for file in files if file.rows] or list(files)
    common = {}
    for column in columns:
        types = {_plain(file.columns[column]) for file in telling}
        if len(types) > 1:
            types.discard(pl.Null())  # what is null in one file says nothing of the others
            if any(dtype.is_numeric() for dtype in types):
                types = {pl.Int8() if dtype == pl.Boolean else dtype for dtype in types}
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
        Key columns, `_day` (Date) and `_value` (Float32, null where the value is missing); and `_on_sale` (Float32),
        where a column for it is configured.
    """
    rows = clean_key(batch, types, findings, source=SOURCE)
    time, target = config.time, config.target
    rows = rows.with_columns(
        to_day(rows.schema[time], time).alias(DAY),
        _to_number(rows.schema[target], pl.col(target)).alias(VALUE),
    )
    given, value = pl.col(target).is_not_null(), pl.col(VALUE)
    if rows.schema[target] == pl.String:
        given &= pl.col(target).str.strip_chars() != ""
    checks = day_checks(rows.schema[time], time) | {
        "text": RowCheck(
            target,
            given & value.is_null(),
            f"with something other than a number in {target}",
            "give numbers",
            keeps=True,
        ),
        "infinite": RowCheck(
            target,
            value.is_not_nan() & (value.abs() > LARGEST),
            f"with an infinite value, or one beyond {LARGEST:.0e}, in {target}",
            "give finite numbers",
        ),
    }
    kept = [*config.key, DAY, value.fill_nan(None).cast(pl.Float32)]
    if config.available is not None:
        given, dtype = pl.col(config.available), rows.schema[config.available]
        share = given.cast(pl.Float64) if dtype == pl.Boolean else _to_number(dtype, given).fill_nan(None)
        told = given.is_not_nan() if dtype.is_float() else given.is_not_null()
        checks["available"] = RowCheck(
            config.available,
            told & ~share.is_between(0, 1).fill_null(False),
            f"with something other than a share from 0 to 1 in {config.available}",
            "give the share of the period on sale, or nothing where it is not known",
        )
        kept.append(share.fill_null(1.0).cast(pl.Float32).alias(ON_SALE))
    return drop_bad_rows(rows, checks, name, findings, source=SOURCE).select(kept)


def _plain(dtype: pl.DataType) -> pl.DataType:
    """Dictionary-encoded text is text."""
    return pl.String() if isinstance(dtype, pl.Categorical | pl.Enum) else dtype


def _to_number(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if dtype.is_numeric():
        return column.cast(pl.Float64)
    if dtype == pl.String:
        return column.str.strip_chars().cast(pl.Float64, strict=False)
    return pl.lit(None, dtype=pl.Float64)
