"""Reads the columns that describe a series and never change: category, brand, size of the shop."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from job_code.config import ForecastConfig
from job_code.demand import clean_key, concatenate, series_name
from job_code.errors import InputError
from job_code.findings import EXAMPLES, Findings
from job_code.table_files import find_files, read_tables

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

    Args:
        path: A Parquet or CSV file, or a folder of them.
        config: Names the key columns.
        findings: Takes note of all that is wrong.

    Returns:
        Key columns and all others, one row a series; nothing where the files are too unlike to be put together.
    """
    try:
        files = find_files(path, source=SOURCE)
    except InputError as error:
        findings.state(str(error))
        return pl.DataFrame()
    key = list(config.key)

    def wanted(header: list[str]) -> list[str]:
        return [*key, *(name for name in header if name not in key)]

    read = list(read_tables(path, files, wanted, findings, source=SOURCE))
    tables = [clean_key(table.rows, config.key, findings, source=SOURCE) for table in read]
    if len({tuple(sorted(table.columns)) for table in tables}) > 1:
        findings.state("static: the files have different columns; give all of them the same")
        return pl.DataFrame()
    if not tables:
        return pl.DataFrame()
    rows = concatenate([table.select(tables[0].columns) for table in tables], tables[0].columns)
    if not all(table.typed for table in read):
        rows = _numbers_from_text(rows, config.key)
    repeated = rows.select(key).filter(pl.struct(key).is_duplicated()).unique()
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
        given, wanted = rows.schema[name], keys.schema[name]
        if given.is_integer() and wanted.is_integer():
            rows = rows.with_columns(pl.col(name).cast(wanted, strict=False))
        elif given != wanted:
            rows, keys = (table.with_columns(pl.col(name).cast(pl.String)) for table in (rows, keys))
    found = keys.join(rows.select(key), on=key, how="semi").height
    joined = keys.join(rows, on=key, how="left", maintain_order="left")
    columns: list[pl.Series] = []
    categorical, ignored = [], []
    for column in joined.drop(key):
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
        pl.DataFrame(height=keys.height).with_columns(columns), tuple(categorical), tuple(ignored), keys.height - found
    )


def _numbers_from_text(rows: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """A CSV file's columns come as text; those that hold only numbers become numbers, but for the key."""
    texts = [name for name, dtype in rows.schema.items() if dtype == pl.String and name not in key]
    numbers = rows.select(pl.col(texts).cast(pl.Float64, strict=False))
    is_number = [name for name in texts if numbers[name].null_count() == rows[name].null_count()]
    return rows.with_columns(numbers[name] for name in is_number)
