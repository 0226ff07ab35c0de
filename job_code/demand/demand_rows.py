"""Cleans demand batch by batch into sound types, noting every row that has none."""

import polars as pl

from job_code.config import ForecastConfig
from job_code.tables.key_columns import clean_key
from job_code.tables.row_checks import DAY, RowCheck, day_checks, drop_bad_rows, to_day
from job_code.tables.validation_report import ValidationReport

SOURCE = "demand"
VALUE = "_value"
ON_SALE = "_on_sale"
LARGEST = 1e30  # forecasts are 32-bit numbers, which end at 3.4e38


def clean_demand(
    batch: pl.DataFrame, name: str, types: dict[str, pl.DataType], config: ForecastConfig, findings: ValidationReport
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
    if config.in_stock_column is not None:
        given, dtype = pl.col(config.in_stock_column), rows.schema[config.in_stock_column]
        share = given.cast(pl.Float64) if dtype == pl.Boolean else _to_number(dtype, given).fill_nan(None)
        told = given.is_not_nan() if dtype.is_float() else given.is_not_null()
        checks["in_stock_column"] = RowCheck(
            config.in_stock_column,
            told & ~share.is_between(0, 1).fill_null(False),
            f"with something other than a share from 0 to 1 in {config.in_stock_column}",
            "give the share of the period on sale, or nothing where it is not known",
        )
        kept.append(share.fill_null(1.0).cast(pl.Float32).alias(ON_SALE))
    return drop_bad_rows(rows, checks, name, findings, source=SOURCE).select(kept)


def _to_number(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if dtype.is_numeric():
        return column.cast(pl.Float64)
    if dtype == pl.String:
        return column.str.strip_chars().cast(pl.Float64, strict=False)
    return pl.lit(None, dtype=pl.Float64)
