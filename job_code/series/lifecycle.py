"""Tells where in its life a series is: at a cold start, selling, pausing or at an end."""

import numpy as np

from job_code.series.arrays import Booleans, Integers
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel

YEAR_TO_SHORTEST_SILENCE = 4  # a quarter: nobody is taken off the list for a few bad weeks, or an empty shelf
IMPROBABLE = 1e-3
YEAR_TO_COLD_START = 4  # a quarter


def is_active(panel: Panel) -> Booleans:
    """Whether a series still sells; the others are forecast as zero.

    A series has stopped when it has not sold for a year, on sale or not; or for a quarter, if it was never silent for
    as long before (a seasonal article was) and such a silence is improbable, given how often it sold from its first
    sale to its last.

    Returns:
        Shape (series,).
    """
    sold = np.flatnonzero((panel.values != 0) & panel.observed)
    zeros = np.concatenate([[0], np.cumsum(panel.values == 0)])  # estimates of what was off sale are no silence
    ends = panel.starts + panel.lengths
    until = np.searchsorted(sold, ends)  # how many sales lie before the end of each series
    count = np.diff(until, prepend=0)
    has_sold = count > 0
    begin = (until - count)[has_sold]
    first, last = np.zeros(len(panel), dtype=np.int64), np.full(len(panel), -1)
    first[has_sold], last[has_sold] = sold[begin], sold[until[has_sold] - 1]

    silence = np.zeros(len(panel), dtype=np.int64)  # the longest between two sales
    between = np.diff(zeros[sold], prepend=0)
    between[begin] = 0
    if len(begin):
        silence[has_sold] = np.maximum.reduceat(between, begin)
    silent_now = np.where(has_sold, zeros[ends] - zeros[np.maximum(last, 0)], panel.lengths)
    without_sale = np.where(has_sold, ends - 1 - last, panel.lengths)
    often = np.divide(count, last - first + 1, out=np.zeros(len(panel)), where=has_sold)

    year = panel.frequency.per_year
    unlike_before = (silent_now > silence) & ((1 - often) ** silent_now < IMPROBABLE)
    stopped = (without_sale >= year) | ((silent_now * YEAR_TO_SHORTEST_SILENCE >= year) & unlike_before)
    active: Booleans = has_sold & ~stopped
    return active


def is_cold_start(age: Integers, frequency: Frequency) -> Booleans:
    """Tell which series are too young to be known: less than a quarter of a year old.

    Younger than a season (`sampling.Sort`) is something else: a season is a week of days, but a year of weeks.

    Args:
        age: Periods each has.
        frequency: What a period is.
    """
    cold: Booleans = age * YEAR_TO_COLD_START < frequency.per_year
    return cold
