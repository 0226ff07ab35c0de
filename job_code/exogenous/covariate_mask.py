"""Mask covariates in training and backtest at the rate at which they will be missing in the forecast.

A hash of series key, period, step, column and seed decides whether a value is masked. It does not depend on other rows,
so the mask is the same for any blocks, workers and shards.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Self

import numpy as np

from job_code.series.arrays import Booleans, Floats, Integers
from job_code.tables.key_hashes import Hashes

STEP_BITS = np.uint64(16)  # enough for a step: the longest horizon has 366 periods
FRACTION_BITS = 53  # precision of a float64


@dataclass(frozen=True, kw_only=True)
class MaskRate:
    """Mask rate of each column.

    Attributes:
        names: Names of the columns.
        shares: Share of rows to mask, by step of the horizon, shape (columns, horizon).
        seed: Seed of the mask.
    """

    names: tuple[str, ...]
    shares: Floats
    seed: int

    @cached_property
    def column_keys(self) -> Hashes:
        """Hash of the seed and the name of each column, shape (columns,)."""
        digests = (blake2b(f"{self.seed}/{name}".encode(), digest_size=8).digest() for name in self.names)
        return np.array([int.from_bytes(digest, "little") for digest in digests], np.uint64)


@dataclass(frozen=True, kw_only=True)
class CovariateMask:
    """Mask of the covariates of some series.

    Attributes:
        mask_rate: Mask rate of each column.
        series: Hash of the key of each series, shape (series,).
    """

    mask_rate: MaskRate
    series: Hashes

    def take(self, series: Integers) -> Self:
        """Return the mask of the series at some positions, in that order."""
        return replace(self, series=self.series[series])

    def hides(self, series: Integers, period: Integers, step: Integers) -> Booleans:
        """Return whether each value is masked.

        Args:
            series: Index of the series of each row, shape (rows,).
            period: Forecast period of each row, shape (rows,).
            step: Periods from the origin to the forecast period, from 1, shape (rows,). Steps beyond the horizon have
                the rate of its last step.

        Returns:
            Shape (columns, rows).
        """
        shares = self.mask_rate.shares[:, np.minimum(step, self.mask_rate.shares.shape[1]) - 1]
        moment = (period.astype(np.uint64) << STEP_BITS) | step.astype(np.uint64)
        row = _mix(self.series[series] ^ _mix(moment))
        bits = _mix(row ^ self.mask_rate.column_keys[:, None]) >> np.uint64(64 - FRACTION_BITS)
        masked: Booleans = bits * 2.0**-FRACTION_BITS < shares
        return masked


def _mix(bits: Hashes) -> Hashes:
    """Spread every bit of each number over all its bits, as in SplitMix64 (Steele, Lea and Flood, 2014)."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits
