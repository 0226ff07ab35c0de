"""Count how the rows of covariates became periods: what was combined, what is missing, and what is held."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from job_code.exogenous_files.covariate_alignment import AlignedRows
from job_code.exogenous_files.covariate_schema import CovariateSchema
from job_code.series.arrays import Integers, begins_of_runs, ends_of_runs

FREQUENT = 0.5  # of the last periods of the demand; values in more of them are readings, which are missing ahead


@dataclass(frozen=True, kw_only=True)
class Window:
    """The periods around the end of the demand.

    Attributes:
        cutoff: The last observed period that the run uses.
        last: The last period of the demand, which may be after the cutoff.
        horizon: Number of periods to forecast.
    """

    cutoff: int
    last: int
    horizon: int


@dataclass(frozen=True, kw_only=True)
class TableCounts:
    """Counts of one table. The columns without the rule `hold` have zeros in `keys`, `recent` and `held`.

    Attributes:
        rows: Number of rows.
        cells: Number of keys and periods with a row.
        covered: Number of periods from the first row of each key to its last.
        keys: Number of keys with a value up to the end of the demand, shape (columns,).
        recent: Number of keys and periods with one in the last horizon before that end, shape (columns,).
        held: Number of periods to forecast after the last value of their key, over all keys, shape (columns,).
    """

    rows: int
    cells: int
    covered: int
    keys: Integers
    recent: Integers
    held: Integers

    @classmethod
    def none(cls, columns: int) -> Self:
        """Return the counts of no rows."""
        zeros = np.zeros(columns, np.int64)
        return cls(rows=0, cells=0, covered=0, keys=zeros, recent=zeros, held=zeros)

    @classmethod
    def of(cls, rows: AlignedRows, schema: CovariateSchema, window: Window) -> Self:
        """Count the rows of a shard."""
        has_value = ~np.isnan(rows.values)
        columns = [
            _held(rows.series[has_value[at]], rows.period[has_value[at]], window) if held else (0, 0, 0)
            for at, held in enumerate(schema.held)
        ]
        keys, recent, ahead = np.array(columns, np.int64).reshape(-1, 3).T
        return cls(
            rows=rows.read,
            cells=len(rows.period),
            covered=rows.covered,
            keys=keys,
            recent=recent,
            held=ahead,
        )

    def __add__(self, other: "TableCounts") -> "TableCounts":
        return TableCounts(
            rows=self.rows + other.rows,
            cells=self.cells + other.cells,
            covered=self.covered + other.covered,
            keys=self.keys + other.keys,
            recent=self.recent + other.recent,
            held=self.held + other.held,
        )

    def recent_share(self, column: int, horizon: int) -> float:
        """Return the share of the periods in the last horizon of the demand in which the keys had a value."""
        return float(self.recent[column] / max(1, self.keys[column] * horizon))


def _held(series: Integers, period: Integers, window: Window) -> tuple[int, int, int]:
    """Return the counts `keys`, `recent` and `held` of a column whose rows are ordered by series and period."""
    observed = period <= window.last
    recent = observed & (period > window.last - window.horizon)
    latest = period[ends_of_runs(series)]
    ahead = np.clip(window.cutoff + window.horizon - latest, 0, window.horizon)
    return len(begins_of_runs(series[observed])), int(np.count_nonzero(recent)), int(ahead.sum())
