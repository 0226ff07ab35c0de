"""Prepared panels on disk: one folder per chunk, with 4 bytes and one bit per value."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from job_code.preparation.stratification import Bins, LifeStages
from job_code.runtime.frames import read_frame, write_frame
from job_code.series.arrays import Booleans
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel
from job_code.tables.key_hashes import Hashes

_KEYS, _STATIC = "keys.arrow", "static.arrow"


@dataclass(frozen=True, kw_only=True)
class PanelChunk:
    """Content of a chunk on disk.

    Attributes:
        panel: The series.
        hashes: Hash of the key of each series, shape (series,).
        stages: `LifeStage` of each series, from `stratification.classify_life_stages`, shape (series,).
        bins: Bin of the mean demand of each series, from the same function, shape (series,).
        active: Whether each series still sells, shape (series,).
        static: Static columns before encoding, one row per series. May have no columns.
    """

    panel: Panel
    hashes: Hashes
    stages: LifeStages
    bins: Bins
    active: Booleans
    static: pl.DataFrame


def write_chunk(chunk: PanelChunk, folder: Path) -> None:
    """Write a chunk to a new folder.

    Raises:
        FileExistsError: If the folder exists.
    """
    folder.mkdir(parents=True)
    panel = chunk.panel
    write_frame(panel.keys, folder / _KEYS)
    write_frame(chunk.static, folder / _STATIC)
    np.save(folder / "first_period.npy", panel.first_period.astype(np.int32))
    np.save(folder / "lengths.npy", panel.lengths.astype(np.int32))
    np.save(folder / "values.npy", panel.values.astype(np.float32))
    np.save(folder / "observed.npy", np.packbits(panel.observed))
    np.save(folder / "hashes.npy", chunk.hashes)
    np.save(folder / "stages.npy", chunk.stages)
    np.save(folder / "bins.npy", chunk.bins)
    np.save(folder / "active.npy", chunk.active)


def read_chunk(folder: Path, frequency: Frequency, *, only: Booleans | None = None) -> PanelChunk:
    """Read a chunk.

    Args:
        folder: Folder of the chunk.
        frequency: Calendar of the period numbers.
        only: Whether to read each series, shape (series,); None for all. Memory holds only the selected values.
    """
    lengths = np.load(folder / "lengths.npy").astype(np.int64)
    chosen = np.ones(len(lengths), dtype=bool) if only is None else only
    kept = slice(None) if chosen.all() else np.repeat(chosen, lengths)
    values = np.load(folder / "values.npy", mmap_mode="r" if only is not None else None)
    observed = np.unpackbits(np.load(folder / "observed.npy"), count=len(values)).astype(bool)
    series = pl.Series(chosen)
    panel = Panel(
        keys=read_frame(folder / _KEYS).filter(series),
        frequency=frequency,
        first_period=np.load(folder / "first_period.npy")[chosen].astype(np.int64),
        lengths=lengths[chosen],
        values=values[kept].astype(np.float64),
        observed=observed[kept],
    )
    return PanelChunk(
        panel=panel,
        hashes=np.load(folder / "hashes.npy")[chosen],
        stages=np.load(folder / "stages.npy")[chosen],
        bins=np.load(folder / "bins.npy")[chosen],
        active=np.load(folder / "active.npy")[chosen],
        static=read_frame(folder / _STATIC).filter(series),
    )


def read_keys(folder: Path) -> pl.DataFrame:
    """Read only the key columns of the series of a chunk."""
    return read_frame(folder / _KEYS)


def read_life_stages(folder: Path) -> tuple[Hashes, LifeStages, Bins]:
    """Read only the arrays that the sample depends on: hashes, life stages and bins of the series."""
    return np.load(folder / "hashes.npy"), np.load(folder / "stages.npy"), np.load(folder / "bins.npy")
