"""Write forecasts as Parquet files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from contract.s3.manifest import ManifestFile
from job_code.config import ForecastConfig
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel


@dataclass(frozen=True, kw_only=True)
class ForecastFile:
    """The manifest's entry of one forecast file.

    Attributes:
        name: File name, in the folder of the manifest.
        rows: Number of rows.
        bytes: File size.
        sha256: Checksum, hexadecimal.
    """

    name: str
    rows: int
    bytes: int
    sha256: str

    def to_dict(self) -> ManifestFile:
        """Return the fields by name."""
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
        """Number of periods ahead."""
        return int(self.mean.shape[1])


def write_forecast(forecast: Forecast, config: ForecastConfig, path: Path) -> ForecastFile:
    """Write one forecast file, sorted by key and period.

    Args:
        forecast: The forecasts.
        config: Configuration with the quantile columns.
        path: The file.
    """
    rows = _rows(forecast, config)
    with path.open("wb") as file:  # polars cannot open every path
        rows.write_parquet(file, compression="zstd")
    with path.open("rb") as written:
        checksum = hashlib.file_digest(written, "sha256").hexdigest()
    return ForecastFile(name=path.name, rows=rows.height, bytes=path.stat().st_size, sha256=checksum)


def column_types(key_types: Mapping[str, pl.DataType], frequency: Frequency, config: ForecastConfig) -> dict[str, str]:
    """Return the column types of a forecast file in Athena's and Glue's names, in file order.

    Args:
        key_types: Type of each key column.
        frequency: The calendar, which has the type of `ds`.
        config: Configuration with the column names.
    """
    keys = {name: _hive_type(key_types[name]) for name in config.key}
    return {
        **keys,
        "ds": _hive_type(frequency.label_type),
        **dict.fromkeys(("mean", *config.quantile_columns), "float"),
    }


def _hive_type(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return {"Int8": "tinyint", "Int16": "smallint", "Int32": "int"}.get(str(dtype), "bigint")
    if dtype.is_float():
        return "float" if dtype == pl.Float32 else "double"
    named = {"Date": "date", "Boolean": "boolean", "Binary": "binary"}.get(str(dtype), "string")
    return "timestamp" if isinstance(dtype, pl.Datetime) else named


def _rows(forecast: Forecast, config: ForecastConfig) -> pl.DataFrame:
    horizon = forecast.horizon
    repeated = np.repeat(np.arange(len(forecast.panel)), horizon)
    periods = forecast.panel.last_period[:, None] + 1 + np.arange(horizon)
    return forecast.panel.keys[repeated].with_columns(
        forecast.panel.frequency.labels(periods.ravel()).alias("ds"),
        _column("mean", forecast.mean),
        *(_column(name, forecast.quantiles[:, :, level]) for level, name in enumerate(config.quantile_columns)),
    )


def _column(name: str, values: Floats) -> pl.Series:
    return pl.Series(name, values.ravel().astype(np.float32))
