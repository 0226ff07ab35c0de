from dataclasses import replace

import numpy as np
import pytest

from job_code.calibration.calibrator import ConformalCalibrator
from job_code.evaluation import metrics
from tests.demand import configured
from tests.forecast_rows import forecast_rows

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
CONFIG = configured(quantiles=LEVELS)
MANY = 30_000


def test_quantiles_of_counts_are_counts_and_calibrated() -> None:
    random = np.random.default_rng(0)
    rate = random.choice([0.1, 0.4, 2.0], MANY)
    features = np.stack([np.ones(MANY), np.log(rate), np.ones(MANY), rate]).astype(np.float32)
    rows = forecast_rows(
        rate,
        whole=np.ones(MANY, dtype=bool),
        demand_class=np.full(MANY, 2),
        mean_absolute_change=np.sqrt(rate),
        scale_features=features,
    )
    rows = replace(rows, baselines=np.stack([rate, rate]))
    actual, later = (random.poisson(rate).astype(float) for _ in range(2))
    calibrated = ConformalCalibrator.fit(actual, np.ones(MANY), rows, CONFIG).predict(rows, CONFIG)
    assert np.array_equal(calibrated.quantiles, np.round(calibrated.quantiles))
    assert (calibrated.quantiles >= 0).all()
    assert (np.diff(calibrated.quantiles, axis=1) >= 0).all()
    shares = metrics.pit_histogram(later, calibrated.quantiles, LEVELS, np.ones(MANY))
    assert shares == pytest.approx(np.diff([0, *LEVELS, 1]), abs=0.04)


def test_quantiles_of_measures_are_not_rounded() -> None:
    random = np.random.default_rng(0)
    rows = forecast_rows(np.full(MANY, 0.3))
    calibrated = ConformalCalibrator.fit(random.exponential(0.3, MANY), np.ones(MANY), rows, CONFIG).predict(
        rows, CONFIG
    )
    expected = -0.3 * np.log(1 - np.array(LEVELS))
    assert calibrated.quantiles[0] == pytest.approx(expected, abs=0.02)


def test_a_discontinued_series_has_a_forecast_of_zero() -> None:
    random = np.random.default_rng(0)
    active = np.arange(MANY) % 3 > 0
    rows = forecast_rows(np.full(MANY, 5.0), active=active, baselines=np.full((2, MANY), 4.0))
    calibrated = ConformalCalibrator.fit(random.gamma(5, 1, MANY), np.ones(MANY), rows, CONFIG).predict(rows, CONFIG)
    assert not calibrated.quantiles[~active].any()
    assert not calibrated.mean[~active].any()
    assert (calibrated.quantiles[active, -1] > 5).all()


def test_the_default_is_a_random_walk() -> None:
    rows = forecast_rows(np.full(3, 100.0), step=np.array([1, 4, 16]))
    quantiles = ConformalCalibrator.random_walk_default(CONFIG).predict(rows, CONFIG).quantiles
    assert quantiles[:, 2].tolist() == [100.0] * 3
    width = quantiles[:, -1] - quantiles[:, 0]
    assert width == pytest.approx(width[0] * np.array([1, 2, 4]))


def test_too_few_residuals_use_the_default() -> None:
    rows = forecast_rows(np.full(10, 100.0), mean_absolute_change=np.full(10, 5.0), baselines=np.full((2, 10), 100.0))
    few = ConformalCalibrator.fit(np.full(10, 100.0), np.ones(10), rows, CONFIG).predict(rows, CONFIG)
    assumed = ConformalCalibrator.random_walk_default(CONFIG).predict(rows, CONFIG)
    assert few.quantiles.tolist() == assumed.quantiles.tolist()
    assert (np.diff(few.quantiles, axis=1) > 0).all()
