import pickle

import numpy as np
import pytest

from job_code.calibration.scale_model import MAX_SIZE, MIN_ROWS, OF_FORECAST, ResidualScaleModel
from tests.demand import configured
from tests.forecast_rows import forecast_rows

CONFIG = configured()


def fit(
    features: np.ndarray, step: np.ndarray, error: np.ndarray, usable: np.ndarray | None = None
) -> ResidualScaleModel:
    return ResidualScaleModel.fit(
        features, step, error, np.ones(len(step), dtype=bool) if usable is None else usable, CONFIG
    )


def features_of(step: np.ndarray, signal: np.ndarray) -> np.ndarray:
    """Features with one informative column, the step, and zeros for the forecast."""
    return np.stack([signal, step, *[np.zeros(len(step))] * len(OF_FORECAST)]).astype(np.float32)


def test_the_expected_size_follows_the_features() -> None:
    random = np.random.default_rng(0)
    step, nervous = random.integers(1, 13, 40_000), random.random(40_000) < 0.3
    error = np.abs(random.normal(0, np.where(nervous, 3.0, 1.0) * np.sqrt(step)))
    scale_model = fit(features_of(step, nervous), step, error)
    for state, scale in ((False, 1.0), (True, 3.0)):
        for at in (1, 4, 12):
            one = np.array([at])
            expected = 0.8 * scale * np.sqrt(at)  # mean of |x| for a normal x
            assert scale_model.predict(features_of(one, np.array([state])), one) == pytest.approx(expected, rel=0.35)
    assert scale_model.horizon_exponent == pytest.approx(0.5, abs=0.05)
    far = np.array([48])
    there, last = (scale_model.predict(features_of(at, np.zeros(1)), at) for at in (far, np.array([12])))
    assert there == pytest.approx(last * 4**scale_model.horizon_exponent)


def test_residuals_that_do_not_grow_have_an_exponent_of_zero() -> None:
    random = np.random.default_rng(0)
    step = random.integers(1, 13, 20_000)
    assert fit(features_of(step, step), step, np.abs(random.normal(0, 1, 20_000))).horizon_exponent < 0.03


def test_few_residuals_have_size_one_and_none_a_random_walk() -> None:
    step = np.arange(MIN_ROWS - 1) % 4 + 1
    few = fit(features_of(step, step), step, np.ones(len(step)))
    assert few.trees is None
    assert few.predict(features_of(step, step), step).tolist() == [1.0] * len(step)
    none = fit(features_of(step, step), step, np.ones(len(step)), np.zeros(len(step), dtype=bool))
    four = np.array([4])
    assert none.predict(features_of(four, four), four) == pytest.approx(2.0)


def test_unusable_rows_and_a_single_outlier_have_no_influence() -> None:
    random = np.random.default_rng(0)
    step, usable = np.ones(20_000, dtype=np.int64), random.random(20_000) < 0.5
    error = np.where(usable, 1.0, np.inf)
    assert fit(features_of(step, step), step, error, usable).predict(features_of(step, step), step)[0] == pytest.approx(
        1.0
    )
    odd = np.ones(20_000)
    odd[7] = 1e12
    largest = fit(features_of(step, random.random(20_000)), step, odd).predict(features_of(step, step), step).max()
    assert largest < 1 + MAX_SIZE / 100


def test_a_scale_model_can_be_pickled() -> None:
    random = np.random.default_rng(0)
    step = random.integers(1, 5, 5_000)
    scale_model = fit(features_of(step, step), step, random.random(5_000))
    again = pickle.loads(pickle.dumps(scale_model))
    rows = forecast_rows(np.zeros(5_000), step=step, scale_features=features_of(step, step))
    assert again.predict(rows.scale_features, step).tolist() == scale_model.predict(rows.scale_features, step).tolist()
