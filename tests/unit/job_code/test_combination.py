from pathlib import Path

import numpy as np
import pytest

from job_code.combination import best_share, combine, seasonal_naive
from tests.demand import panel_of, series


def test_seasonal_naive_repeats_the_last_season_or_the_last_value(tmp_path: Path) -> None:
    values = {
        "a": [float(at) for at in range(1, 31)],
        "b": [float(at) for at in range(1, 13)],
        "c": [4.0, 5.0],
        "d": [9.0],
    }
    panel, _ = panel_of(tmp_path, series(values, frequency="MS"), frequency="MS")
    naive = seasonal_naive(panel, 14)
    assert naive[0].tolist() == [*range(19, 31), 19, 20]
    assert naive[1].tolist() == [*range(1, 13), 1, 2]
    assert naive[2].tolist() == [5] * 14
    assert naive[3].tolist() == [9] * 14


def test_only_smooth_series_are_averaged(tmp_path: Path) -> None:
    panel, _ = panel_of(tmp_path, series({"smooth": [4.0, 5.0] * 10, "sparse": [0.0, 5.0] * 10}))
    model, naive = np.full((2, 3), 10.0), np.zeros((2, 3))
    assert combine(model, naive, panel, 0.3).tolist() == [[3.0] * 3, [10.0] * 3]


@pytest.mark.parametrize("truth", [0.0, 0.3, 1.0])
def test_the_share_is_the_one_that_errs_least(tmp_path: Path, truth: float) -> None:
    random = np.random.default_rng(1)
    panel, _ = panel_of(tmp_path, series({f"S{at}": random.uniform(5, 9, 20).tolist() for at in range(30)}))
    model, naive = random.uniform(5, 9, (30, 4)), random.uniform(5, 9, (30, 4))
    actual = truth * model + (1 - truth) * naive
    everything = np.ones(actual.shape, dtype=bool)
    assert best_share(actual, model, naive, everything, panel) == pytest.approx(truth)
    spoilt = np.where(np.arange(4) == 2, 1000.0, actual)
    assert best_share(spoilt, model, naive, everything & (np.arange(4) != 2), panel) == pytest.approx(truth)
    assert best_share(actual, model, naive, ~everything, panel) == 1
