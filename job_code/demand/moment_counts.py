"""Number of demand rows by moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from contract.calendar.frequencies import DAY
from job_code.demand.demand_rows import VALUE
from job_code.times.moments import MOMENT

ROWS, WITH_VALUE = "rows", "with_value"
MOMENTS_IN_MEMORY = 4_000_000
CELLS_PER_ROW = 4  # moments, per row; with more cells, counting takes longer than sorting


@dataclass(frozen=True)
class MomentCounts:
    """Number of rows by moment. Frequency and cutoff depend on nothing else.

    Attributes:
        table: `_moment` (Int32, ascending), `rows` and `with_value`, the number of rows that have a value.
    """

    table: pl.DataFrame

    @property
    def last(self) -> int:
        """The latest moment, in minutes since 1970-01-01."""
        return int(self.table[MOMENT].max())  # type: ignore[arg-type]

    @classmethod
    def of(cls, batch: pl.DataFrame) -> Self:
        """Count the rows of one cleaned batch."""
        moments = batch[MOMENT].to_numpy()
        if not len(moments):
            return cls.none()
        first, last = int(moments.min()), int(moments.max())
        if first == last:  # common case: one file per period
            # A list, because polars keeps an array as it is, and a part of one keeps the whole batch in memory.
            return cls(_table([first], [len(moments)], [batch.height - batch[VALUE].null_count()]))
        has_value = batch[VALUE].is_not_null().to_numpy()
        step = DAY if not (moments % DAY).any() else 1
        if (last - first) // step <= CELLS_PER_ROW * len(moments):
            cell = (moments - first) // step
            rows = np.bincount(cell)
            with_value = rows - np.bincount(cell[~has_value], minlength=len(rows))
            seen = np.flatnonzero(rows)
            return cls(_table(seen * step + first, rows[seen], with_value[seen]))
        different, place = np.unique(moments, return_inverse=True)
        with_value = np.bincount(place[has_value], minlength=len(different))
        return cls(_table(different, np.bincount(place), with_value))

    @classmethod
    def none(cls) -> Self:
        """Return the counts of no rows."""
        return cls(_table(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64)))

    @classmethod
    def total(cls, counts: Iterable[Self]) -> Self:
        """Add counts."""
        stacked = pl.concat(count.table for count in counts)
        return cls(stacked.group_by(MOMENT).agg(pl.col(ROWS, WITH_VALUE).sum()).sort(MOMENT))

    @property
    def rows(self) -> int:
        """Number of rows over all moments."""
        return int(self.table[ROWS].sum())

    @property
    def moments(self) -> npt.NDArray[np.int32]:
        """The moments, ascending, shape (moments,)."""
        return self.table[MOMENT].to_numpy()

    @property
    def observed(self) -> npt.NDArray[np.int32]:
        """The moments with a value, ascending, shape (moments with a value,)."""
        return self.table.filter(pl.col(WITH_VALUE) > 0)[MOMENT].to_numpy()

    def share(self, true: npt.NDArray[np.bool_]) -> float:
        """Return the share of the rows at the selected moments.

        Args:
            true: Whether each moment of the table is selected, shape (moments,).
        """
        return int(self.table[ROWS].to_numpy()[true].sum()) / self.rows


@dataclass
class MomentCounter:
    """Counts of batches, in memory. Rows by the minute in any order have many moments in each batch.

    Attributes:
        counts: The counts so far, of one or several batches each.
    """

    counts: list[MomentCounts] = field(default_factory=list)

    def add(self, batch: pl.DataFrame) -> None:
        """Count the rows of one cleaned batch."""
        self.counts.append(MomentCounts.of(batch))
        if sum(each.table.height for each in self.counts) > MOMENTS_IN_MEMORY:
            self.counts = [MomentCounts.total(self.counts)]


def _table(moments: object, rows: object, with_value: object) -> pl.DataFrame:
    return pl.DataFrame({MOMENT: moments, ROWS: rows, WITH_VALUE: with_value}).cast(
        {MOMENT: pl.Int32, ROWS: pl.Int64, WITH_VALUE: pl.Int64}
    )
