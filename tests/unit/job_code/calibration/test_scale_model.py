import pickle

import numpy as np
import pytest

from job_code.calibration.scale_model import MAX_SIZE, MIN_ROWS, OF_FORECAST, ResidualScaleModel
from tests.demand import configured
from tests.forecast_rows import forecast_rows

CONFIG = configured()


def learnt(
    told: np.ndarray, step: np.ndarray, error: np.ndarray, usable: np.ndarray | None = None
) -> ResidualScaleModel:
    return ResidualScaleModel.fit(
        told, step, error, np.ones(len(step), dtype=bool) if usable is None else usable, CONFIG
    )


def told(step: np.ndarray, signal: np.ndarray) -> np.ndarray:
    """One column that tells something, the step, and nothing of the forecast itself."""
    return np.stack([signal, step, *[np.zeros(len(step))] * len(OF_FORECAST)]).astype(np.float32)


def test_errors_are_as_large_as_what_is_told_of_them() -> None:
    random = np.random.default_rng(0)
    step, nervous = random.integers(1, 13, 40_000), random.random(40_000) < 0.3
    error = np.abs(random.normal(0, np.where(nervous, 3.0, 1.0) * np.sqrt(step)))
    spread = learnt(told(step, nervous), step, error)
    for state, scale in ((False, 1.0), (True, 3.0)):
        for at in (1, 4, 12):
            one = np.array([at])
            expected = 0.8 * scale * np.sqrt(at)  # the mean of |x| where x is normal
            assert spread.predict(told(one, np.array([state])), one) == pytest.approx(expected, rel=0.35)
    assert spread.horizon_exponent == pytest.approx(0.5, abs=0.05)
    far = np.array([48])
    there, last = (spread.predict(told(at, np.zeros(1)), at) for at in (far, np.array([12])))
    assert there == pytest.approx(last * 4**spread.horizon_exponent)


def test_errors_that_do_not_grow_are_not_said_to() -> None:
    random = np.random.default_rng(0)
    step = random.integers(1, 13, 20_000)
    assert learnt(told(step, step), step, np.abs(random.normal(0, 1, 20_000))).horizon_exponent < 0.03


def test_few_errors_tell_the_usual_change_and_none_a_random_walk() -> None:
    step = np.arange(MIN_ROWS - 1) % 4 + 1
    few = learnt(told(step, step), step, np.ones(len(step)))
    assert few.trees is None
    assert few.predict(told(step, step), step).tolist() == [1.0] * len(step)
    none = learnt(told(step, step), step, np.ones(len(step)), np.zeros(len(step), dtype=bool))
    four = np.array([4])
    assert none.predict(told(four, four), four) == pytest.approx(2.0)


def test_what_cannot_count_does_not_and_one_odd_error_decides_nothing() -> None:
    random = np.random.default_rng(0)
    step, usable = np.ones(20_000, dtype=np.int64), random.random(20_000) < 0.5
    error = np.where(usable, 1.0, np.inf)
    assert learnt(told(step, step), step, error, usable).predict(told(step, step), step)[0] == pytest.approx(1.0)
    odd = np.ones(20_000)
    odd[7] = 1e12
    largest = learnt(told(step, random.random(20_000)), step, odd).predict(told(step, step), step).max()
    assert largest < 1 + MAX_SIZE / 100


def test_it_travels_to_other_processes() -> None:
    random = np.random.default_rng(0)
    step = random.integers(1, 5, 5_000)
    spread = learnt(told(step, step), step, random.random(5_000))
    again = pickle.loads(pickle.dumps(spread))
    given = forecast_rows(np.zeros(5_000), step=step, scale_features=told(step, step))
    assert again.predict(given.scale_features, step).tolist() == spread.predict(given.scale_features, step).tolist()
