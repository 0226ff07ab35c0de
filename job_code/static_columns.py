"""Reads the columns that describe a series and never change: category, brand, size of the shop."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from job_code.config import ForecastConfig
from job_code.demand import clean_key, concatenate, series_name
from job_code.findings import EXAMPLES, Findings
from job_code.table_files import Table, find_files, read_tables

SOURCE = "static"
MOST_CATEGORIES = 255  # beyond it a category says little of its own and LightGBM's search over splits grows slow


@dataclass(frozen=True)
class StaticColumns:
    """What is known of every series beside its demand.

    Attributes:
        columns: One row a series, in the panel's order; Float32, null where unknown, categories as whole numbers.
        categorical: Names of the columns that hold categories.
        ignored_columns: Columns that were given and are not used, each with the reason.
        series_without: Series of the panel without a row of their own.
    """

    columns: pl.DataFrame
    categorical: tuple[str, ...]
    ignored_columns: tuple[str, ...]
    series_without: int


def read_static(path: Path, config: ForecastConfig, findings: Findings) -> pl.DataFrame:
    """Reads every static file below a path.

    Returns:
        Key columns and all others, one row a series.

    Raises:
        InputError: If there are no files, or none that can be read.
    """
    files = find_files(path, source=SOURCE)
    key = list(config.key)

    def wanted(header: list[str]) -> list[str]:
        return [*key, *(name for name in header if name not in key)]

    tables = [
        clean_key(_numbers_from_text(table), config.key, findings, source=SOURCE)
        for table in read_tables(files, wanted, findings, source=SOURCE)
    ]
    if len({tuple(sorted(table.columns)) for table in tables}) > 1:
        findings.state("static: the files have different columns; give all of them the same")
    if not tables or findings.messages():
        findings.raise_if_any()
    rows = concatenate([table.select(tables[0].columns) for table in tables], tables[0].columns)
    repeated = rows.group_by(key).len().filter(pl.col("len") > 1)
    findings.add(
        SOURCE,
        "series",
        "with more than one row",
        remedy="keep one row per series",
        count=repeated.height,
        examples=[series_name(row) for row in repeated.sort(key).head(EXAMPLES).select(key).iter_rows()],
    )
    return rows


def encode_static(rows: pl.DataFrame, keys: pl.DataFrame) -> StaticColumns:
    """Lines static columns up with the panel's series and turns them into numbers.

    Args:
        rows: What `read_static` gave.
        keys: The panel's keys, one row a series.
    """
    key = keys.columns
    for name in key:
        if rows.schema[name] != keys.schema[name]:
            rows, keys = (table.with_columns(pl.col(name).cast(pl.String)) for table in (rows, keys))
    joined = keys.join(rows.with_columns(pl.lit(True).alias("_found")), on=key, how="left", maintain_order="left")
    columns: list[pl.Series] = []
    categorical, ignored = [], []
    for column in joined.drop(*key, "_found"):
        if column.dtype.is_numeric() or column.dtype == pl.Boolean:
            finite = column.cast(pl.Float32)
            columns.append(finite.set(finite.is_infinite().fill_null(False), None))
        elif column.dtype in (pl.String, pl.Categorical, pl.Enum):
            text = column.cast(pl.String)
            if text.n_unique() > MOST_CATEGORIES:
                ignored.append(f"{column.name} (text with more than {MOST_CATEGORIES} different values)")
                continue
            codes = text.unique().drop_nulls().sort()
            columns.append(text.replace_strict(codes, pl.arange(len(codes), eager=True), return_dtype=pl.Float32))
            categorical.append(column.name)
        else:
            ignored.append(f"{column.name} (neither number nor text)")
    return StaticColumns(
        pl.DataFrame(columns), tuple(categorical), tuple(ignored), int(joined["_found"].is_null().sum())
    )


def _numbers_from_text(table: Table) -> pl.DataFrame:
    """A CSV file's columns come as text; those that hold only numbers become numbers."""
    texts = [name for name, dtype in table.rows.schema.items() if dtype == pl.String]
    numbers = table.rows.select(pl.col(texts).cast(pl.Float64, strict=False))
    is_number = [name for name in texts if numbers[name].null_count() == table.rows[name].null_count()]
    return table.rows.with_columns(numbers[name] for name in is_number)
