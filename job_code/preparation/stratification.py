"""Select the series to train on: a stratified sample with a limited number of rows.

The strata are ABC classes by share of all demand, series younger than a season, and discontinued series. Each stratum
gets an equal share of the rows; discontinued series get a quarter of it. So the sample has nearly all of the few fast
sellers and some of the many slow ones. The fast sellers make up most of the demand. The selection of a series depends
on its key and the number of series in its stratum. It does not depend on files, shards or workers.
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


class LifeStage(IntEnum):
    """Life stage of a series. For a selling series, the ABC class is not yet known: it depends on all series."""

    SELLING = 0
    YOUNGER_THAN_A_SEASON = 1
    DISCONTINUED = 2


class Stratum(IntEnum):
    """The strata: classes of the selling series by demand, and the other life stages."""

    A = 0
    B = 1
    C = 2
    YOUNGER_THAN_A_SEASON = 3
    DISCONTINUED = 4


CLASSES = (Stratum.A, Stratum.B, Stratum.C)
STRATUM_OF_STAGE = {
    LifeStage.YOUNGER_THAN_A_SEASON: Stratum.YOUNGER_THAN_A_SEASON,
    LifeStage.DISCONTINUED: Stratum.DISCONTINUED,
}
STRATA = ("A", "B", "C", "younger_than_a_season", "discontinued")  # by `Stratum`
SHARES = (1.0, 1.0, 1.0, 1.0, 0.25)  # relative shares of the rows; discontinued series are only backtested
CLASS_EDGES = (0.8, 0.95)  # cumulative share of all demand, from the largest series down, where class A and class B end
MIN_SERIES = 20  # expected minimum per stratum; a smaller sample could have no series of the stratum
BINS_PER_OCTAVE = 4
MIN_OCTAVE, MAX_OCTAVE = -64, 128  # range of mean demand, in octaves
BINS = (MAX_OCTAVE - MIN_OCTAVE) * BINS_PER_OCTAVE
GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)  # mixes the bits of the hash, because its highest bits select the shard

LifeStages = npt.NDArray[np.uint8]
Bins = npt.NDArray[np.int16]


@dataclass(frozen=True)
class StratumCounts:
    """Number of series and values, by life stage and bin of mean demand.

    Attributes:
        series: Shape (life stages, bins).
        values: Same shape.
    """

    series: Integers
    values: Integers

    @classmethod
    def of(cls, panel: Panel, stages: LifeStages, bins: Bins) -> Self:
        """Count the series and values of one panel."""
        cell = stages.astype(np.int64) * BINS + bins
        cells = len(LifeStage) * BINS
        values = np.bincount(cell, weights=panel.lengths, minlength=cells).astype(np.int64)
        return cls(np.bincount(cell, minlength=cells).reshape(-1, BINS), values.reshape(-1, BINS))

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Add the counts of several panels."""
        every = list(parts)
        return cls(sum((part.series for part in every), _NO_SERIES), sum((part.values for part in every), _NO_SERIES))


_NO_SERIES = np.zeros((len(LifeStage), BINS), dtype=np.int64)


def classify_life_stages(panel: Panel, active: Booleans) -> tuple[LifeStages, Bins]:
    """Return life stage and bin of mean demand of each series.

    Args:
        panel: The series.
        active: Whether each series still sells, shape (series,).

    Returns:
        Life stages and bins of the mean demand over the last year, each of shape (series,).
    """
    stages = np.where(panel.lengths < panel.frequency.season, LifeStage.YOUNGER_THAN_A_SEASON, LifeStage.SELLING)
    stages[~active] = LifeStage.DISCONTINUED
    mean = panel.mean_of_last(np.abs(panel.values), panel.frequency.window)
    octave = np.log2(np.maximum(mean, 2.0**MIN_OCTAVE))
    bins = np.clip(np.floor((octave - MIN_OCTAVE) * BINS_PER_OCTAVE), 0, BINS - 1)
    return stages.astype(np.uint8), bins.astype(np.int16)


@dataclass(frozen=True)
class SamplePlan:
    """The share of each stratum to select.

    Attributes:
        class_of_bin: ABC class of the selling series in each bin, one of `CLASSES`, shape (bins,).
        share: Share of the series to select, shape (strata,).
        series: Number of series, shape (strata,).
    """

    class_of_bin: Integers
    share: Floats
    series: Integers

    @classmethod
    def of(cls, counts: StratumCounts, rows: int) -> Self:
        """Divide rows among the strata. Rows that one stratum does not need go to the others.

        Args:
            counts: Counts over all demand.
            rows: Approximate number of rows. The sample has more if a few series exceed this number.
        """
        volume = counts.series[LifeStage.SELLING] * 2.0 ** (np.arange(BINS) / BINS_PER_OCTAVE + MIN_OCTAVE)
        larger = np.cumsum(volume[::-1])[::-1] - volume  # demand of all series in larger bins
        class_of_bin = np.digitize(larger / max(volume.sum(), 2.0**MIN_OCTAVE), CLASS_EDGES)

        def by_stratum(cells: Integers) -> Integers:
            found = np.zeros(len(Stratum), dtype=np.int64)
            found[list(CLASSES)] = np.bincount(class_of_bin, weights=cells[LifeStage.SELLING], minlength=len(CLASSES))
            for stage, stratum in STRATUM_OF_STAGE.items():
                found[stratum] = cells[stage].sum()
            return found

        values, series = by_stratum(counts.values), by_stratum(counts.series)
        least = np.minimum(MIN_SERIES / np.maximum(series, 1), 1)
        return cls(class_of_bin, np.maximum(_divide(values, rows) / np.maximum(values, 1), least), series)

    def strata(self, stages: LifeStages, bins: Bins) -> Integers:
        """Return the stratum of each series, shape (series,)."""
        strata = self.class_of_bin[bins]
        for stage, stratum in STRATUM_OF_STAGE.items():
            strata[stages == stage] = stratum
        return strata

    def selected(self, hashes: Hashes, strata: Integers, *, part: float = 1.0) -> Booleans:
        """Return whether each series is in the sample, or with `part` below 1 in a subset of it, shape (series,)."""
        at = (hashes * GOLDEN_RATIO).astype(np.float64) / 2.0**64
        share = self.share[strata]
        found: Booleans = (at < share * part) | ((share == 1) & (part == 1))
        return found

    @property
    def is_full_population(self) -> bool:
        """True if all series are selected."""
        return bool((self.share[self.series > 0] == 1).all())


def _divide(needs: Integers, amount: int) -> Floats:
    assigned = np.zeros(len(needs))
    shares = np.array(SHARES)
    open_strata = needs > 0
    while open_strata.any():
        each = shares * (amount - assigned.sum()) / shares[open_strata].sum()
        satisfied = open_strata & (needs <= each)
        if not satisfied.any():
            assigned[open_strata] = each[open_strata]
            break
        assigned[satisfied] = needs[satisfied]
        open_strata &= ~satisfied
    return assigned
