"""Compare the codes of keys with a dictionary that adds one key at a time."""

import numpy as np
import polars as pl
import pytest

from job_code.tables import key_hashes
from job_code.tables.key_hashes import Hashes, KnownKeys, hash_keys, shard_of

HIGHEST = 2**64 - 1


def batches(random: np.random.Generator, count: int) -> list[Hashes]:
    """Return batches of hashes from a growing set of keys. Some keys repeat within a batch or across batches."""
    pool = random.integers(0, HIGHEST, 3000, dtype=np.uint64, endpoint=True)
    pool[:2] = 0, HIGHEST
    return [
        random.choice(pool[: 5 + number * len(pool) // count], int(random.integers(0, 80))) for number in range(count)
    ]


@pytest.mark.parametrize("shards", [1, 2, 7])
@pytest.mark.parametrize("least_slots", [2, 64, 65_536])
def test_codes_are_correct_over_many_batches(monkeypatch: pytest.MonkeyPatch, shards: int, least_slots: int) -> None:
    monkeypatch.setattr(key_hashes, "MIN_SLOTS", least_slots)
    known = KnownKeys(shards)
    expected: dict[int, int] = {}
    count = [0] * shards
    for batch in batches(np.random.default_rng(shards), 150):
        hashes, first = batch.tolist(), []
        for each in sorted(set(hashes) - expected.keys()):
            shard = each * shards >> 64
            expected[each] = count[shard]
            count[shard] += 1
            first.append(hashes.index(each))
        codes, new = known.encode(batch)
        assert codes.tolist() == [expected[each] for each in hashes]
        assert new.tolist() == first
        assert len(known) == len(expected)
    assert len(expected) > 1500


def test_keys_with_the_same_first_slot_get_distinct_codes() -> None:
    alike = np.arange(2**63, 2**63 + 300, dtype=np.uint64)  # their leading bits are the same
    known = KnownKeys(1)
    codes, first = known.encode(alike[::-1])
    assert sorted(codes.tolist()) == list(range(300))
    assert sorted(first.tolist()) == list(range(300))
    again, new = known.encode(alike)
    assert again.tolist() == codes[::-1].tolist()
    assert not len(new)


@pytest.mark.parametrize("shards", [1, 2, 3, 31, 1000])
def test_shards_ascend_with_the_hash_and_are_about_even(shards: int) -> None:
    hashes = hash_keys(pl.DataFrame({"a": range(200_000)}), ("a",))
    edges = np.array([0, 2**32 - 1, 2**32, 2**63, HIGHEST], dtype=np.uint64)
    hashes = np.sort(np.concatenate([hashes, edges]))
    shard = shard_of(hashes, shards)
    assert (np.diff(shard) >= 0).all()
    assert shard[0] == 0
    assert shard[-1] == shards - 1
    share = np.bincount(shard, minlength=shards) * shards / len(shard)
    assert share == pytest.approx(1, abs=7 * (shards / len(shard)) ** 0.5)  # 7 standard deviations of a uniform choice


def test_different_keys_have_different_hashes() -> None:
    rows = pl.DataFrame({"a": ["x", "y", "x", "xy", "", "größe"], "b": ["y", "x", "", "", "xy", "größe"]})
    assert len(np.unique(hash_keys(rows, ("a", "b")))) == rows.height
    again = pl.concat([rows[3:], rows[:3]], rechunk=False)
    assert hash_keys(again, ("a", "b"))[3:].tolist() == hash_keys(rows, ("a", "b"))[:3].tolist()
    many = pl.DataFrame({"a": range(100_000)}).with_columns(b=pl.col("a") % 300)
    assert len(np.unique(hash_keys(many, ("a", "b")))) == 100_000
