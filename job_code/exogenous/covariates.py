"""Covariates: variables per period, in the past and over the horizon, such as price, promotion and holiday.

Values are stored by group and period. The key of the table defines the groups: single series, shops, or all series if
the table has no key. Cutting the demand history of a series does not change its covariates.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Self

import numpy as np

from job_code.exogenous.covariate_mask import CovariateMask
from job_code.exogenous_files.covariate_shuffle_files import NO_GROUP
from job_code.series.arrays import Booleans, Cells, Integers


@dataclass(frozen=True)
class CovariateTable:
    """Columns with the same key.

    Attributes:
        values: Values of each column, NaN if missing, with the periods of each group in sequence, shape (cells,).
        first_period: Number of the first period of each group, shape (groups,).
        lengths: Number of periods of each group, shape (groups,).
    """

    values: Sequence[Cells]
    first_period: Integers
    lengths: Integers

    @cached_property
    def starts(self) -> Integers:
        """Position of the first cell of each group, shape (groups,)."""
        return np.cumsum(self.lengths) - self.lengths

    @classmethod
    def empty(cls, columns: int, first_period: Integers, lengths: Integers) -> Self:
        """Return a table without values."""
        return cls(list(np.full((columns, int(lengths.sum())), np.nan, np.float32)), first_period, lengths)

    def put(self, group: Integers, period: Integers, values: Cells, held: Sequence[bool]) -> None:
        """Write values to cells. Rows with a period outside their group are ignored, unless their value is held.

        Args:
            group: Group of each row, shape (rows,). If any column is held, the rows are ordered by group and period.
            period: Period of each row, shape (rows,).
            values: Values of each row, shape (columns, rows).
            held: Whether a value of each column lasts until the next row of its group with a value.
        """
        at, known = self._cells(group, period)
        cells = at[known]
        for column, new, lasts in zip(self.values, values, held, strict=True):
            if lasts:
                has_value = ~np.isnan(new) & (group != NO_GROUP)
                self._hold(column, group[has_value], period[has_value], new[has_value])
            else:
                column[cells] = new[known]

    def _hold(self, column: Cells, group: Integers, period: Integers, values: Cells) -> None:
        """Write each value to the cells from its period to the next row of its group."""
        first, after = self.first_period[group], (self.first_period + self.lengths)[group]
        following = np.append(period[1:], 0)
        ends = np.where(np.append(np.diff(group) != 0, True), after, following) if len(group) else period
        begin, end = np.clip(period, first, after), np.clip(ends, first, after)
        counts = end - begin
        position = self.starts[group] + begin - first
        at = np.arange(int(counts.sum())) + np.repeat(position - (np.cumsum(counts) - counts), counts)
        column[at] = np.repeat(values, counts)

    def at(self, group: Integers, period: Integers) -> Cells:
        """Return the values of rows.

        Args:
            group: Group of each row or `NO_GROUP`, shape (rows,).
            period: Period of each row, shape (rows,).

        Returns:
            Values, NaN if missing, shape (columns, rows).
        """
        at, known = self._cells(group, period)
        found = np.full((len(self.values), len(group)), np.nan, np.float32)
        for column, values in zip(self.values, found, strict=True):
            values[known] = column[at[known]]
        return found

    def select(self, groups: Integers) -> Self:
        """Return some groups, in that order."""
        lengths = self.lengths[groups]
        at = np.arange(int(lengths.sum())) + np.repeat(self.starts[groups] - np.cumsum(lengths) + lengths, lengths)
        return type(self)([column[at] for column in self.values], self.first_period[groups], lengths)

    @classmethod
    def stack(cls, tables: Sequence[Self]) -> Self:
        """Concatenate the groups of several tables."""
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
        tables: The tables.
        shared: Whether several series share the groups of each table.
        group: Group of each series in each table, shape (tables, series).
        names: Names of all columns, table by table.
        categorical: Names of the columns with categories.
        positive: Names of the columns whose values are always above zero, such as prices. The features also contain
            their ratio to the usual value.
        mask: Mask for training and backtest; None without a mask.
        defaults: Value of each column in periods without one; NaN without a default.
    """

    tables: tuple[CovariateTable, ...]
    shared: tuple[bool, ...]
    group: Integers
    names: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    mask: CovariateMask | None = None
    defaults: tuple[float, ...] = ()

    @classmethod
    def none(cls, series: int) -> Self:
        """Return an object without covariates for a number of series."""
        return cls(tables=(), shared=(), group=np.empty((0, series), np.int64))

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """Concatenate the series of several parts of one run."""
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
        """Return the covariates of the selected series."""
        return self.take(np.flatnonzero(series))

    def take(self, series: Integers) -> Self:
        """Return the covariates of the series at some positions, in that order."""
        return replace(self, group=self.group[:, series], mask=self.mask and self.mask.take(series))

    def at(self, series: Integers, period: Integers) -> Cells:
        """Return the values of rows.

        Args:
            series: Index of the series of each row, shape (rows,).
            period: Period of each row, shape (rows,).

        Returns:
            Values, NaN if missing, shape (columns, rows).
        """
        found = [table.at(group[series], period) for table, group in zip(self.tables, self.group, strict=True)]
        for values, default in zip(chain.from_iterable(found), self.defaults, strict=False):
            if not np.isnan(default):
                values[np.isnan(values)] = default
        return np.concatenate(found) if found else np.empty((0, len(series)), np.float32)

    def ahead(self, last_period: Integers, horizon: int) -> Cells:
        """Return the values in the periods to forecast.

        Args:
            last_period: Last period of each series, shape (series,).
            horizon: Number of periods after it.

        Returns:
            Values, NaN if missing, shape (columns, series, horizon).
        """
        series, step = np.divmod(np.arange(len(last_period) * horizon), horizon)
        return self.at(series, last_period[series] + step + 1).reshape(len(self.names), len(last_period), horizon)
