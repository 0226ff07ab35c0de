import itertools
from collections import Counter

import numpy as np
import polars as pl
import pytest

from job_code.demand.demand_rows import VALUE
from job_code.demand.moment_counts import MomentCounts
from job_code.times.moments import MOMENT

SCHEMA: dict[str, pl.DataType] = {MOMENT: pl.Int32(), VALUE: pl.Float32()}


@pytest.fixture(params=["days", "minutes of two days", "minutes of a century", "days and one hour"])
def rows(request: pytest.FixtureRequest) -> pl.DataFrame:
    random = np.random.default_rng(0)
    moments = {
        "days": (random.integers(0, 900, 5000) ** 2 // 20 - 2000) * 1440,
        "minutes of two days": random.integers(-1440, 1440, 5000),
        "minutes of a century": random.integers(-(10**7), 4 * 10**7, 5000),
        "days and one hour": np.append(random.integers(-90, 900, 4999) * 1440, 60),
    }[request.param]
    values = [None if missing else 1.0 for missing in random.random(5000) < 0.7]
    return pl.DataFrame({MOMENT: moments, VALUE: values}).cast(pl.Schema(SCHEMA))


def test_rows_are_counted_by_moment(rows: pl.DataFrame) -> None:
    expected = Counter(rows[MOMENT])
    with_value = Counter(rows.filter(pl.col(VALUE).is_not_null())[MOMENT])
    counts = MomentCounts.of(rows)
    assert counts.table.rows() == [(moment, expected[moment], with_value[moment]) for moment in sorted(expected)]
    assert counts.rows == 5000
    assert counts.last == max(expected)
    before_1970 = sum(count for moment, count in expected.items() if moment < 0)
    assert 0 < before_1970 < 5000
    assert counts.share(counts.moments < 0) == pytest.approx(before_1970 / 5000)


def test_counts_of_batches_add_up(rows: pl.DataFrame) -> None:
    cuts = [0, 0, 1, 17, 3000, 5000, 5000]
    parts = [MomentCounts.of(rows[begin:end]) for begin, end in itertools.pairwise(cuts)]
    assert MomentCounts.total(parts[::-1]).table.equals(MomentCounts.of(rows).table)
    assert MomentCounts.total([MomentCounts.of(rows[:0])]).rows == 0


@pytest.mark.parametrize("days", [1, 2])
def test_counts_do_not_keep_the_batch_in_memory(days: int) -> None:
    moments = np.arange(1000) % days * 1440
    batch = pl.DataFrame({MOMENT: moments, VALUE: np.ones(1000)}).cast(pl.Schema(SCHEMA))
    counts = MomentCounts.of(batch)
    assert counts.moments.tolist() == [day * 1440 for day in range(days)]
    assert not np.shares_memory(counts.moments, batch[MOMENT].to_numpy())
