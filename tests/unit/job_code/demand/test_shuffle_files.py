"""Compare shuffled rows with a dictionary of lists."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.demand import shuffle_files
from job_code.demand.demand_rows import VALUE
from job_code.demand.shuffle_files import ShuffleWriter, read_shard
from job_code.tables import key_hashes
from job_code.tables.key_hashes import hash_keys, shard_of
from job_code.times.moments import MOMENT

KEYS = {
    "text": pl.DataFrame({"id": [f"A{at}" for at in range(300)]}),
    "any script": pl.DataFrame({"id": ["größe 4", "商品", "", "a,b", "\x00", "🙂" * 40, "x" * 5000, "x" * 5001, "ﷺ"]}),
    "numbers": pl.DataFrame({"id": pl.Series([-(2**63), -1, 0, 1, 2**63 - 1, *range(5, 200)], dtype=pl.Int64)}),
    "small numbers": pl.DataFrame({"id": pl.Series(range(200), dtype=pl.UInt8)}),
    "days": pl.DataFrame({"id": [date(2020, 1, 1) + timedelta(days=at) for at in range(50)]}),
    "fractions": pl.DataFrame({"id": [0.5, -0.25, 0.0, 1e300, float("inf"), 1 / 3]}),
    "prices": pl.DataFrame({"id": [Decimal(at) / 4 for at in range(60)]}),
    "moments": pl.DataFrame({"id": [datetime(2020, 1, 1, at, tzinfo=UTC) for at in range(24)]}),
    "yes and no": pl.DataFrame({"id": [True, False]}),
    "bytes": pl.DataFrame({"id": [b"", b"\x00", b"\xff\xfe", b"a" * 300]}),
    "two columns": pl.DataFrame({"id": [f"A{at // 9}" for at in range(270)], "shop": [at % 9 for at in range(270)]}),
    "prefixes": pl.DataFrame({"id": ["a", "ab", "abc", "a"], "shop": ["bc", "c", "", "b c"]}),
}


def random_rows(keys: pl.DataFrame, count: int, random: np.random.Generator) -> pl.DataFrame:
    values = random.normal(0, 100, count).astype(np.float32)
    return keys[random.integers(0, keys.height, count)].with_columns(
        pl.Series(MOMENT, random.integers(-(10**7), 10**8, count).astype(np.int32)),
        pl.Series(VALUE, np.where(random.random(count) < 0.1, np.nan, values)).cast(pl.Float32).fill_nan(None),
    )


@pytest.mark.parametrize("keys_name", KEYS)
@pytest.mark.parametrize("seed", [0, 1])
def test_all_rows_of_a_series_are_in_one_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys_name: str, seed: int
) -> None:
    monkeypatch.setattr(key_hashes, "MIN_SLOTS", 16)
    monkeypatch.setattr(shuffle_files, "KEYS_IN_MEMORY", 50)
    random, keys = np.random.default_rng(seed), KEYS[keys_name]
    key, shards = tuple(keys.columns), int(random.integers(1, 12))
    writers = [ShuffleWriter(tmp_path, number, shards, key) for number in range(int(random.integers(1, 13)))]
    expected: dict[tuple[object, ...], list[tuple[int, float | None]]] = defaultdict(list)
    for _ in range(60):
        batch = random_rows(keys, int(random.integers(0, 60)), random)
        random.choice(np.array(writers, dtype=object)).add(batch)
        for row in batch.iter_rows():
            expected[row[:-2]].append(row[-2:])
    for writer in writers:
        writer.close()

    found: dict[tuple[object, ...], list[tuple[int, float | None]]] = {}
    for number in range(shards):
        shard = read_shard(tmp_path, number, key)
        if shard is None:
            continue
        assert shard.keys.schema == keys.schema
        assert shard.keys.equals(shard.keys.unique().sort(key))
        assert shard.hashes.tolist() == hash_keys(shard.keys, key).tolist()
        assert (shard_of(shard.hashes, shards) == number).all()
        values = pl.Series(shard.value).fill_nan(None)
        here: dict[tuple[object, ...], list[tuple[int, float | None]]] = defaultdict(list)
        for series, moment, value in zip(shard.series.tolist(), shard.moment.tolist(), values, strict=True):
            here[shard.keys.row(series)].append((moment, value))
        assert len(here) == shard.keys.height
        assert here.keys().isdisjoint(found)
        found |= here
    assert found.keys() == expected.keys()

    def ordered(rows: list[tuple[int, float | None]]) -> list[tuple[int, float]]:
        return sorted((moment, -1e9 if value is None else value) for moment, value in rows)

    for own, rows in expected.items():
        assert ordered(found[own]) == ordered(rows)
    assert not list(tmp_path.iterdir())


def test_a_shard_without_series_is_none(tmp_path: Path) -> None:
    one = pl.DataFrame({"id": ["A"], MOMENT: [0], VALUE: [1.0]}).cast({MOMENT: pl.Int32, VALUE: pl.Float32})
    writer = ShuffleWriter(tmp_path, 0, 5, ("id",))
    writer.add(one[:0])
    writer.add(one)
    writer.close()
    shards = [read_shard(tmp_path, number, ("id",)) for number in range(5)]
    assert sum(shard is not None for shard in shards) == 1
    assert read_shard(tmp_path / "absent", 0, ("id",)) is None
