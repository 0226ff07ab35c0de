"""Hides covariates from the model while it learns, as often as they will be unknown when it forecasts.

A hash decides whether a value is hidden: of the series' key, the period, the step, the column and the seed. Other rows
have no part in it, so that blocks, workers and shards change no mask.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Self

import numpy as np

from job_code.series.arrays import Booleans, Floats, Integers
from job_code.tables.key_hashes import Hashes

STEP_BITS = np.uint64(16)  # a step fits in as many: the longest horizon is a year of days
FRACTION_BITS = 53  # of a float64


@dataclass(frozen=True, kw_only=True)
class HiddenShares:
    """How often each column is hidden.

    Attributes:
        names: The columns.
        shares: Share of rows, by step of the horizon, shape (columns, horizon).
        seed: Another one hides other rows.
    """

    names: tuple[str, ...]
    shares: Floats
    seed: int

    @cached_property
    def column_keys(self) -> Hashes:
        """A hash of the seed and each column's name, shape (columns,)."""
        digests = (blake2b(f"{self.seed}/{name}".encode(), digest_size=8).digest() for name in self.names)
        return np.array([int.from_bytes(digest, "little") for digest in digests], np.uint64)


@dataclass(frozen=True, kw_only=True)
class CovariateMask:
    """Which covariates of some series are hidden.

    Attributes:
        hidden: How often each column is.
        series: Hash of each series' key, shape (series,).
    """

    hidden: HiddenShares
    series: Hashes

    def take(self, series: Integers) -> Self:
        """Take the series at some positions, in that order."""
        return replace(self, series=self.series[series])

    def hides(self, series: Integers, period: Integers, step: Integers) -> Booleans:
        """Decide for each value whether it is hidden.

        Args:
            series: Index of each row's series, shape (rows,).
            period: Period that is forecast, shape (rows,).
            step: Periods from the origin to it, from 1, shape (rows,); the last share stands for those beyond.

        Returns:
            Shape (columns, rows).
        """
        shares = self.hidden.shares[:, np.minimum(step, self.hidden.shares.shape[1]) - 1]
        moment = (period.astype(np.uint64) << STEP_BITS) | step.astype(np.uint64)
        row = _mix(self.series[series] ^ _mix(moment))
        bits = _mix(row ^ self.hidden.column_keys[:, None]) >> np.uint64(64 - FRACTION_BITS)
        hidden: Booleans = bits * 2.0**-FRACTION_BITS < shares
        return hidden


def _mix(bits: Hashes) -> Hashes:
    """Spread every bit of each number over all of its bits, as SplitMix64 does (Steele, Lea and Flood, 2014)."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits
