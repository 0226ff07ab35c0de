"""Tells which series the rows of a batch belong to, by a 64-bit hash of their keys."""

import numpy as np
import numpy.typing as npt
import polars as pl

HASH_SEED = 20_240_614
MERGE_SHARE = 8  # recent keys are merged into the known ones when they are an eighth of them
LEAST_MERGED = 65_536

Hashes = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.uint32]


def hash_keys(rows: pl.DataFrame, key: tuple[str, ...]) -> Hashes:
    """A 64-bit hash of each row's key, the same in every process of a run."""
    return rows.select(pl.struct(key).hash(seed=HASH_SEED)).to_series().to_numpy()


def shard_of(hashes: Hashes, shards: int) -> npt.NDArray[np.int64]:
    """Shard of each hash, ascending with the hash."""
    return ((hashes >> np.uint64(32)) * np.uint64(shards) >> np.uint64(32)).astype(np.int64)


class KnownKeys:
    """Codes of the keys seen so far: within each shard, numbers from 0 in the order of appearance."""

    def __init__(self, shards: int) -> None:
        self._next = np.zeros(shards, dtype=np.int64)
        self._known = (np.empty(0, np.uint64), np.empty(0, np.uint32))
        self._recent = (np.empty(0, np.uint64), np.empty(0, np.uint32))

    def __len__(self) -> int:
        return int(self._next.sum())

    def encode(self, hashes: Hashes) -> tuple[Codes, npt.NDArray[np.int64]]:
        """Looks hashes up, and learns those that are new.

        Args:
            hashes: Ascending, shape (rows,).

        Returns:
            A code for each row, and the positions of the rows where a new key appears first.
        """
        if not len(hashes):
            return np.empty(0, np.uint32), np.empty(0, np.int64)
        begins = np.flatnonzero(np.concatenate([[True], hashes[1:] != hashes[:-1]]))
        distinct = hashes[begins]
        codes = np.zeros(len(distinct), dtype=np.uint32)
        unknown = np.arange(len(distinct))
        for table in (self._known, self._recent):
            unknown = unknown[~_look_up(table, distinct, codes, unknown)]
        if len(unknown):
            codes[unknown] = self._number(distinct[unknown])
            self._learn(distinct[unknown], codes[unknown])
        repeats = np.diff(begins, append=len(hashes))
        return np.repeat(codes, repeats), begins[unknown]

    def _number(self, new: Hashes) -> Codes:
        shard = shard_of(new, len(self._next))
        count = np.bincount(shard, minlength=len(self._next))
        begin = np.cumsum(count) - count
        codes = self._next[shard] + np.arange(len(new)) - begin[shard]
        self._next += count
        return codes.astype(np.uint32)

    def _learn(self, new: Hashes, codes: Codes) -> None:
        self._recent = _merge(self._recent, (new, codes))
        if len(self._recent[0]) > max(LEAST_MERGED, len(self._known[0]) // MERGE_SHARE):
            self._known = _merge(self._known, self._recent)
            self._recent = (np.empty(0, np.uint64), np.empty(0, np.uint32))


def _look_up(
    table: tuple[Hashes, Codes], distinct: Hashes, codes: Codes, wanted: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Fills in the codes of those wanted hashes that the table has, and tells which these are."""
    hashes, known = table
    if not len(hashes):
        return np.zeros(len(wanted), dtype=bool)
    at = np.minimum(np.searchsorted(hashes, distinct[wanted]), len(hashes) - 1)
    found: npt.NDArray[np.bool_] = hashes[at] == distinct[wanted]
    codes[wanted[found]] = known[at[found]]
    return found


def _merge(table: tuple[Hashes, Codes], new: tuple[Hashes, Codes]) -> tuple[Hashes, Codes]:
    at = np.searchsorted(table[0], new[0])
    return np.insert(table[0], at, new[0]), np.insert(table[1], at, new[1])
