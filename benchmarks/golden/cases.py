"""Small demand for every case that the job treats differently."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

LAST_DAY = date(2026, 11, 16)  # a Monday
WEEK = timedelta(weeks=1)
NEWER_PERIODS = 3  # last periods, which only `infer` sees
KEY, TIME, TARGET = "unique_id", "ds", "y"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Demand and settings of one case.

    Attributes:
        name: Name of the case in the checksums.
        demand: Columns `unique_id`, `ds`, `y`; sorted by series and period.
        settings: Configuration keys in addition to `horizon` and `n_estimators`.
        static: One row per series; None without static features.
        covariates: One row per series and period, including future periods; None without covariates.
    """

    name: str
    demand: pl.DataFrame
    settings: Mapping[str, str] = field(default_factory=dict)
    static: pl.DataFrame | None = None
    covariates: pl.DataFrame | None = None

    def write(self, folder: Path, *, newest: bool) -> dict[str, Path]:
        """Write the inputs as Parquet, demand in two files.

        Args:
            folder: A new folder.
            newest: Whether the last periods, which only `infer` may see, are part of the demand.

        Returns:
            The folder of each input, by the name of its channel.
        """
        demand = self.demand
        if not newest:
            demand = demand.filter(pl.col(TIME) <= pl.lit(self.cutoff))
        half = len(demand) // 2
        tables: dict[str, list[pl.DataFrame | None]] = {
            "demand": [demand[:half], demand[half:]],
            "static": [self.static],
            "covariates": [self.covariates],
        }
        folders = {}
        for name, parts in tables.items():
            for number, part in enumerate(parts):
                if part is not None:
                    folders[name] = folder / name
                    folders[name].mkdir(parents=True, exist_ok=True)
                    part.write_parquet(folders[name] / f"{number}.parquet")
        return folders

    @property
    def cutoff(self) -> date:
        """The last period that `train` sees."""
        periods = self.demand[TIME].unique().sort()
        cutoff: date = periods[-1 - NEWER_PERIODS]
        return cutoff


def all_cases() -> list[Case]:
    """Return every case, each generated from its own seed."""
    weekly = _demand(series=110, periods=130, every="1w", season=52, seed=1)
    return [
        Case(
            name="weekly with covariates and static features",
            demand=weekly,
            settings={"country_holidays": "DE", "sample_rows": "10000"},
            static=_static(weekly),
            covariates=_covariates(weekly),
        ),
        Case(name="weekly", demand=weekly, settings={"gap_rule": "carry_forward"}),
        Case(name="daily", demand=_demand(series=40, periods=420, every="1d", season=7, seed=2)),
        Case(name="monthly", demand=_demand(series=60, periods=50, every="1mo", season=12, seed=3)),
        Case(name="counts", demand=_counts(series=80, periods=110, seed=4)),
        Case(
            name="negatives kept",
            demand=_demand(series=40, periods=100, every="1w", season=52, seed=5, offset=-40.0),
            settings={"negative_rule": "keep"},
        ),
        Case(
            name="each series from its own cutoff",
            demand=_ending_apart(_demand(series=50, periods=110, every="1w", season=52, seed=6)),
            settings={"cutoff_rule": "series"},
        ),
    ]


def _periods(count: int, every: str) -> pl.Series:
    start = {"1d": LAST_DAY, "1w": LAST_DAY, "1mo": LAST_DAY.replace(day=1)}[every]
    first: date = pl.select(pl.lit(start).dt.offset_by(f"-{count - 1}{every[1:]}")).item()
    return pl.date_range(first, start, every, eager=True)


def _demand(*, series: int, periods: int, every: str, season: int, seed: int, offset: float = 0.0) -> pl.DataFrame:
    """Return seasonal series of different scales; some start late, end early, have gaps or are intermittent."""
    rng, at = np.random.default_rng(seed), np.arange(periods)
    calendar = _periods(periods, every)
    frames = []
    for number in range(series):
        scale = 10 ** rng.uniform(0, 3)
        wave = 1 + 0.5 * np.sin(2 * np.pi * (at / season + rng.random()))
        value = scale * wave * (1 + 0.002 * at) * rng.lognormal(0, 0.3, periods) + offset
        keep = rng.random(periods) > (0.02 if number % 3 else 0.0)
        if number % 7 == 1:
            keep &= at >= rng.integers(periods // 2, periods - 5)
        if number % 7 == 2:
            keep &= at <= rng.integers(periods // 4, periods - 10)
        if number % 7 == 3:
            value = np.where(rng.random(periods) < 0.7, 0.0, value)
        frame = pl.DataFrame({KEY: f"series-{number:03d}", TIME: calendar, TARGET: value.round(3)}).filter(keep)
        frames.append(frame)
    return pl.concat(frames).sort(KEY, TIME)


def _counts(*, series: int, periods: int, seed: int) -> pl.DataFrame:
    """Return counts, most of them small or zero."""
    rng = np.random.default_rng(seed)
    calendar = _periods(periods, "1w")
    rates = 10 ** rng.uniform(-1, 1, series)
    return pl.concat(
        pl.DataFrame({KEY: f"part-{number:03d}", TIME: calendar, TARGET: rng.poisson(rate, periods).astype(float)})
        for number, rate in enumerate(rates)
    ).sort(KEY, TIME)


def _ending_apart(demand: pl.DataFrame) -> pl.DataFrame:
    """Cut a different number of last periods off each series."""
    cut = pl.int_range(pl.len()).over(KEY) < pl.len().over(KEY) - pl.col(KEY).str.slice(-3).cast(pl.Int64) % 9
    return demand.filter(cut)


def _static(demand: pl.DataFrame) -> pl.DataFrame:
    number = pl.col(KEY).str.slice(-3).cast(pl.Int64)
    return demand.select(pl.col(KEY).unique().sort()).with_columns(
        category=pl.when(number % 5 == 0).then(None).otherwise(pl.format("c{}", number % 4)), weight=number * 0.5
    )


def _covariates(demand: pl.DataFrame) -> pl.DataFrame:
    """Return a price known in the future, with missing values, and a visitor count known only in the past."""
    rng = np.random.default_rng(7)
    first: date = demand.select(pl.col(TIME).min()).item()
    calendar = pl.DataFrame({TIME: pl.date_range(first, LAST_DAY + 12 * WEEK, "1w", eager=True)})
    keys = demand[KEY].unique().sort()
    grid = keys.to_frame().join(calendar, how="cross")
    price = 10 * rng.lognormal(0, 0.2, len(grid))
    promotion = rng.random(len(grid)) < 0.1
    visitors = rng.poisson(100, len(grid)).astype(float)
    grid = grid.with_columns(
        price=pl.Series(np.where(promotion, 0.7 * price, price).round(2)),
        promotion=pl.Series(np.where(promotion, "yes", "no")),
        visitors=pl.Series(visitors),
    )
    return grid.with_columns(
        pl.when(pl.col(TIME) <= pl.lit(LAST_DAY)).then("visitors"),
        pl.when(pl.Series(rng.random(len(grid)) > 0.2)).then("price"),
    )
