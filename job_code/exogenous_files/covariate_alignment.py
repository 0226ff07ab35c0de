"""Assign the rows of covariates to series, or groups of series, and to periods, and combine the rows of a period."""

from dataclasses import dataclass, replace

import numpy as np

from job_code.demand.aggregation import combine_values
from job_code.exogenous_files.covariate_problems import Problem, Problems
from job_code.exogenous_files.covariate_shuffle_files import NO_GROUP, ShuffledRows, ShuffledTable, group_of
from job_code.series.arrays import Booleans, Cells, Integers, begins_of_runs, ends_of_runs
from job_code.series.frequency import Frequency
from job_code.tables.key_hashes import Hashes

ORDERED = ("last", "hold")  # rules by which the order of rows decides


@dataclass(frozen=True, kw_only=True)
class AlignedRows:
    """Rows of a table.

    Attributes:
        values: Shape (columns, rows).
        series: Index of the series of each row, shape (rows,).
        period: Period number of each row, shape (rows,).
        unmatched: Hash of the key of each row whose series is unknown, shape (unknown rows,).
        read: Number of rows before they were combined.
        covered: Number of periods from the first row of each key to its last, over all keys.
    """

    values: Cells
    series: Integers
    period: Integers
    unmatched: Hashes
    read: int
    covered: int

    def of(self, series: Integers) -> "AlignedRows":
        """Return the rows of some series. The series get their positions in `series` as numbers."""
        position = group_of(self.series.astype(np.uint64), series.astype(np.uint64), NO_GROUP)
        kept = position != NO_GROUP
        return replace(self, values=self.values[:, kept], series=position[kept], period=self.period[kept])


def align_rows(
    rows: ShuffledRows, known: Hashes, frequency: Frequency, problems: Problems, *, table: ShuffledTable
) -> AlignedRows:
    """Return series and period of each row, and count the invalid rows. Drop rows of unknown series.

    Args:
        rows: Rows of a shard.
        known: Hashes of the keys of all series or groups.
        frequency: Calendar of the demand.
        problems: Takes the counts.
        table: The table of the rows. If it has rules, its rows are combined, and are ordered by series and period.
    """
    series = group_of(rows.hash, known, NO_GROUP)
    kept = series != NO_GROUP
    if not kept.all():
        rows, unmatched, series = rows.where(kept), rows.hash[~kept], series[kept]
    else:
        unmatched = rows.hash[:0]
    period = frequency.periods(rows.moment).astype(np.int64)
    off = frequency.is_off_anchor(rows.moment)
    read = len(period)
    values = rows.values
    if table.schema.rules:
        order = np.lexsort((rows.moment, series))
        rows, series, period, off = rows.where(order), series[order], period[order], off[order]
        _check(rows, series, period, off, problems, table)
        begins = begins_of_runs(series, period)
        rules = [table.schema.rules.get(name, "last") for name in table.schema.names]
        values = np.empty((len(rules), len(begins)), np.float32)
        for at, rule in enumerate(rules if len(begins) else ()):
            own = rows.values[at].astype(np.float64)
            values[at] = combine_values(own, begins, "last" if rule == "hold" else rule)
        series, period = series[begins], period[begins]
        covered = _covered(series, period)
    else:
        span = int(np.ptp(period)) + 1 if len(period) else 1
        # np.unique would take ten times as long: it hashes before it sorts.
        cell = series * span + (period - period.min() if len(period) else period)
        cells = np.sort(cell)
        number, column = table.columns.number, table.schema.names[0]
        problems.add(Problem("off_calendar", number, column), np.flatnonzero(off), rows)
        if (np.diff(cells) == 0).any():
            order = np.argsort(cell, kind="stable")
            repeated = order[1:][np.diff(cells) == 0]
            problems.add(Problem("duplicates", number, column), repeated[~off[repeated]], rows)
        covered = _covered(*np.divmod(cells, span))
    return AlignedRows(values=values, series=series, period=period, unmatched=unmatched, read=read, covered=covered)


def _check(
    rows: ShuffledRows, series: Integers, period: Integers, off: Booleans, problems: Problems, table: ShuffledTable
) -> None:
    """Count the invalid rows of a table with rules. The rows are ordered by series and moment."""
    number, names, rules = table.columns.number, table.schema.names, table.schema.rules
    at_same_time = (np.diff(series) == 0) & (np.diff(rows.moment) == 0)
    if table.automatic:
        problems.add(Problem("repeated", number, names[0]), np.flatnonzero(at_same_time) + 1, rows)
        return
    strict = [at for at, name in enumerate(names) if name not in rules]
    if strict:
        column, has_value = names[strict[0]], ~np.isnan(rows.values[strict]).all(axis=0)
        problems.add(Problem("off_calendar", number, column), np.flatnonzero(off & has_value), rows)
        begins = begins_of_runs(series[has_value], period[has_value])
        repeated = np.delete(np.flatnonzero(has_value), begins)
        problems.add(Problem("duplicates", number, column), repeated[~off[repeated]], rows)
    if at_same_time.any():
        begins = begins_of_runs(series, rows.moment)
        for at, name in enumerate(names):
            if rules.get(name) in ORDERED:
                lowest = np.fmin.reduceat(rows.values[at], begins)
                differ = np.fmax.reduceat(rows.values[at], begins) > lowest
                problems.add(Problem("conflicts", number, name), begins[differ], rows)


def _covered(series: Integers, period: Integers) -> int:
    """Return the number of periods from the first row of each series to its last. The rows are ordered by both."""
    return int((period[ends_of_runs(series)] - period[begins_of_runs(series)] + 1).sum())
