"""The cells of a shard: its series times its periods. Find duplicates, and series with a step of their own."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from job_code.demand.shuffle_files import ShuffledShard
from job_code.series.arrays import Booleans, Integers

CELLS_PER_ROW = 16  # series times periods, per row; with more cells, a table of all cells takes too much memory
MIN_ROWS = 24  # of a series; the distances of fewer rows may have a common divisor by chance

Periods = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Cells:
    """The rows of a shard by series and period.

    Attributes:
        cell: Number of the cell of each row, shape (rows,). A series has one cell more than there are periods.
        series_of_row: Index of the series of each row, shape (rows,).
        series: Number of series.
        span: Number of cells of a series.
    """

    cell: Integers
    series_of_row: Integers
    series: int
    span: int

    @classmethod
    def of(cls, shard: ShuffledShard, periods: Periods) -> Self:
        """Number the cells.

        Args:
            shard: The rows, at least one.
            periods: Period number of each row, shape (rows,).
        """
        first = int(periods.min())
        span = int(periods.max()) - first + 2  # the last cell of a series is empty, so that no two series touch
        return cls(shard.series * span + (periods - first), shard.series, shard.keys.height, span)

    @cached_property
    def _taken(self) -> Booleans | None:
        """Whether each cell has a row, shape (series, span); None if there are too many cells."""
        if self.series * self.span > CELLS_PER_ROW * len(self.cell):
            return None
        taken = np.zeros(self.series * self.span, dtype=bool)
        taken[self.cell] = True
        return taken.reshape(self.series, self.span)

    @cached_property
    def _ordered(self) -> Integers:
        return np.sort(self.cell)

    @cached_property
    def repeated(self) -> Integers:
        """The cells with several rows, ascending."""
        if self._taken is not None and np.count_nonzero(self._taken) == len(self.cell):
            return np.empty(0, np.int64)
        return np.unique(self._ordered[1:][self._ordered[1:] == self._ordered[:-1]])

    def stepped(self) -> tuple[Integers, Integers, int]:
        """Find the series whose rows are always a multiple of two or more periods apart.

        Returns:
            The series, the step of each in periods, and the number of series with enough rows to know.
        """
        enough = np.bincount(self.series_of_row, minlength=self.series) >= MIN_ROWS
        checked = int(np.count_nonzero(enough))
        if not checked:
            return np.empty(0, np.int64), np.empty(0, np.int64), 0
        some = np.flatnonzero(enough & ~self._has_neighbors())
        steps = np.zeros(len(some), dtype=np.int64)
        if len(some):
            is_chosen = np.zeros(self.series, dtype=bool)
            is_chosen[some] = True
            chosen = np.sort(self.cell[is_chosen[self.series_of_row]])
            starts = np.searchsorted(chosen, some * self.span)
            distance = np.diff(chosen, prepend=chosen[:1])
            distance[starts] = 0
            steps = np.gcd.reduceat(distance, starts)
        odd = steps > 1
        return some[odd], steps[odd], checked

    def _has_neighbors(self) -> Booleans:
        """Return whether each series has rows in two consecutive periods."""
        if self._taken is not None:
            neighbors: Booleans = np.any(self._taken[:, 1:] & self._taken[:, :-1], axis=1)
            return neighbors
        found = np.zeros(self.series, dtype=bool)
        found[self._ordered[1:][np.diff(self._ordered) == 1] // self.span] = True
        return found
