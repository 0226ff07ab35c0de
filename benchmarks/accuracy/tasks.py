"""Forecasting tasks with known outcomes: `TASK.train.parquet`, `TASK.test.parquet` and optional files.

Both files have the columns `unique_id, ds, y`. Other columns are covariates that are known over the horizon.
`TASK.static.parquet` has one row per series. `published.csv` has published scores (`task`, `model` and the scores).
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from job_code.demand.demand_rows import VALUE
from job_code.demand.frequency_inference import resolve_frequency
from job_code.demand.moment_counts import MomentCounts
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency
from job_code.times.moments import MOMENT, TimeColumn

KEY = "unique_id"
PERIOD = ("ds", "y")
TRAIN, TEST, STATIC = ".train.parquet", ".test.parquet", ".static.parquet"


@dataclass(frozen=True)
class ForecastTask:
    """One task.

    Attributes:
        name: Name of the task.
        train: Demand before the cutoff of each series, sorted by series and period.
        test: Periods to forecast, sorted by series and period. All series have the same number of periods.
        static: File with static columns; None without one.
    """

    name: str
    train: pl.DataFrame
    test: pl.DataFrame
    static: Path | None

    @classmethod
    def read(cls, folder: Path, name: str) -> Self:
        """Read a task from a folder.

        Raises:
            ValueError: The series have different numbers of periods to forecast.
        """
        train, test = (
            pl.read_parquet(folder / f"{name}{suffix}").with_columns(
                pl.col(KEY).cast(pl.String), pl.col("ds").cast(pl.Datetime("us"))
            )
            for suffix in (TRAIN, TEST)
        )
        test = test.sort(KEY, "ds")
        if test.group_by(KEY).len()["len"].n_unique() != 1:
            raise ValueError(f"{name}: the series of {name}{TEST} have different numbers of periods")
        static = folder / f"{name}{STATIC}"
        return cls(name, train.sort(KEY, "ds"), test, static if static.exists() else None)

    @property
    def horizon(self) -> int:
        """Number of periods to forecast."""
        return self.test.height // self.test[KEY].n_unique()

    @cached_property
    def frequency(self) -> Frequency:
        """The calendar, by the job's own inference."""
        rows = pl.DataFrame([self._moments, self.train["y"].alias(VALUE)])
        return resolve_frequency(None, MomentCounts.of(rows))

    @property
    def numbered(self) -> pl.DataFrame:
        """The demand before the cutoff, with period numbers in `ds`."""
        return self.train.with_columns(pl.Series("ds", self.frequency.periods(self._moments.to_numpy())))

    @property
    def _moments(self) -> pl.Series:
        rows, *_ = TimeColumn(name="ds").read(self.train)
        return rows[MOMENT]

    @property
    def covariates(self) -> pl.DataFrame | None:
        """Covariates of the past and of the periods to forecast; None without covariates."""
        names = [name for name in self.train.columns if name not in (KEY, *PERIOD) and name in self.test.columns]
        if not names:
            return None
        return pl.concat([frame.select(KEY, "ds", *names) for frame in (self.train, self.test)], how="vertical_relaxed")

    @property
    def actual(self) -> Floats:
        """Actual values, shape (series, horizon); NaN if missing."""
        values = self.test["y"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return values.reshape(-1, self.horizon)

    def seasonal_naive_mae(self, season: int) -> Floats:
        """Return the mean absolute difference of values one season apart, shape (series,); NaN without such values."""
        apart = (pl.col("y") - pl.col("y").shift(season).over(KEY)).abs()
        errors = self.train.with_columns(error=apart).group_by(KEY).agg(pl.col("error").mean())
        found = self.test.select(pl.col(KEY).unique(maintain_order=True)).join(errors, on=KEY, how="left")
        return found["error"].cast(pl.Float64).fill_null(np.nan).to_numpy()

    def repeated(self, season: int) -> Floats:
        """Return the seasonal naive forecast, shape (series, horizon); the last value for series under one season."""
        rows = []
        history = dict(self.train.drop_nulls("y").group_by(KEY, maintain_order=True).agg("y").iter_rows())
        for series in self.test[KEY].unique(maintain_order=True):
            known = np.array(history.get(series, [0.0]), dtype=np.float64)
            back = season if len(known) >= season else 1
            rows.append(known[len(known) - back + np.arange(self.horizon) % back])
        return np.array(rows)


def task_names(folder: Path) -> list[str]:
    """Return the sorted names of the tasks in a folder."""
    return sorted(path.name.removesuffix(TRAIN) for path in folder.glob(f"*{TRAIN}"))
