"""The features and forecasts of a stored model, as tables. Comparisons ignore the last bits of their numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from job_code.forecasting.forecaster import Forecaster
from job_code.preparation.training_sample import Sample

TABLES = ("forecasts", "features")
# Features are 32-bit numbers, exact to 6e-8. Another processor may add in another order, which changes their last bits.
# The tolerance is a hundred times as large. A feature with another meaning differs by more in some row.
RELATIVE, ABSOLUTE = 1e-5, 1e-6


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Features and forecasts of the golden series.

    Attributes:
        forecasts: `series`, `ahead`, `mean` and the quantiles.
        features: `series`, `ahead` and every feature, for the series that still sell.
    """

    forecasts: pl.DataFrame
    features: pl.DataFrame

    @classmethod
    def of(cls, model: Forecaster, sample: Sample) -> "Tables":
        """Forecast the golden series.

        Args:
            model: The model.
            sample: The series.
        """
        arguments = (sample.panel, sample.exogenous, sample.active)
        forecast, names = model.forecast(*arguments), sample.panel.keys["unique_id"].to_numpy()
        horizon = model.config.horizon
        values = np.concatenate([forecast.mean[:, :, None], forecast.quantiles], axis=2).reshape(
            -1, 1 + len(model.config.quantiles)
        )
        forecasts = pl.DataFrame(
            {"series": np.repeat(names, horizon), "ahead": np.tile(np.arange(horizon) + 1, len(names))}
        ).hstack(pl.DataFrame(values, schema=["mean", *model.config.quantile_columns]))
        columns = model.model.feature_names(model.encoding, model.covariates)
        blocks = [
            pl.DataFrame({"series": names[block.series], "ahead": block.step}).hstack(
                pl.DataFrame(block.rows, schema=list(columns))
            )
            for block in model.model.blocks(*arguments, horizon)
        ]
        return cls(forecasts=forecasts, features=pl.concat(blocks).sort("series", "ahead"))

    @classmethod
    def read(cls, folder: Path) -> "Tables":
        """Read the files of `write`."""
        forecasts, features = (pl.read_csv(folder / f"{name}.csv", infer_schema_length=None) for name in TABLES)
        return cls(forecasts=forecasts, features=features)

    def write(self, folder: Path) -> None:
        """Write one CSV file for each table."""
        for name, table in vars(self).items():
            rounded = table.with_columns(pl.selectors.float().round_sig_figs(7).fill_nan(None))
            rounded.write_csv(folder / f"{name}.csv")

    def differences(self, found: "Tables") -> list[str]:
        """Describe the columns that differ by more than the tolerance, each with its first row.

        Args:
            found: The tables to compare with.
        """
        return [line for name in TABLES for line in _differences(name, vars(self)[name], vars(found)[name])]


def _differences(table: str, expected: pl.DataFrame, found: pl.DataFrame) -> Iterator[str]:
    if expected.columns != found.columns:
        yield f"{table}: the columns are {', '.join(found.columns)}, and were {', '.join(expected.columns)}"
        return
    rows, others = (list(frame.select("series", "ahead").iter_rows()) for frame in (expected, found))
    if rows != others:
        yield f"{table}: the rows are {others}, and were {rows}"
        return
    for column in expected.columns[2:]:
        was, now = (frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy() for frame in (expected, found))
        off = np.flatnonzero(~np.isclose(now, was, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True))
        if len(off):
            series, ahead = rows[off[0]]
            yield (
                f"{table}: {column} of {series}, {ahead} ahead, is {now[off[0]]:.7g}, and was {was[off[0]]:.7g}; "
                f"{len(off)} of {len(rows)} rows differ"
            )
