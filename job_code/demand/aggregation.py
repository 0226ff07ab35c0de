"""Combine rows that are finer than the frequency, such as transactions, into one row per series and period."""

from dataclasses import replace

import numpy as np

from job_code.config import AggregationRule, ForecastConfig
from job_code.demand.cells import Periods
from job_code.demand.moment_counts import MomentCounts
from job_code.demand.shuffle_files import ShuffledShard
from job_code.series.arrays import Floats, Integers, begins_of_runs, ends_of_runs
from job_code.series.frequency import Frequency, Moments
from job_code.times.moments import may_combine

OFF_LABELS = 0.5  # share of the rows; if more are dated between periods, and several of a period, they are finer
PER_PERIOD = 1.5  # moments
PERIODS_BEFORE = 8  # that show when the rows of a period usually end
TOLERANCE = 0.05  # of a period; the last row of a period may be so much earlier than in all periods before


def resolve_rule(config: ForecastConfig, frequency: Frequency, counts: MomentCounts) -> AggregationRule | None:
    """Return the rule by which several rows become one period, or None if every row must be a period.

    Without a configured rule, rows are summed only if most of them are dated between periods, at several moments of
    each. Otherwise a copy of a file would double the demand, and one wrong date would change a period.

    Args:
        config: Its `aggregate` and `frequency`.
        frequency: Calendar of the run.
        counts: Demand rows by moment.
    """
    if config.aggregate == "none" or not may_combine(config):
        return None
    if config.aggregate != "auto":
        return config.aggregate
    return "sum" if is_finer(frequency, counts) else None


def is_finer(frequency: Frequency, counts: MomentCounts) -> bool:
    """Return whether most rows are dated between the labels of periods, at several moments of each period."""
    periods = len(np.unique(frequency.periods(counts.moments)))
    off_labels = counts.share(frequency.is_off_anchor(counts.moments))
    return off_labels > OFF_LABELS and len(counts.moments) >= PER_PERIOD * periods


def combine(
    shard: ShuffledShard, periods: Periods, frequency: Frequency, rule: AggregationRule
) -> tuple[ShuffledShard, Periods]:
    """Combine the rows of each series and period. Missing values do not count, unless all of them are missing.

    Args:
        shard: The rows, ordered by series and moment.
        periods: Period number of each row, shape (rows,).
        frequency: The calendar.
        rule: How values are combined. In-stock shares are averaged.

    Returns:
        One row per series and period, ascending, and the period of each row.
    """
    if not len(periods):
        return shard, periods
    begins = begins_of_runs(shard.series, periods)
    values = combine_values(shard.value.astype(np.float64), begins, rule)
    share = shard.in_stock_share
    if share is not None:
        sizes = np.diff(np.append(begins, len(periods)))
        share = (np.add.reduceat(share.astype(np.float64), begins) / sizes).astype(np.float32)
    kept = periods[begins]
    combined = replace(
        shard,
        series=shard.series[begins],
        moment=frequency.moments(kept.astype(np.int64)),
        value=values.astype(np.float32),
        in_stock_share=share,
    )
    return combined, kept


def ties_for_last(shard: ShuffledShard, periods: Periods) -> Integers:
    """Return the ties for the last row of a series and period: rows with one time and different values.

    Args:
        shard: The rows. Missing values do not count.
        periods: Period number of each row, shape (rows,).

    Returns:
        Positions of the rows with the lowest and the highest value of each tie, shape (2, ties).
    """
    rows = np.flatnonzero(~np.isnan(shard.value))
    order = rows[np.lexsort((shard.value[rows], shard.moment[rows], shard.series[rows]))]
    times = begins_of_runs(shard.series[order], shard.moment[order])
    highest = ends_of_runs(shard.series[order], periods[order])
    lowest = times[np.searchsorted(times, highest, side="right") - 1] if len(times) else highest
    pairs = np.stack([order[lowest], order[highest]])
    return pairs[:, shard.value[pairs[0]] != shard.value[pairs[1]]]


def unfinished_since(moments: Moments, frequency: Frequency) -> int | None:
    """Return the last moment of demand if the last period is not complete, otherwise None.

    The last period is not complete if its rows end clearly earlier than those of all recent periods.

    Args:
        moments: Moments with demand, ascending, shape (moments,).
        frequency: The calendar.
    """
    periods = frequency.periods(moments)
    ends = ends_of_runs(periods)[-1 - PERIODS_BEFORE :]
    if len(ends) <= PERIODS_BEFORE:
        return None
    finished, before = (period_ends(each, frequency) for each in (periods[ends], periods[ends] - 1))
    left = finished - moments[ends]
    return int(moments[-1]) if left[-1] > left[:-1].max() + TOLERANCE * np.median(finished - before) else None


def period_ends(periods: Integers | Periods, frequency: Frequency) -> Integers:
    """Return the moment at which each period ends."""
    return frequency.begins(periods.astype(np.int64) + 1).astype(np.int64)


def combine_values(values: Floats, begins: Integers, rule: AggregationRule) -> Floats:
    """Combine consecutive values. The last of a cell is its last value that is not missing.

    Args:
        values: Values, NaN if missing, in the order of their moments within a cell, shape (rows,).
        begins: Position of the first value of each cell, shape (cells,).
        rule: How they are combined.
    """
    valid = ~np.isnan(values)
    counts = np.add.reduceat(valid, begins, dtype=np.int64)
    if rule == "count":
        return np.where(counts > 0, counts, np.nan)
    if rule in ("min", "max"):
        reduced: Floats = np.fmin.reduceat(values, begins) if rule == "min" else np.fmax.reduceat(values, begins)
        return reduced
    if rule == "last":
        last = np.maximum.reduceat(np.where(valid, np.arange(len(values)), -1), begins)
        return np.where(counts > 0, values[last], np.nan)
    totals = np.add.reduceat(np.where(valid, values, 0.0), begins)
    combined = totals / np.maximum(counts, 1) if rule == "mean" else totals
    return np.where(counts > 0, combined, np.nan)
