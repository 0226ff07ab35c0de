from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.preparation.panel_chunks import PanelChunk, read_chunk, read_life_stages, write_chunk
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel

WEEKLY = Frequency("W-MON")


def chunk(count: int, *, seed: int = 0) -> PanelChunk:
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 30, count)
    values = random.normal(0, 100, lengths.sum()).astype(np.float32).astype(np.float64)
    keys = pl.DataFrame({"article": [f"größe {at}" for at in range(count)], "shop": range(count)})
    panel = Panel(
        keys=keys,
        frequency=WEEKLY,
        first_period=random.integers(-5000, 5000, count),
        lengths=lengths,
        values=values,
        observed=random.random(len(values)) < 0.6,
    )
    return PanelChunk(
        panel=panel,
        hashes=random.integers(0, 2**64 - 1, count, dtype=np.uint64),
        stages=random.integers(0, 5, count).astype(np.uint8),
        bins=random.integers(0, 700, count).astype(np.int16),
        active=random.random(count) < 0.5,
        static=pl.DataFrame({"brand": ["x", None, "商品"] * count, "size": [None, 1.5, 2.0] * count})[:count],
    )


def check(read: PanelChunk, expected: PanelChunk, chosen: np.ndarray) -> None:
    panel = expected.panel.select(chosen)
    assert read.panel.keys.equals(panel.keys)
    assert read.panel.frequency == panel.frequency
    for name in ("first_period", "lengths", "values", "observed"):
        assert getattr(read.panel, name).tolist() == getattr(panel, name).tolist()
        assert getattr(read.panel, name).dtype == getattr(panel, name).dtype
    for name in ("hashes", "stages", "bins", "active"):
        assert getattr(read, name).tolist() == getattr(expected, name)[chosen].tolist()
    assert read.static.equals(expected.static.filter(pl.Series(chosen)))


@pytest.mark.parametrize("count", [1, 7, 100])
def test_reading_returns_the_written_chunk(tmp_path: Path, count: int) -> None:
    written = chunk(count)
    write_chunk(written, tmp_path / "a")
    check(read_chunk(tmp_path / "a", WEEKLY), written, np.ones(count, dtype=bool))
    hashes, stages, bins = read_life_stages(tmp_path / "a")
    assert (hashes.tolist(), stages.tolist()) == (written.hashes.tolist(), written.stages.tolist())
    assert bins.tolist() == written.bins.tolist()


def test_selected_series_are_read_without_the_others(tmp_path: Path) -> None:
    written = chunk(50)
    write_chunk(written, tmp_path / "a")
    random = np.random.default_rng(1)
    for share in (0, 0.1, 0.5, 1):
        chosen = random.random(50) < share
        check(read_chunk(tmp_path / "a", WEEKLY, only=chosen), written, chosen)


def test_a_chunk_is_written_once(tmp_path: Path) -> None:
    write_chunk(chunk(3), tmp_path / "a")
    with pytest.raises(FileExistsError):
        write_chunk(chunk(3), tmp_path / "a")


def test_a_chunk_without_static_columns(tmp_path: Path) -> None:
    whole = chunk(5)
    bare = replace(whole, static=pl.DataFrame(height=5))
    write_chunk(bare, tmp_path / "a")
    assert read_chunk(tmp_path / "a", WEEKLY).static.shape == (5, 0)
    some = np.array([True, False, True, False, False])
    assert read_chunk(tmp_path / "a", WEEKLY, only=some).static.shape == (2, 0)
