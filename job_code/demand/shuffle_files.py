"""Shuffle demand from the input files into shards of whole series. A row takes 12 bytes on disk.

The shard of a row follows from a 64-bit hash of its key. So all rows of a series, from any file, batch or process, are
in one shard. Each writer writes a key once, and its rows have a code instead of the key. Two keys with equal hashes
would become one series. With five million keys, this happens once in 1.5 million runs. If both sell in one period, the
run fails with a duplicate.
"""

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from job_code.demand.demand_rows import IN_STOCK_SHARE, VALUE
from job_code.runtime.frames import read_frame, write_frame
from job_code.series.arrays import Booleans, Integers
from job_code.tables.key_hashes import Codes, Hashes, KnownKeys, hash_keys, shard_of
from job_code.times.moments import MOMENT

HASH = "_hash"
CODE = "_code"
ROW = np.dtype([("code", np.uint32), ("moment", np.int32), ("value", np.float32)])
ROW_IN_STOCK = np.dtype([*ROW.descr, ("in_stock_share", np.float32)])
KEYS_IN_MEMORY = 500_000


class ShuffleWriter:
    """Write batches of demand to one file per shard.

    Memory: the batch and `KnownKeys`.

    Args:
        folder: Folder of the shuffle files.
        writer: Number of this writer, part of the file names.
        shards: Number of shards.
        key: Key columns.
    """

    def __init__(self, folder: Path, writer: int, shards: int, key: tuple[str, ...]) -> None:
        self._folder, self._writer, self._shards, self._key = folder, writer, shards, key
        self._known = KnownKeys(shards)
        self._new_keys: list[bytes] = []
        self._waiting = 0
        self._flushes = 0

    def add(self, batch: pl.DataFrame) -> None:
        """Write one cleaned batch."""
        of_rows = hash_keys(batch, self._key)
        # NumPy sorts 16-bit numbers by radix sort, several times faster than the 64-bit hashes.
        shard = shard_of(of_rows, self._shards).astype(np.min_scalar_type(self._shards))
        order = np.argsort(shard, kind="stable")
        hashes = of_rows[order]  # hashes of one shard are adjacent in the hash table, so they stay in the CPU cache
        codes, first = self._known.encode(hashes)
        if len(first):
            self._remember(batch[order[first]], hashes[first], codes[first])
        rows = np.empty(len(order), dtype=ROW_IN_STOCK if IN_STOCK_SHARE in batch.columns else ROW)
        rows["code"] = codes
        rows["moment"] = batch[MOMENT].to_numpy()[order]
        rows["value"] = batch[VALUE].fill_null(np.nan).to_numpy()[order]
        if IN_STOCK_SHARE in batch.columns:
            rows["in_stock_share"] = batch[IN_STOCK_SHARE].to_numpy()[order]
        begin = 0
        for number, end in enumerate(np.cumsum(np.bincount(shard, minlength=self._shards)).tolist()):
            if end > begin:
                with rows_file(self._folder, number, self._writer).open("ab") as file:
                    file.write(rows[begin:end].data)
            begin = end

    @property
    def series(self) -> int:
        """Number of series so far."""
        return len(self._known)

    def close(self) -> None:
        """Write the keys that are still in memory."""
        self._flush_keys()

    def _remember(self, rows: pl.DataFrame, hashes: Hashes, codes: Codes) -> None:
        keys = rows.select(self._key).with_columns(pl.Series(HASH, hashes), pl.Series(CODE, codes))
        buffer = io.BytesIO()
        keys.write_ipc(buffer)  # as bytes: a slice of the batch would keep all its text in memory
        self._new_keys.append(buffer.getvalue())
        self._waiting += keys.height
        if self._waiting >= KEYS_IN_MEMORY:
            self._flush_keys()

    def _flush_keys(self) -> None:
        if not self._new_keys:
            return
        keys = pl.concat(pl.read_ipc(io.BytesIO(content)) for content in self._new_keys).sort(HASH)
        shard = shard_of(keys[HASH].to_numpy(), self._shards)
        begin = 0
        for number, end in enumerate(np.searchsorted(shard, np.arange(self._shards), side="right").tolist()):
            if end > begin:
                write_frame(keys[begin:end], self._folder / _keys_name(number, self._writer, str(self._flushes)))
            begin = end
        self._new_keys, self._waiting = [], 0
        self._flushes += 1


@dataclass(frozen=True, kw_only=True)
class ShuffledShard:
    """All rows of the series of a shard.

    Attributes:
        keys: One row per series, sorted by key.
        hashes: Hash of each key, shape (series,).
        series: Index of the series of each row, shape (rows,).
        moment: Moment of each row, in minutes since 1970-01-01, shape (rows,).
        value: Demand of each row, NaN if missing, shape (rows,).
        in_stock_share: In-stock share of the period of each row, shape (rows,). None without an in-stock column.
    """

    keys: pl.DataFrame
    hashes: Hashes
    series: npt.NDArray[np.int64]
    moment: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]
    in_stock_share: npt.NDArray[np.float32] | None = None

    def in_order(self) -> Self:
        """Return the rows by series and moment."""
        return self.where(np.lexsort((self.moment, self.series)))

    def where(self, chosen: Booleans | Integers) -> Self:
        """Return some of the rows, and the keys of all series.

        Args:
            chosen: Whether each row is returned, shape (rows,), or the positions of the rows to return.
        """
        share = self.in_stock_share
        return replace(
            self,
            series=self.series[chosen],
            moment=self.moment[chosen],
            value=self.value[chosen],
            in_stock_share=None if share is None else share[chosen],
        )


def read_shard(folder: Path, shard: int, key: tuple[str, ...], *, in_stock_share: bool = False) -> ShuffledShard | None:
    """Read the rows that all writers wrote for one shard, and delete the files.

    Args:
        folder: Folder of the shuffle files.
        shard: Number of the shard.
        key: Key columns.
        in_stock_share: Whether the rows have an in-stock share.

    Returns:
        None for a shard without series.
    """
    writers = sorted(folder.glob(rows_file(folder, shard, 0).name.replace("-0.", "-*.")))
    if not writers:
        return None
    keys = []
    for file in writers:
        writer = int(file.stem.rsplit("-", 1)[1])
        flushed = [read_frame(part) for part in folder.glob(_keys_name(shard, writer, "*"))]
        keys.append(pl.concat(flushed).sort(CODE))
    together = pl.concat(keys)
    unique = together.drop(CODE).unique().sort(key)
    position = (
        together.join(unique.select(key).with_row_index("_at"), on=list(key), how="left", maintain_order="left")["_at"]
        .to_numpy()
        .astype(np.int64)
    )
    rows = [np.fromfile(file, dtype=ROW_IN_STOCK if in_stock_share else ROW) for file in writers]
    offset = np.concatenate([[0], np.cumsum([len(frame) for frame in keys])])
    series = np.concatenate([position[offset[writer] :][part["code"]] for writer, part in enumerate(rows)])
    gathered = ShuffledShard(
        keys=unique.select(key),
        hashes=unique[HASH].to_numpy(),
        series=series,
        moment=np.concatenate([part["moment"] for part in rows]),
        value=np.concatenate([part["value"] for part in rows]),
        in_stock_share=np.concatenate([part["in_stock_share"] for part in rows]) if in_stock_share else None,
    )
    for file in [*writers, *folder.glob(_keys_name(shard, "*", "*"))]:
        file.unlink()
    return gathered


def rows_file(folder: Path, shard: int, writer: int) -> Path:
    """Return the file to which one writer writes the rows of a shard."""
    return folder / f"rows-{shard:05d}-{writer}.bin"


def _keys_name(shard: int, writer: int | str, flush: str) -> str:
    return f"keys-{shard:05d}-{writer}-{flush}.arrow"
