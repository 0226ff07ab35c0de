"""Chooses the series the model learns from: a bounded number of rows, every sort of series well represented.

Series are told apart as planners do, by their share of all demand (ABC classes); those younger than a season and those
that have stopped selling are strata of their own. Each stratum gets an equal part of the rows, so that the few fast
sellers, who make up most of the demand, are learnt from nearly all, and the many slow ones by example. Whether a
series is chosen depends on its key and on how many series of its stratum there are: not on files, shards or workers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
import numpy.typing as npt

from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.panel import Panel
from job_code.tables.key_hashes import Hashes


class Sort(IntEnum):
    """What one series tells by itself; it takes all of them to divide those that sell into classes."""

    SELLING = 0
    YOUNGER_THAN_A_SEASON = 1
    STOPPED = 2


class Stratum(IntEnum):
    """What the sample is divided into: classes of the selling series by their demand, and the other sorts."""

    A = 0
    B = 1
    C = 2
    YOUNGER_THAN_A_SEASON = 3
    STOPPED = 4


CLASSES = (Stratum.A, Stratum.B, Stratum.C)
STRATUM_OF_SORT = {
    Sort.YOUNGER_THAN_A_SEASON: Stratum.YOUNGER_THAN_A_SEASON,
    Sort.STOPPED: Stratum.STOPPED,
}
STRATA = ("A", "B", "C", "younger_than_a_season", "stopped")  # by `Stratum`
SHARES = (1.0, 1.0, 1.0, 1.0, 0.25)  # of the rows; stopped series teach nothing, and are tested a little
CLASS_EDGES = (0.8, 0.95)  # of all demand, from the largest series down: where class A ends, and class B
LEAST_SERIES = 20  # of a stratum: fewer might all be missed by chance
BINS_PER_OCTAVE = 4
SMALLEST, LARGEST = -64, 128  # octaves of mean demand
BINS = (LARGEST - SMALLEST) * BINS_PER_OCTAVE
GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)  # spreads the bits: the highest ones of the hash already chose the shard

Sorts = npt.NDArray[np.uint8]
Bins = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Census:
    """How many series and values there are, by `Sort` and by size.

    Attributes:
        series: Shape (sorts, bins).
        values: Same shape.
    """

    series: Integers
    values: Integers

    @classmethod
    def of(cls, panel: Panel, sorts: Sorts, bins: Bins) -> Self:
        """Counts the series of one panel."""
        cell = sorts.astype(np.int64) * BINS + bins
        size = len(Sort) * BINS
        values = np.bincount(cell, weights=panel.lengths, minlength=size).astype(np.int64)
        return cls(np.bincount(cell, minlength=size).reshape(-1, BINS), values.reshape(-1, BINS))

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Adds counts up."""
        every = list(parts)
        return cls(sum((part.series for part in every), _NO_SERIES), sum((part.values for part in every), _NO_SERIES))


_NO_SERIES = np.zeros((len(Sort), BINS), dtype=np.int64)


def sort_series(panel: Panel, active: Booleans) -> tuple[Sorts, Bins]:
    """Tells the sorts of series apart, and puts them into bins of their mean demand over the last year.

    Args:
        panel: The series.
        active: Whether each still sells.

    Returns:
        Sort and bin of each series, shape (series,).
    """
    sorts = np.where(panel.lengths < panel.frequency.season, Sort.YOUNGER_THAN_A_SEASON, Sort.SELLING)
    sorts[~active] = Sort.STOPPED
    size = panel.mean_of_last(np.abs(panel.values), panel.frequency.per_year)
    octave = np.log2(np.maximum(size, 2.0**SMALLEST))
    bins = np.clip(np.floor((octave - SMALLEST) * BINS_PER_OCTAVE), 0, BINS - 1)
    return sorts.astype(np.uint8), bins.astype(np.int16)


@dataclass(frozen=True)
class SamplePlan:
    """Which series are chosen.

    Attributes:
        class_of_bin: Class of the selling series in each bin, one of `CLASSES`, shape (bins,).
        share: Share of the series that is chosen, shape (strata,).
        series: Number of series there are, shape (strata,).
    """

    class_of_bin: Integers
    share: Floats
    series: Integers

    @classmethod
    def of(cls, census: Census, rows: int) -> Self:
        """Divides rows among the strata; what one does not need goes to the others.

        Args:
            census: Counts over all demand.
            rows: Rows to choose, about; more where the series are so long that a few have as many.
        """
        volume = census.series[Sort.SELLING] * 2.0 ** (np.arange(BINS) / BINS_PER_OCTAVE + SMALLEST)
        larger = np.cumsum(volume[::-1])[::-1] - volume  # demand of all series in larger bins
        class_of_bin = np.digitize(larger / max(volume.sum(), 2.0**SMALLEST), CLASS_EDGES)

        def by_stratum(counts: Integers) -> Integers:
            found = np.zeros(len(Stratum), dtype=np.int64)
            found[list(CLASSES)] = np.bincount(class_of_bin, weights=counts[Sort.SELLING], minlength=len(CLASSES))
            for sort, stratum in STRATUM_OF_SORT.items():
                found[stratum] = counts[sort].sum()
            return found

        values, series = by_stratum(census.values), by_stratum(census.series)
        least = np.minimum(LEAST_SERIES / np.maximum(series, 1), 1)
        return cls(class_of_bin, np.maximum(_divide(values, rows) / np.maximum(values, 1), least), series)

    def strata(self, sorts: Sorts, bins: Bins) -> Integers:
        """Stratum of each series."""
        strata = self.class_of_bin[bins]
        for sort, stratum in STRATUM_OF_SORT.items():
            strata[sorts == sort] = stratum
        return strata

    def chosen(self, hashes: Hashes, strata: Integers, *, part: float = 1.0) -> Booleans:
        """Which series are in the sample, or in a smaller one that is a part of it."""
        at = (hashes * GOLDEN_RATIO).astype(np.float64) / 2.0**64
        share = self.share[strata]
        chosen: Booleans = (at < share * part) | ((share == 1) & (part == 1))
        return chosen

    @property
    def is_everything(self) -> bool:
        """Whether all series are chosen."""
        return bool((self.share[self.series > 0] == 1).all())


def _divide(needs: Integers, amount: int) -> Floats:
    given = np.zeros(len(needs))
    shares = np.array(SHARES)
    still = needs > 0
    while still.any():
        each = shares * (amount - given.sum()) / shares[still].sum()
        satisfied = still & (needs <= each)
        if not satisfied.any():
            given[still] = each[still]
            break
        given[satisfied] = needs[satisfied]
        still &= ~satisfied
    return given
