"""How good forecasts are, over all series of the demand they were made from and all weeks that were held out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.plain_mlforecast import KEY, WEEKS
from benchmarks.speed.results import Scores
from job_code.config import quantile_column
from job_code.evaluation import metrics


def score(forecasts: pl.DataFrame, held_out: pl.DataFrame, levels: Sequence[float] = ()) -> Scores:
    """Compares forecasts with what happened.

    Args:
        forecasts: Key, `ds`, `mean` and one column a quantile; every series x week once.
        held_out: Key, `ds` and `y`; a series without a row in a week sold nothing in it. Series that were not forecast,
            as they begin in these weeks, are left out.
        levels: The quantiles' levels, ascending.
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
    """Repeats the same week of a year earlier; the last week, for a series that had not begun by then.

    Args:
        past: Folder of the demand before the held-out weeks.
        forecasts: Any forecasts; their keys and weeks are forecast.

    Returns:
        Key, `ds` and `mean`, in the order of `forecasts`.
    """
    cells = forecasts.select(*KEY, pl.col("ds").cast(pl.Date))
    year_ago = pl.col("ds") - pl.duration(weeks=WEEKS.season)
    rows = pl.scan_parquet(past / "*.parquet")
    last_week = rows.select(pl.col("ds").max()).collect().item()
    begun = rows.group_by(KEY).agg(first=pl.col("ds").min())
    earlier = rows.filter(pl.col("ds").is_in(cells.select(year_ago.unique())["ds"].implode()))
    last = rows.filter(pl.col("ds") == last_week).select(*KEY, last="y")
    found = (
        cells.lazy()
        .with_columns(year_ago=year_ago)
        .join(begun, on=KEY, how="left", maintain_order="left")
        .join(earlier.select(*KEY, year_ago="ds", y="y"), on=[*KEY, "year_ago"], how="left", maintain_order="left")
        .join(last, on=KEY, how="left", maintain_order="left")
        .with_columns(mean=pl.when(pl.col("first") > pl.col("year_ago")).then("last").otherwise("y").fill_null(0))
    )
    return found.select(*KEY, "ds", pl.col("mean").cast(pl.Float64)).collect()
