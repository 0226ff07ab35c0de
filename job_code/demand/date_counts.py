"""Number of demand rows by date."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from job_code.demand.demand_rows import VALUE
from job_code.tables.row_checks import DAY

ROWS, WITH_VALUE = "rows", "with_value"


@dataclass(frozen=True)
class DayCounts:
    """Number of rows by date. Frequency and cutoff depend on nothing else.

    Attributes:
        table: `_day` (Date, ascending), `rows` and `with_value`, the number of rows that have a value.
    """

    table: pl.DataFrame

    @property
    def last(self) -> int:
        """The latest date, in days since 1970-01-01."""
        return int(self.table[DAY].to_physical().max())  # type: ignore[arg-type]

    @classmethod
    def of(cls, batch: pl.DataFrame) -> Self:
        """Count the rows of one cleaned batch."""
        days = batch[DAY].to_physical().to_numpy()
        if not len(days):
            return cls(_table(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)))
        first, last = int(days.min()), int(days.max())
        if first == last:  # common case: one file per period
            return cls(_table(np.array([first]), [len(days)], [batch.height - batch[VALUE].null_count()]))
        rows = np.bincount(days - first)
        missing = days[batch[VALUE].is_null().to_numpy()]
        with_value = rows - np.bincount(missing - first, minlength=len(rows))
        seen = np.flatnonzero(rows)
        return cls(_table(seen + first, rows[seen], with_value[seen]))

    @classmethod
    def total(cls, counts: Iterable[Self]) -> Self:
        """Add counts."""
        stacked = pl.concat(count.table for count in counts)
        return cls(stacked.group_by(DAY).agg(pl.col(ROWS, WITH_VALUE).sum()).sort(DAY))

    @property
    def rows(self) -> int:
        """Number of rows over all dates."""
        return int(self.table[ROWS].sum())

    def share(self, true: pl.Series) -> float:
        """Return the share of the rows on the selected dates.

        Args:
            true: Whether each date of the table is selected, shape (dates,).
        """
        return int(self.table.filter(true)[ROWS].sum()) / self.rows


def _table(days: "np.ndarray[tuple[int], np.dtype[np.int64]]", rows: object, with_value: object) -> pl.DataFrame:
    return pl.DataFrame({DAY: days, ROWS: rows, WITH_VALUE: with_value}).cast({DAY: pl.Int32}).cast({DAY: pl.Date})
