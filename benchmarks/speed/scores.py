"""Accuracy of forecasts over all series of the past and all held-out weeks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.plain_mlforecast import KEY, WEEKS
from benchmarks.speed.results import Scores
from job_code.config import quantile_column
from job_code.evaluation import metrics


def score(forecasts: pl.DataFrame, held_out: pl.DataFrame, levels: Sequence[float] = ()) -> Scores:
    """Score forecasts against actuals.

    Args:
        forecasts: Key, `ds`, `mean` and one column per quantile; one row per series and week.
        held_out: Key, `ds` and `y`. A missing row means no sales. The function ignores series without forecasts, which
            start in the held-out weeks.
        levels: Levels of the quantiles, ascending.
    """
    both = forecasts.with_columns(pl.col("ds").cast(pl.Date)).join(
        held_out.select(*KEY, "ds", "y"), on=[*KEY, "ds"], how="left"
    )
    actual = both["y"].fill_null(0).cast(pl.Float64).to_numpy()
    mean = both["mean"].cast(pl.Float64).to_numpy()
    weight = np.ones_like(actual)
    scores = {
        "wape": metrics.wape(actual, mean, weight),
        "rmse": float(np.sqrt(np.square(mean - actual).mean())),
    }
    if levels:
        columns = [both[quantile_column(level)].cast(pl.Float64).to_numpy() for level in levels]
        quantiles = np.stack(columns, axis=1)
        scores["wql"] = metrics.weighted_quantile_loss(actual, quantiles, tuple(levels), weight)
        scores["coverage"] = metrics.coverage(actual, quantiles, tuple(levels), weight)
    return Scores.model_validate(scores)


def seasonal_naive(past: Path, forecasts: pl.DataFrame) -> pl.DataFrame:
    """Forecast the value of the same week a year earlier, or of the last week for series that started later.

    Args:
        past: Folder of the demand before the held-out weeks.
        forecasts: Any forecasts with the keys and weeks to forecast.

    Returns:
        Key, `ds` and `mean`, in the order of `forecasts`.
    """
    cells = forecasts.select(*KEY, pl.col("ds").cast(pl.Date))
    year_ago = pl.col("ds") - pl.duration(weeks=WEEKS.season)
    rows = pl.scan_parquet(past / "*.parquet")
    last_week = rows.select(pl.col("ds").max()).collect().item()
    starts = rows.group_by(KEY).agg(first=pl.col("ds").min())
    earlier = rows.filter(pl.col("ds").is_in(cells.select(year_ago.unique())["ds"].implode()))
    last = rows.filter(pl.col("ds") == last_week).select(*KEY, last="y")
    found = (
        cells.lazy()
        .with_columns(year_ago=year_ago)
        .join(starts, on=KEY, how="left", maintain_order="left")
        .join(earlier.select(*KEY, year_ago="ds", y="y"), on=[*KEY, "year_ago"], how="left", maintain_order="left")
        .join(last, on=KEY, how="left", maintain_order="left")
        .with_columns(mean=pl.when(pl.col("first") > pl.col("year_ago")).then("last").otherwise("y").fill_null(0))
    )
    return found.select(*KEY, "ds", pl.col("mean").cast(pl.Float64)).collect()
