"""Groups of equal rows, and the days on which nearly all rows are in groups of an even size."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from job_code.demand.shuffle_files import ShuffledShard
from job_code.series.arrays import Booleans, Integers, begins_of_runs

CHANGED = 4  # equal rows that outweigh a different one, such as a corrected value
BY_CHANCE = 0.5  # even numbers are at most half of all numbers of equal sales
MORE = 4  # times as many even numbers as on other days, as before Christmas
EVIDENCE = 40  # bits: equal sales of any length happen once in 10 ** 12 cases


@dataclass(frozen=True)
class SeriesDays:
    """Days of the series that have equal rows, ordered: the series, day and number of different rows of each.

    Attributes:
        series: Shape (series days,).
        day: Shape (series days,).
        different: Shape (series days,).
        place: Series day of each group of equal rows, shape (groups,).
        size: Number of rows of each group, shape (groups,).
    """

    series: Integers
    day: Integers
    different: Integers
    place: Integers
    size: Integers

    @classmethod
    def of(cls, rows: ShuffledShard, day: Integers, begin: Integers, size: Integers) -> Self:
        """Count the rows of each series that has a group, by day.

        Args:
            rows: The rows, ordered by series and moment.
            day: Day of each row.
            begin: First row of each group of several equal rows, shape (groups,).
            size: Number of rows of each group, shape (groups,).
        """
        has_groups = np.zeros(rows.keys.height, dtype=bool)
        has_groups[rows.series[begin]] = True
        at = np.flatnonzero(has_groups[rows.series])
        series, days = rows.series[at], day[at]
        starts = begins_of_runs(series, days)
        place = np.searchsorted(at[starts], begin, side="right") - 1
        counted = np.diff(np.append(starts, len(at)))
        different = counted - np.bincount(place, weights=size - 1, minlength=len(starts)).astype(np.int64)
        return cls(series[starts], days[starts], different, place, size)

    def delivered(self, is_even: Booleans, copies: int) -> tuple[Integers, Integers, Integers]:
        """Return the additional rows, series and day of each series day that was probably delivered several times."""
        count = len(self.series)
        even = np.bincount(self.place[is_even], minlength=count)
        extra = np.bincount(self.place, weights=np.where(is_even, self.size - self.size // copies, 0), minlength=count)
        chosen = stretches(self.series, self.different, even) >= 0
        return extra[chosen].astype(np.int64), self.series[chosen], self.day[chosen]


def groups_of_equal_rows(rows: ShuffledShard) -> tuple[Integers, Integers]:
    """Return the first row and the number of rows of each group of several equal rows.

    The rows of one series and moment may be in any order, so the first row is one of them in the order of values.
    """
    same_time = (np.diff(rows.series) == 0) & (np.diff(rows.moment) == 0)
    tied = np.flatnonzero(np.append(same_time, False) | np.append(False, same_time))
    time = np.cumsum(~np.append(False, same_time)[tied])
    value = rows.value[tied]
    order = np.lexsort((value, time))
    value, time = value[order], time[order]
    begin = begins_of_runs(time, value)
    size = np.diff(np.append(begin, len(tied)))
    several = size > 1
    return tied[begin[several]], size[several]


def stretches(owner: Integers, different: Integers, even: Integers) -> Integers:
    """Find consecutive days on which nearly all rows come in even numbers, unlike on the other days of their owner.

    Args:
        owner: Series of each day, ascending, shape (days,).
        different: Number of different rows of each day, shape (days,).
        even: How many of them come in even numbers, shape (days,).

    Returns:
        Number of the stretch of each day, -1 for other days, shape (days,).
    """
    score = even - CHANGED * (different - even)
    if not (score > 0).any():
        return np.full(len(owner), -1)
    begins = begins_of_runs(owner, score > 0)
    own, own_even, own_score = (np.add.reduceat(each, begins) for each in (different, even, score))
    of_owner = owner[begins]
    others, others_even = (np.bincount(owner, weights=each)[of_owner] for each in (different, even))
    chance = np.minimum(BY_CHANCE, MORE * (others_even - own_even + 0.5) / (others - own + 1))
    is_found = (own_score > 0) & (-np.log2(chance) * own_score >= EVIDENCE)
    return np.repeat(np.where(is_found, np.arange(len(begins)), -1), np.diff(np.append(begins, len(owner))))
