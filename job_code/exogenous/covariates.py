"""What is known of a period beside its demand, in the past and over the horizon: price, promotion, holiday.

Values are kept by group and period. A group is whatever the table's key tells apart: the series themselves, the shops
they are sold in, or, where a table has no key, all series together. Histories may be cut without touching them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from job_code.exogenous.covariate_mask import CovariateMask
from job_code.series.arrays import Booleans, Integers

Cells = npt.NDArray[np.float32]
NO_GROUP = -1


@dataclass(frozen=True)
class CovariateTable:
    """Columns that share a key.

    Attributes:
        values: Of each column, NaN where unknown; the periods of each group one behind the other, shape (cells,).
        first_period: Of each group, shape (groups,).
        lengths: Periods of each group, shape (groups,).
    """

    values: Sequence[Cells]
    first_period: Integers
    lengths: Integers

    @cached_property
    def starts(self) -> Integers:
        """Position of each group's first cell, shape (groups,)."""
        return np.cumsum(self.lengths) - self.lengths

    @classmethod
    def empty(cls, columns: int, first_period: Integers, lengths: Integers) -> Self:
        """A table that knows nothing yet."""
        return cls(list(np.full((columns, int(lengths.sum())), np.nan, np.float32)), first_period, lengths)

    def put(self, group: Integers, period: Integers, values: Cells) -> Integers:
        """Fills cells in; those of periods that a group does not have are left out.

        Args:
            group: Of each row, shape (rows,).
            period: Of each row, shape (rows,).
            values: Shape (columns, rows).

        Returns:
            Positions of the cells that were filled in, one for each row that was used.
        """
        at, known = self._cells(group, period)
        cells = at[known]
        for column, given in zip(self.values, values, strict=True):
            column[cells] = given[known]
        return cells

    def at(self, group: Integers, period: Integers) -> Cells:
        """Looks periods up.

        Args:
            group: Of each row, `NO_GROUP` where there is none, shape (rows,).
            period: Of each row, shape (rows,).

        Returns:
            NaN where unknown, shape (columns, rows).
        """
        at, known = self._cells(group, period)
        found = np.full((len(self.values), len(group)), np.nan, np.float32)
        for column, values in zip(self.values, found, strict=True):
            values[known] = column[at[known]]
        return found

    def select(self, groups: Integers) -> Self:
        """Keeps some groups, in the order given."""
        lengths = self.lengths[groups]
        at = np.arange(int(lengths.sum())) + np.repeat(self.starts[groups] - np.cumsum(lengths) + lengths, lengths)
        return type(self)([column[at] for column in self.values], self.first_period[groups], lengths)

    @classmethod
    def stack(cls, tables: Sequence[Self]) -> Self:
        """Puts the groups of several tables one behind the other."""
        return cls(
            [np.concatenate(columns) for columns in zip(*(table.values for table in tables), strict=True)],
            np.concatenate([table.first_period for table in tables]),
            np.concatenate([table.lengths for table in tables]),
        )

    def _cells(self, group: Integers, period: Integers) -> tuple[Integers, Booleans]:
        if not len(self.lengths):
            return np.zeros(len(group), np.int64), np.zeros(len(group), dtype=bool)
        since = period - self.first_period[group]
        known = (group != NO_GROUP) & (since >= 0) & (since < self.lengths[group])
        return np.where(known, self.starts[group] + since, 0), known


@dataclass(frozen=True, kw_only=True)
class Covariates:
    """All covariates of some series.

    Attributes:
        tables: By key.
        shared: Whether groups of each table are of several series.
        group: Group of each series in each table, shape (tables, series).
        names: Of all columns, table by table.
        categorical: Names of those that hold categories.
        positive: Names of those that are always above zero, such as prices; they are told relative to what is usual.
        mask: What is hidden from the model while it learns; None where it sees all that is known.
    """

    tables: tuple[CovariateTable, ...]
    shared: tuple[bool, ...]
    group: Integers
    names: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    mask: CovariateMask | None = None

    @classmethod
    def none(cls, series: int) -> Self:
        """No covariates, for a number of series."""
        return cls(tables=(), shared=(), group=np.empty((0, series), np.int64))

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """Puts the series of several parts of one run one behind the other."""
        tables, groups = [], []
        for number, shared in enumerate(parts[0].shared):
            own, group = [part.tables[number] for part in parts], [part.group[number] for part in parts]
            if not shared:
                before = np.cumsum([0, *(len(table.lengths) for table in own[:-1])])
                group = [each + count for each, count in zip(group, before, strict=True)]
            tables.append(own[0] if shared else CovariateTable.stack(own))
            groups.append(np.concatenate(group))
        series = sum(part.group.shape[1] for part in parts)
        return replace(parts[0], tables=tuple(tables), group=np.array(groups, np.int64).reshape(len(tables), series))

    def select(self, series: Booleans) -> Self:
        """Keeps some of the series."""
        return self.take(np.flatnonzero(series))

    def take(self, series: Integers) -> Self:
        """The series at some positions, in that order."""
        return replace(self, group=self.group[:, series], mask=self.mask and self.mask.take(series))

    def at(self, series: Integers, period: Integers) -> Cells:
        """Looks periods up.

        Args:
            series: Index of each row's series, shape (rows,).
            period: Of each row, shape (rows,).

        Returns:
            NaN where unknown, shape (columns, rows).
        """
        found = [table.at(group[series], period) for table, group in zip(self.tables, self.group, strict=True)]
        return np.concatenate(found) if found else np.empty((0, len(series)), np.float32)

    def ahead(self, last_period: Integers, horizon: int) -> Cells:
        """What is known of the periods to forecast.

        Args:
            last_period: Of each series, shape (series,).
            horizon: Periods after it.

        Returns:
            NaN where unknown, shape (columns, series, horizon).
        """
        series, step = np.divmod(np.arange(len(last_period) * horizon), horizon)
        return self.at(series, last_period[series] + step + 1).reshape(len(self.names), len(last_period), horizon)
