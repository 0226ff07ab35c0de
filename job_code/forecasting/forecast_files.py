"""Writes forecasts as Parquet files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from contract.s3.manifest import ManifestFile
from job_code.config import ForecastConfig
from job_code.series.arrays import Floats
from job_code.series.panel import Panel


@dataclass(frozen=True, kw_only=True)
class ForecastFile:
    """One file as the manifest lists it.

    Attributes:
        name: Name beside the manifest.
        rows: Rows it holds.
        bytes: Its size.
        sha256: Its checksum, hexadecimal.
    """

    name: str
    rows: int
    bytes: int
    sha256: str

    def to_dict(self) -> ManifestFile:
        """The fields by name."""
        return {"name": self.name, "rows": self.rows, "bytes": self.bytes, "sha256": self.sha256}


@dataclass(frozen=True)
class Forecast:
    """Forecasts of every series of a panel.

    Attributes:
        panel: The series.
        mean: Expected demand, shape (series, horizon).
        quantiles: Shape (series, horizon, levels), ascending over the levels.
    """

    panel: Panel
    mean: Floats
    quantiles: Floats

    @property
    def horizon(self) -> int:
        """Number of periods."""
        return int(self.mean.shape[1])


def write_forecast(forecast: Forecast, config: ForecastConfig, path: Path) -> ForecastFile:
    """Writes one file, sorted by key and period.

    Args:
        forecast: What to write.
        config: Names the quantile columns.
        path: The file.
    """
    rows = _rows(forecast, config)
    rows.write_parquet(path, compression="zstd")
    with path.open("rb") as written:
        checksum = hashlib.file_digest(written, "sha256").hexdigest()
    return ForecastFile(name=path.name, rows=rows.height, bytes=path.stat().st_size, sha256=checksum)


def column_types(key_types: Mapping[str, pl.DataType], config: ForecastConfig) -> dict[str, str]:
    """Types of a file's columns as Athena and Glue name them, in the files' order.

    Args:
        key_types: Type of each key column.
        config: Names the columns.
    """
    keys = {name: _hive_type(key_types[name]) for name in config.key}
    return {**keys, "ds": "timestamp", **dict.fromkeys(("mean", *config.quantile_columns), "float")}


def _hive_type(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return {"Int8": "tinyint", "Int16": "smallint", "Int32": "int"}.get(str(dtype), "bigint")
    if dtype.is_float():
        return "float" if dtype == pl.Float32 else "double"
    return "date" if dtype == pl.Date else "timestamp" if isinstance(dtype, pl.Datetime) else "string"


def _rows(forecast: Forecast, config: ForecastConfig) -> pl.DataFrame:
    horizon = forecast.horizon
    repeated = np.repeat(np.arange(len(forecast.panel)), horizon)
    periods = forecast.panel.last_period[:, None] + 1 + np.arange(horizon)
    day = forecast.panel.frequency.to_date(pl.lit(pl.Series(periods.ravel().astype(np.int32))))
    return forecast.panel.keys[repeated].with_columns(
        day.cast(pl.Datetime("ms")).alias("ds"),  # what both pandas and Athena read as a point in time
        _column("mean", forecast.mean),
        *(_column(name, forecast.quantiles[:, :, level]) for level, name in enumerate(config.quantile_columns)),
    )


def _column(name: str, values: Floats) -> pl.Series:
    return pl.Series(name, values.ravel().astype(np.float32))
