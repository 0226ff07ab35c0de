"""Clean demand batch by batch: convert the columns to valid types and report every invalid row."""

from dataclasses import replace

import polars as pl

from job_code.config import ForecastConfig
from job_code.tables.file_splits import Batch
from job_code.tables.key_columns import cast_keys, key_checks, with_plain_text
from job_code.tables.row_checks import RowCheck, drop_bad_rows, infinite_check
from job_code.tables.validation_report import ValidationReport
from job_code.times.moments import MOMENT, TimeColumn
from job_code.times.zone_use import ZoneKinds

SOURCE = "demand"
VALUE = "_value"
IN_STOCK_SHARE = "_in_stock_share"


def clean_demand(
    batch: Batch,
    types: dict[str, pl.DataType],
    config: ForecastConfig,
    findings: ValidationReport,
    *,
    time: TimeColumn,
) -> tuple[pl.DataFrame, ZoneKinds]:
    """Convert one batch of a demand file to valid types.

    Args:
        batch: Key, time and target columns with the types of the file.
        types: Types of the key columns, from `key_types`.
        config: Names of the columns.
        findings: Takes the invalid rows.
        time: The time column, as all files show it.

    Returns:
        Valid rows, and rows whose text in the target counts as missing. Columns: the key columns, `_moment` (Int32),
        `_value` (Float32, null if missing) and, if an in-stock column is configured, `_in_stock_share` (Float32).
        Also the kinds of times of all rows.
    """
    target = config.target
    rows = with_plain_text(batch.rows)
    own = rows.schema
    rows, time_checks, kinds = time.read(rows.with_columns(_to_number(own[target], pl.col(target)).alias(VALUE)))
    not_null, value = pl.col(target).is_not_null(), pl.col(VALUE)
    if rows.schema[target] == pl.String:
        not_null &= pl.col(target).str.strip_chars() != ""
    checks = (
        key_checks(own, types)
        | time_checks
        | {
            "text": RowCheck(
                columns=(target,),
                wrong=not_null & value.is_null(),
                problem=f"with something other than a number in {target}",
                remedy="Replace the values by numbers, or leave them empty",
                keeps=True,
            ),
            "infinite": infinite_check(target, value),
        }
    )
    kept = [*cast_keys(own, types), pl.col(MOMENT), value.fill_nan(None).cast(pl.Float32)]
    if config.in_stock_column is not None:
        column, dtype = pl.col(config.in_stock_column), rows.schema[config.in_stock_column]
        share = column.cast(pl.Float64) if dtype == pl.Boolean else _to_number(dtype, column).fill_nan(None)
        not_missing = column.is_not_nan() if dtype.is_float() else column.is_not_null()
        checks["in_stock_column"] = RowCheck(
            columns=(config.in_stock_column,),
            wrong=not_missing & ~share.is_between(0, 1).fill_null(False),
            problem=f"with something other than a share from 0 to 1 in {config.in_stock_column}",
            remedy="Write the in-stock share of the period, or leave it empty if it is unknown",
        )
        kept.append(share.fill_null(1.0).cast(pl.Float32).alias(IN_STOCK_SHARE))
    return drop_bad_rows(replace(batch, rows=rows), checks, findings, source=SOURCE).select(kept), kinds


def _to_number(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    if dtype.is_numeric():
        return column.cast(pl.Float64)
    if dtype == pl.String:
        return column.str.strip_chars().cast(pl.Float64, strict=False)
    return pl.lit(None, dtype=pl.Float64)
