"""Life stage of a series: cold start, selling or discontinued."""

import numpy as np

from job_code.series.arrays import Booleans, Integers
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel

YEAR_TO_SHORTEST_SILENCE = 4  # a quarter of a year: a few bad weeks do not discontinue a series
IMPROBABLE = 1e-3  # maximum probability of a silence that discontinues a series


def is_active(panel: Panel) -> Booleans:
    """Return whether each series still sells. The forecast of a discontinued series is zero.

    A series is discontinued after a year without sales, in stock or not. A quarter of a year is enough under two
    conditions. First, no earlier silence of the series was as long; seasonal articles have such silences. Second, the
    silence is improbable, given how often the series sold between its first and last sale.

    Returns:
        Shape (series,).
    """
    sold = np.flatnonzero((panel.values != 0) & panel.observed)
    zeros = np.concatenate([[0], np.cumsum(panel.values == 0)])  # imputed stockouts do not count as silence
    ends = panel.starts + panel.lengths
    until = np.searchsorted(sold, ends)  # number of sales before the end of each series
    count = np.diff(until, prepend=0)
    has_sold = count > 0
    begin = (until - count)[has_sold]
    first, last = np.zeros(len(panel), dtype=np.int64), np.full(len(panel), -1)
    first[has_sold], last[has_sold] = sold[begin], sold[until[has_sold] - 1]

    silence = np.zeros(len(panel), dtype=np.int64)  # longest silence between two sales
    between = np.diff(zeros[sold], prepend=0)
    between[begin] = 0
    if len(begin):
        silence[has_sold] = np.maximum.reduceat(between, begin)
    silent_now = np.where(has_sold, zeros[ends] - zeros[np.maximum(last, 0)], panel.lengths)
    without_sale = np.where(has_sold, ends - 1 - last, panel.lengths)
    often = np.divide(count, last - first + 1, out=np.zeros(len(panel)), where=has_sold)

    year = panel.frequency.per_year
    unlike_before = (silent_now > silence) & ((1 - often) ** silent_now < IMPROBABLE)
    discontinued = (without_sale >= year) | ((silent_now * YEAR_TO_SHORTEST_SILENCE >= year) & unlike_before)
    active: Booleans = has_sold & ~discontinued
    return active


def is_cold_start(age: Integers, frequency: Frequency) -> Booleans:
    """Return whether each series is too young to classify: younger than 13 weeks, or a week of hours.

    This differs from `LifeStage.YOUNGER_THAN_A_SEASON`: a season has 7 days, but 52 weeks.

    Args:
        age: Number of periods of each series, shape (series,).
        frequency: Calendar of the periods.
    """
    cold: Booleans = age < frequency.seasons.cold
    return cold
