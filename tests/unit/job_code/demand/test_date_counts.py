import itertools
from collections import Counter
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from job_code.demand.date_counts import DayCounts
from job_code.demand.demand_rows import VALUE
from job_code.tables.row_checks import DAY

SCHEMA = {DAY: pl.Date(), VALUE: pl.Float32()}


@pytest.fixture
def rows() -> pl.DataFrame:
    random = np.random.default_rng(0)
    days = [date(1965, 1, 1) + timedelta(days=int(at)) for at in random.integers(0, 900, 5000) ** 2 // 20]
    values = [None if missing else 1.0 for missing in random.random(5000) < 0.7]
    return pl.DataFrame({DAY: days, VALUE: values}, schema=SCHEMA)


def test_rows_are_counted_by_date(rows: pl.DataFrame) -> None:
    expected = Counter(rows[DAY])
    with_value = Counter(rows.filter(pl.col(VALUE).is_not_null())[DAY])
    counts = DayCounts.of(rows)
    assert counts.table.rows() == [(day, expected[day], with_value[day]) for day in sorted(expected)]
    assert counts.rows == 5000
    before_1970 = sum(count for day, count in expected.items() if day.year < 1970)
    assert 0 < before_1970 < 5000
    assert counts.share(counts.table[DAY].dt.year() < 1970) == pytest.approx(before_1970 / 5000)


def test_counts_of_batches_add_up(rows: pl.DataFrame) -> None:
    cuts = [0, 0, 1, 17, 3000, 5000, 5000]
    parts = [DayCounts.of(rows[begin:end]) for begin, end in itertools.pairwise(cuts)]
    assert DayCounts.total(parts[::-1]).table.equals(DayCounts.of(rows).table)
    assert DayCounts.total([DayCounts.of(rows[:0])]).rows == 0
