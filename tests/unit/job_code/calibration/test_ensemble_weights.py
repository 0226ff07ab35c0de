import numpy as np
import pytest

from job_code.calibration.ensemble_weights import Combination, best_combinations, combine
from job_code.model.baselines import SIMPLE_FORECASTS
from tests.entries import entries

NAIVE, MEAN = (list(SIMPLE_FORECASTS).index(name) for name in ("seasonal naive", "recent mean"))


def simple(**given: np.ndarray) -> np.ndarray:
    return np.stack([given["naive"], given["mean"]] if NAIVE < MEAN else [given["mean"], given["naive"]])


def test_each_kind_of_series_has_its_own_combination() -> None:
    chosen = (Combination(0.3, "seasonal naive"), Combination(0.5, "recent mean"), Combination(0.0, "recent mean"))
    given = entries(
        np.full(5, 10.0),
        kind=np.array([0, 1, 2, 2, 0]),
        cold_start=np.array([False, False, False, True, False]),
        active=np.array([True, True, True, True, False]),
        simple=simple(naive=np.full(5, 5.0), mean=np.full(5, 2.0)),
    )
    # Of a new series the simple forecasts know nothing, and of one that has stopped nothing is expected.
    assert combine(given, given.model, chosen).tolist() == pytest.approx([6.5, 6.0, 2.0, 10.0, 0.0])


@pytest.mark.parametrize("truth", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("name", list(SIMPLE_FORECASTS))
def test_the_combination_is_the_one_that_errs_least(truth: float, name: str) -> None:
    random = np.random.default_rng(1)
    by = simple(naive=random.uniform(5, 9, 150), mean=random.uniform(5, 9, 150))
    given = entries(random.uniform(5, 9, 150), simple=by)
    actual = truth * given.model + (1 - truth) * by[list(SIMPLE_FORECASTS).index(name)]
    every = np.ones(150)
    smooth = best_combinations(actual, every, given)[0]
    assert smooth.model_share == pytest.approx(truth)
    assert truth == 1 or smooth.simple == name
    counted = np.arange(150) % 4 > 0
    assert best_combinations(np.where(counted, actual, 1000.0), every * counted, given)[0] == smooth
    assert best_combinations(actual, 0 * every, given)[0].model_share == 1
    unknown = entries(given.model, simple=by, cold_start=np.ones(150, dtype=bool))
    assert best_combinations(actual, every, unknown)[0].model_share == 1


def test_sparse_series_are_judged_by_the_squared_error() -> None:
    actual = np.random.default_rng(1).poisson(0.2, 400).astype(float)
    nothing = np.zeros(400)  # the least absolute error of all
    given = entries(nothing, kind=np.full(400, 2), simple=simple(naive=nothing, mean=np.full(400, actual.mean())))
    assert best_combinations(actual, np.ones(400), given)[2] == Combination(0.0, "recent mean")


@pytest.mark.parametrize("heavy", [0, 1])
def test_entries_that_stand_for_many_decide(heavy: int) -> None:
    random = np.random.default_rng(2)
    naive = random.uniform(5, 9, 240)
    given = entries(random.uniform(5, 9, 240), simple=simple(naive=naive, mean=naive + 3))
    by_model = np.arange(240) % 2 == 0
    weight = np.where(by_model == (heavy == 1), 50.0, 1.0)
    assert best_combinations(np.where(by_model, given.model, naive), weight, given)[0].model_share == heavy
