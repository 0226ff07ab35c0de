"""Write two tasks of days: `python -m benchmarks.accuracy.generated_tasks DIR`, then `make accuracy TASKS=DIR`.

`days` is a retailer's daily demand, `business_days` the orders of wholesalers from Monday to Friday. Each series has
its own level, trend, weekdays, season of the year, promotions and noise, and counts scatter around their product. The
last periods are held out, so that no program sees them.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.accuracy.tasks import KEY, TEST, TRAIN
from job_code.series.arrays import Floats

SERIES, YEARS = 300, 3
LAST = date(2026, 11, 15)
DAYS_PER_YEAR = 365.2425
DISPERSION = 8.0  # shape of the gamma noise: the standard deviation is 35 % of the mean


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the two tasks differ in.

    Attributes:
        horizon: Periods to forecast.
        open_days: Weekdays with demand, Monday first.
        month_end: Usual factor of the demand on the last days of a month.
        levels: Smallest and largest mean demand of a series.
    """

    horizon: int
    open_days: int
    month_end: float
    levels: tuple[float, float]


TASKS = {
    "days": Shape(horizon=28, open_days=7, month_end=1.0, levels=(2, 200)),
    "business_days": Shape(horizon=20, open_days=5, month_end=1.6, levels=(10, 1_000)),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.generated_tasks", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder for the tasks")
    parser.add_argument("--series", type=int, default=SERIES, metavar="N", help="series of each; default: %(default)s")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    for number, (name, shape) in enumerate(TASKS.items()):
        rows = demand_of(shape, options.series, np.random.default_rng(number))
        held_out = pl.col("ds") > rows["ds"].unique().sort()[-1 - shape.horizon]
        rows.filter(~held_out).write_parquet(options.folder / f"{name}{TRAIN}")
        rows.filter(held_out).write_parquet(options.folder / f"{name}{TEST}")


def demand_of(shape: Shape, series: int, rng: np.random.Generator) -> pl.DataFrame:
    """Draw the demand of all series.

    Returns:
        Columns `unique_id`, `ds` (date) and `y`, sorted by series and date.
    """
    begin = date(LAST.year - YEARS, LAST.month, LAST.day)
    days = pl.select(pl.date_range(begin, LAST).alias("ds"))["ds"]
    days = days.filter(days.dt.weekday() <= shape.open_days)
    weekday, of_year = days.dt.weekday().to_numpy() - 1, days.dt.ordinal_day().to_numpy() / DAYS_PER_YEAR
    is_month_end = (days.dt.month_end() - days).dt.total_days().to_numpy() < 2
    age = np.arange(len(days)) / len(days)
    low, high = np.log(shape.levels)
    parts = []
    for number in range(series):
        mean = np.exp(
            rng.uniform(low, high) + rng.normal(0, 0.3) * age + _season(of_year, rng) + _drift(len(days), rng)
        )
        mean *= rng.gamma(12, 1 / 12, 7)[weekday]
        mean *= np.where(is_month_end, shape.month_end ** rng.random(), 1.0)
        mean *= np.where(rng.random(len(days)) < 0.03, rng.uniform(1.5, 3), 1.0)  # promotions that nobody planned
        counts = rng.poisson(mean * rng.gamma(DISPERSION, 1 / DISPERSION, len(days)))
        parts.append(pl.DataFrame({KEY: f"S{number:04d}", "ds": days, "y": counts.astype(np.float64)}))
    return pl.concat(parts)


def _season(of_year: Floats, rng: np.random.Generator) -> Floats:
    """Draw a smooth season of the year, as a logarithm."""
    waves = [rng.normal(0, 0.3 / order) * np.sin(2 * np.pi * (order * of_year + rng.random())) for order in (1, 2, 3)]
    total: Floats = np.sum(waves, axis=0)
    return total


def _drift(periods: int, rng: np.random.Generator) -> Floats:
    """Draw a slow drift of the level, as a logarithm."""
    drift: Floats = np.cumsum(rng.normal(0, 0.01, periods))
    return drift


if __name__ == "__main__":
    main()
