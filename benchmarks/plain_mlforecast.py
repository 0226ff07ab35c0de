"""Plain MLForecast, used well: `python -m benchmarks.plain_mlforecast --demand DIR --output DIR --variant level`.

This is the program that a competent user of Polars and MLForecast writes for the job's task, with the job's features
and trees. Every choice favors speed and memory: streaming reads, integers for series and weeks, 32-bit floats, no
validation, no backtest and no report. The program drops rows without all features (MLForecast's default), and LightGBM
may be non-deterministic.
"""

import argparse
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from job_code.runtime.process_pool import SPIN_COUNT

os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)  # must be set before the import of LightGBM

import lightgbm as lgb
import polars as pl
from mlforecast import MLForecast
from mlforecast.target_transforms import Differences, LocalStandardScaler

from job_code.config import ForecastConfig
from job_code.features.feature_recipe import DAYS_PER_YEAR, feature_name, recipe_for
from job_code.features.season_features import NEAR
from job_code.model.segment_model import COLSAMPLE_BYTREE, MAX_BIN
from job_code.model.tree_size import TreeSize, tree_size
from job_code.runtime.process_pool import available_cores
from job_code.runtime.progress import Progress
from job_code.series.frequency import Frequency

KEY = ("article_id", "merchant_id")
WEEKS = Frequency("W-MON")
MONDAY = 4  # label of week 0, in days since 1970-01-01
MEAN_ALONE = ("change", "level")  # predicts week-to-week changes of scaled demand, or demand directly
QUANTILES = "quantiles"  # predicts demand directly, with an additional model for each quantile of the job
VARIANTS = (*MEAN_ALONE, QUANTILES)
OUTPUT = "forecasts.parquet"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plain_mlforecast", description="Plain MLForecast.")
    parser.add_argument("--demand", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--output", type=Path, required=True, help="new folder for one Parquet file")
    parser.add_argument("--variant", choices=VARIANTS, default=VARIANTS[0], help="prediction target (%(default)s)")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True)
    warnings.filterwarnings("ignore", message="Found null values")  # LightGBM handles nulls
    warnings.filterwarnings("ignore", message="The following series were dropped")  # too short for training
    progress, config = Progress(context={"variant": options.variant}), ForecastConfig()
    with progress.stage("read"):
        keys, demand = read(options.demand)
        cutoff = int(demand["ds"].to_numpy().max())
        # A series without a row in the last week is discontinued: drop it from training and forecast zero.
        demand = demand.filter(pl.col("ds").max().over("unique_id") == cutoff)
    forecaster = plain_forecaster(options.variant, config)
    with progress.stage("fit"):
        forecaster.fit(demand, static_features=[], as_numpy=True, validate_data=False)
    with progress.stage("predict"):
        forecasts = forecaster.predict(config.horizon)
    with progress.stage("write"):
        weeks = pl.DataFrame({"ds": range(cutoff + 1, cutoff + 1 + config.horizon)}, schema=demand.select("ds").schema)
        complete(forecasts, keys, weeks).write_parquet(options.output / OUTPUT, compression="zstd")


def read(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read demand.

    Returns:
        The keys of the series with their numbers, and the demand with these numbers, sorted by series and week.
    """
    rows = pl.scan_parquet(folder / "*.parquet")
    keys = rows.select(KEY).unique().sort(KEY).with_row_index("unique_id").collect(engine="streaming")
    numbered = rows.join(keys.lazy(), on=KEY).select(
        "unique_id", ds=((pl.col("ds").cast(pl.Int32) - MONDAY) // 7), y=pl.col("y").cast(pl.Float32)
    )
    return keys, numbered.sort("unique_id", "ds").collect(engine="streaming")


def plain_forecaster(variant: str, config: ForecastConfig, frequency: Frequency = WEEKS) -> MLForecast:
    """Return MLForecast with the job's trees and the job's features, as far as a recursion can compute them."""
    recipe = recipe_for(frequency)
    size = tree_size(config, frequency.calendar)
    models = {"mean": _trees(config, size)}
    if variant == QUANTILES:
        for name, level in zip(config.quantile_columns, config.quantiles, strict=True):
            models[name] = _trees(config, size, objective="quantile", alpha=level)
    transforms: list[Any] = [LocalStandardScaler(), Differences([1])] if variant == "change" else []
    return MLForecast(
        models=models,
        freq=1,
        lags=[*recipe.lags, *(recipe.year + offset for offset in NEAR)],
        lag_transforms=recipe.lag_transforms,
        lag_transforms_namer=feature_name,
        date_features=[day_of_year] if frequency == WEEKS else None,
        target_transforms=transforms or None,
        num_threads=available_cores(),
    )


def day_of_year(week: pl.Expr) -> pl.Expr:
    """Return the position in the year. In `predict`, MLForecast passes a column instead of an expression."""
    return ((week.cast(pl.Int32) * 7 + MONDAY) % DAYS_PER_YEAR).cast(pl.Float32)


def complete(forecasts: pl.DataFrame, keys: pl.DataFrame, weeks: pl.DataFrame) -> pl.DataFrame:
    """Return forecasts of all series by key and date, clipped at zero. Forecast zero for discontinued series."""
    models = [name for name in forecasts.columns if name not in ("unique_id", "ds")]
    return (
        keys.join(weeks, how="cross")
        .join(forecasts, on=["unique_id", "ds"], how="left", maintain_order="left")
        .select(
            *KEY,
            (pl.col("ds").cast(pl.Int32) * 7 + MONDAY).cast(pl.Date).alias("ds"),
            pl.col(models).fill_null(0.0).clip(lower_bound=0.0).cast(pl.Float32),
        )
    )


def _trees(config: ForecastConfig, size: TreeSize, **other: Any) -> lgb.LGBMRegressor:  # noqa: ANN401 (LightGBM's parameters)
    return lgb.LGBMRegressor(
        n_estimators=size.n_estimators,
        learning_rate=config.learning_rate,
        num_leaves=size.num_leaves,
        min_child_samples=config.min_child_samples,
        max_bin=MAX_BIN,
        colsample_bytree=COLSAMPLE_BYTREE,
        random_state=config.seed,
        n_jobs=available_cores(),
        verbosity=-1,
        **other,
    )


if __name__ == "__main__":
    main()
