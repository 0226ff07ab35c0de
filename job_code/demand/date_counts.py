"""How many rows demand has on each date."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from job_code.demand.demand_rows import VALUE
from job_code.tables.row_checks import DAY

ROWS, GIVEN = "rows", "given"


@dataclass(frozen=True)
class DayCounts:
    """Rows by date: all that frequency and cutoff depend on.

    Attributes:
        table: `_day` (Date, ascending), `rows`, and `given`: those of the rows that have a value.
    """

    table: pl.DataFrame

    @property
    def last(self) -> int:
        """The latest day, counted from 1970-01-01."""
        return int(self.table[DAY].to_physical().max())  # type: ignore[arg-type]

    @classmethod
    def of(cls, batch: pl.DataFrame) -> Self:
        """Counts the rows of one cleaned batch."""
        days = batch[DAY].to_physical().to_numpy()
        if not len(days):
            return cls(_table(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)))
        first, last = int(days.min()), int(days.max())
        if first == last:  # a file a period is usual
            return cls(_table(np.array([first]), [len(days)], [batch.height - batch[VALUE].null_count()]))
        rows = np.bincount(days - first)
        missing = days[batch[VALUE].is_null().to_numpy()]
        given = rows - np.bincount(missing - first, minlength=len(rows))
        seen = np.flatnonzero(rows)
        return cls(_table(seen + first, rows[seen], given[seen]))

    @classmethod
    def total(cls, counts: Iterable[Self]) -> Self:
        """Adds counts up."""
        stacked = pl.concat(count.table for count in counts)
        return cls(stacked.group_by(DAY).agg(pl.col(ROWS, GIVEN).sum()).sort(DAY))

    @property
    def rows(self) -> int:
        """Rows on all dates."""
        return int(self.table[ROWS].sum())

    def share(self, true: pl.Series) -> float:
        """Share of the rows that lie on dates for which something is true."""
        return int(self.table.filter(true)[ROWS].sum()) / self.rows


def _table(days: "np.ndarray[tuple[int], np.dtype[np.int64]]", rows: object, given: object) -> pl.DataFrame:
    return pl.DataFrame({DAY: days, ROWS: rows, GIVEN: given}).cast({DAY: pl.Int32}).cast({DAY: pl.Date})
