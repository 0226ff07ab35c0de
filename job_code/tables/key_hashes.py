"""Assign the rows of a batch to series by a 64-bit hash of their keys."""

import numpy as np
import numpy.typing as npt
import polars as pl

HASH_SEED = 20_240_614
MIN_SLOTS = 65_536  # a power of two
SLOTS_PER_KEY = 2  # minimum; with fewer slots, many keys are not in their first slot

Hashes = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.uint32]


def hash_keys(rows: pl.DataFrame, key: tuple[str, ...]) -> Hashes:
    """Return a 64-bit hash of each row's key, shape (rows,). It is the same in every process of a run."""
    return rows.select(pl.struct(key).hash(seed=HASH_SEED)).to_series().to_numpy()


def shard_of(hashes: Hashes, shards: int) -> npt.NDArray[np.int64]:
    """Return the shard of each hash. Shards ascend with the hash."""
    return ((hashes >> np.uint64(32)) * np.uint64(shards) >> np.uint64(32)).astype(np.int64)


class KnownKeys:
    """Codes of the known keys: in each shard, numbers from 0 in the order of appearance.

    The hash table has open addressing and linear probing. Each probe covers a whole batch, so the batch needs no
    sorting. Memory: 24 to 48 bytes per key, and up to 120 while the table grows.

    Args:
        shards: Number of shards.
    """

    def __init__(self, shards: int) -> None:
        self._next = np.zeros(shards, dtype=np.int64)
        self._clear(MIN_SLOTS)

    def __len__(self) -> int:
        return int(self._next.sum())

    def encode(self, hashes: Hashes) -> tuple[Codes, npt.NDArray[np.int64]]:
        """Look up hashes and add the new ones.

        Args:
            hashes: Hashes in any order, shape (rows,).

        Returns:
            A code for each row, and the positions of the first row of each new key.
        """
        wanted = np.maximum(hashes, 1)  # 0 marks a free slot
        slots = self._find(wanted)
        codes, unknown = self._codes[slots], np.flatnonzero(slots < 0)
        new, at, place = np.unique(wanted[unknown], return_index=True, return_inverse=True)
        if len(new):
            numbers = self._number(new)
            self._insert(new, numbers)
            codes[unknown] = numbers[place]
        return codes, unknown[at]

    def _find(self, wanted: Hashes) -> npt.NDArray[np.int64]:
        """Return the slot of each hash; negative if the table does not have the hash."""
        slots = self._home(wanted)
        found = self._hashes[slots]
        missed = np.flatnonzero(found != wanted)
        while len(missed):
            free = found[missed] == 0
            slots[missed[free]] = -1
            missed = missed[~free]
            slots[missed] = self._after(slots[missed])
            found[missed] = self._hashes[slots[missed]]
            missed = missed[found[missed] != wanted[missed]]
        return slots

    def _number(self, new: Hashes) -> Codes:
        shard = shard_of(new, len(self._next))
        count = np.bincount(shard, minlength=len(self._next))
        begin = np.cumsum(count) - count
        codes = self._next[shard] + np.arange(len(new)) - begin[shard]
        self._next += count
        return codes.astype(np.uint32)

    def _insert(self, new: Hashes, codes: Codes) -> None:
        """Insert distinct hashes that are not yet in the table."""
        slots = len(self._hashes)
        while len(self) * SLOTS_PER_KEY > slots:
            slots *= 2
        if slots > len(self._hashes):
            taken = self._hashes != 0
            new, codes = (np.concatenate(each) for each in ((self._hashes[taken], new), (self._codes[taken], codes)))
            self._clear(slots)
        at = self._home(new)
        left = np.arange(len(new))
        while len(left):
            trying = left[self._hashes[at[left]] == 0]
            self._hashes[at[trying]] = new[trying]  # if several hashes try one slot, the last one gets it
            left = left[self._hashes[at[left]] != new[left]]
            at[left] = self._after(at[left])
        self._codes[at] = codes

    def _clear(self, slots: int) -> None:
        self._hashes, self._codes = np.zeros(slots, dtype=np.uint64), np.zeros(slots, dtype=np.uint32)
        self._shift = np.uint64(65 - slots.bit_length())

    def _home(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        return (hashes >> self._shift).astype(np.int64)

    def _after(self, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return (slots + 1) & (len(self._hashes) - 1)
