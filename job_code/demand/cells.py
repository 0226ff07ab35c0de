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
FEW_ROWS = 4  # of a series; many series with so few rows do not keep a distance by chance
NEARLY_ALL = 0.9  # of the distances of a series
TOLERANCE = 0.25  # of the usual distance

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
    def _sorted(self) -> Integers:
        return np.sort(self.cell)

    @cached_property
    def _ordered(self) -> Integers:
        """The cells with rows, ascending, each once."""
        if self._taken is not None:
            return np.flatnonzero(self._taken)
        return self._sorted[np.diff(self._sorted, prepend=-1) > 0]

    @cached_property
    def repeated(self) -> Integers:
        """The cells with several rows, ascending."""
        if self._taken is not None and np.count_nonzero(self._taken) == len(self.cell):
            return np.empty(0, np.int64)
        return np.unique(self._sorted[1:][self._sorted[1:] == self._sorted[:-1]])

    @cached_property
    def periods(self) -> Integers:
        """Number of periods of each series that have rows, shape (series,)."""
        if self._taken is not None:
            counted: Integers = np.count_nonzero(self._taken, axis=1)
            return counted
        return np.bincount(self._ordered // self.span, minlength=self.series)

    @cached_property
    def _neighbors(self) -> Integers:
        """Number of the periods of each series that follow another with a row."""
        if self._taken is not None:
            counted: Integers = np.count_nonzero(self._taken[:, 1:] & self._taken[:, :-1], axis=1)
            return counted
        following = self._ordered[1:][np.diff(self._ordered) == 1]
        return np.bincount(following // self.span, minlength=self.series)

    def stepped(self) -> tuple[Integers, Integers, int]:
        """Find the series whose rows are always a multiple of two or more periods apart.

        Returns:
            The series, the step of each in periods, and the number of series with enough rows to know.
        """
        enough = self.periods >= MIN_ROWS
        some = np.flatnonzero(enough & (self._neighbors == 0))
        begins, distance = self._distances(some)
        steps = np.gcd.reduceat(distance, begins) if len(some) else some
        odd = steps > 1
        return some[odd], steps[odd], int(np.count_nonzero(enough))

    def spaced(self) -> tuple[Integers, Integers, int]:
        """Find the series with a usual distance of two or more periods that nearly all of their rows keep.

        The rows of a rare seller have distances of any size. Those of a month have 28 to 31 days.

        Returns:
            The series, the usual distance of each in periods, and the number of series with at least a few rows.
        """
        enough = self.periods >= FEW_ROWS
        checked = int(np.count_nonzero(enough))
        some = np.flatnonzero(enough & (2 * self._neighbors < self.periods - 1))
        if not len(some) or (self.periods[enough] - 1).sum() < MIN_ROWS:
            return np.empty(0, np.int64), np.empty(0, np.int64), checked
        begins, distance = self._distances(some)
        counts = np.diff(np.append(begins, len(distance)))
        owner = np.repeat(np.arange(len(some)), counts)
        usual = distance[np.lexsort((distance, owner))][begins + (counts - 1) // 2]
        times = np.rint(distance / usual[owner])
        keeps = (times >= 1) & (np.abs(distance - times * usual[owner]) <= TOLERANCE * usual[owner])
        is_spaced = (usual > 1) & (np.bincount(owner[keeps], minlength=len(some)) >= NEARLY_ALL * counts)
        return some[is_spaced], usual[is_spaced], checked

    def _distances(self, series: Integers) -> tuple[Integers, Integers]:
        """Return where the distances of each series begin, and the distances between its consecutive rows.

        Args:
            series: Indices of series with at least two rows, ascending.
        """
        if not len(series):
            return series, series
        chosen = np.zeros(self.series, dtype=bool)
        chosen[series] = True
        cells = self._ordered[chosen[self._ordered // self.span]]
        own = cells // self.span
        distance = np.diff(cells)[own[1:] == own[:-1]]
        counts = np.unique(own, return_counts=True)[1] - 1
        return np.cumsum(counts) - counts, distance
