from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from job_code.combination import (
    SIMPLE_FORECASTS,
    Combination,
    best_combinations,
    combine,
    recent_mean,
    seasonal_naive,
)
from job_code.panel import Panel
from tests.demand import panel_of, series, usual


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


def test_each_kind_of_series_has_its_own_combination(tmp_path: Path) -> None:
    values = {"smooth": [4.0, 5.0] * 10, "mixed": [0.0, 5.0, 6.0, 7.0] * 5, "sparse": [0.0, 0.0, 0.0, 8.0] * 5}
    panel, _ = panel_of(tmp_path, series(values))
    chosen = (Combination(0.3, "seasonal naive"), Combination(0.5, "recent mean"), Combination(0.0, "recent mean"))
    # In the order of the keys: mixed, smooth, sparse. None is as long as a season: the naive guess is the last value.
    combined = combine(np.full((3, 2), 10.0), panel, chosen)
    assert combined.tolist() == [[0.5 * 10 + 0.5 * 4.5] * 2, [pytest.approx(0.3 * 10 + 0.7 * 5)] * 2, [2.0] * 2]


@pytest.mark.parametrize("truth", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("simple", [seasonal_naive, recent_mean])
def test_the_combination_is_the_one_that_errs_least(
    tmp_path: Path, truth: float, simple: Callable[[Panel, int], np.ndarray]
) -> None:
    random = np.random.default_rng(1)
    panel, _ = panel_of(tmp_path, series({f"S{at}": random.uniform(5, 9, 70).tolist() for at in range(30)}))
    model = random.uniform(5, 9, (30, 4))
    actual = truth * model + (1 - truth) * simple(panel, 4)
    everything, change = np.ones(actual.shape), usual(panel)
    smooth = best_combinations(actual, model, everything, panel, change)[0]
    assert smooth.model_share == pytest.approx(truth)
    assert truth == 1 or SIMPLE_FORECASTS[smooth.simple] is simple
    spoilt = np.where(np.arange(4) == 2, 1000.0, actual)
    assert best_combinations(spoilt, model, everything * (np.arange(4) != 2), panel, change)[0] == smooth
    assert best_combinations(actual, model, 0 * everything, panel, change)[0].model_share == 1
    assert best_combinations(actual, model, everything, panel, 0 * change)[0].model_share == 1


def test_sparse_series_are_judged_by_the_squared_error(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    panel, _ = panel_of(tmp_path, series({f"S{at}": random.poisson(0.2, 70).tolist() for at in range(100)}))
    actual = random.poisson(0.2, (100, 4)).astype(float)
    nothing = np.zeros(actual.shape)  # the least absolute error of all
    intermittent = best_combinations(actual, nothing, np.ones(actual.shape), panel, usual(panel))[2]
    assert intermittent == Combination(0.0, "recent mean")


@pytest.mark.parametrize("heavy", [0, 1])
def test_series_that_stand_for_many_decide(tmp_path: Path, heavy: int) -> None:
    random = np.random.default_rng(2)
    panel, _ = panel_of(tmp_path, series({f"S{at:03d}": random.uniform(5, 9, 70).tolist() for at in range(60)}))
    model = random.uniform(5, 9, (60, 4))
    by_model = np.arange(60)[:, None] % 2 == 0
    actual = np.where(by_model, model, seasonal_naive(panel, 4))
    weight = np.where(by_model == (heavy == 1), 50.0, 1.0) * np.ones(actual.shape)
    assert best_combinations(actual, model, weight, panel, usual(panel))[0].model_share == heavy
