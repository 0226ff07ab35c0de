"""Runs of equal rows, against a slow and obvious reference."""

from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from job_code.series.arrays import begins_of_runs, ends_of_runs


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=20))
def test_runs_are_consecutive_equal_rows(rows: list[tuple[int, int]]) -> None:
    runs = [[at for at, _ in run] for _, run in groupby(enumerate(rows), key=lambda each: each[1])]
    first, second = np.array(rows, np.int64).reshape(-1, 2).T
    assert begins_of_runs(first, second.astype(np.int32)).tolist() == [run[0] for run in runs]
    assert ends_of_runs(first, second.astype(np.int32)).tolist() == [run[-1] for run in runs]
    of_first = [[at for at, _ in run] for _, run in groupby(enumerate(rows), key=lambda each: each[1][0])]
    assert begins_of_runs(first).tolist() == [run[0] for run in of_first]
