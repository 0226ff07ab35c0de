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
    told = np.stack([np.ones(MANY), np.log(rate), np.ones(MANY), rate]).astype(np.float32)
    given = forecast_rows(
        rate,
        whole=np.ones(MANY, dtype=bool),
        demand_class=np.full(MANY, 2),
        mean_absolute_change=np.sqrt(rate),
        scale_features=told,
    )
    given = replace(given, baselines=np.stack([rate, rate]))
    actual, later = (random.poisson(rate).astype(float) for _ in range(2))
    calibrated = ConformalCalibrator.fit(actual, np.ones(MANY), given, CONFIG).predict(given, CONFIG)
    assert np.array_equal(calibrated.quantiles, np.round(calibrated.quantiles))
    assert (calibrated.quantiles >= 0).all()
    assert (np.diff(calibrated.quantiles, axis=1) >= 0).all()
    shares = metrics.pit_histogram(later, calibrated.quantiles, LEVELS, np.ones(MANY))
    assert shares == pytest.approx(np.diff([0, *LEVELS, 1]), abs=0.04)


def test_quantiles_of_measures_are_not_rounded() -> None:
    random = np.random.default_rng(0)
    given = forecast_rows(np.full(MANY, 0.3))
    calibrated = ConformalCalibrator.fit(random.exponential(0.3, MANY), np.ones(MANY), given, CONFIG).predict(
        given, CONFIG
    )
    expected = -0.3 * np.log(1 - np.array(LEVELS))
    assert calibrated.quantiles[0] == pytest.approx(expected, abs=0.02)


def test_a_series_that_has_stopped_is_forecast_as_nothing_at_all() -> None:
    random = np.random.default_rng(0)
    active = np.arange(MANY) % 3 > 0
    given = forecast_rows(np.full(MANY, 5.0), active=active, baselines=np.full((2, MANY), 4.0))
    calibrated = ConformalCalibrator.fit(random.gamma(5, 1, MANY), np.ones(MANY), given, CONFIG).predict(given, CONFIG)
    assert not calibrated.quantiles[~active].any()
    assert not calibrated.mean[~active].any()
    assert (calibrated.quantiles[active, -1] > 5).all()


def test_what_is_assumed_is_a_random_walk() -> None:
    given = forecast_rows(np.full(3, 100.0), step=np.array([1, 4, 16]))
    quantiles = ConformalCalibrator.random_walk_default(CONFIG).predict(given, CONFIG).quantiles
    assert quantiles[:, 2].tolist() == [100.0] * 3
    width = quantiles[:, -1] - quantiles[:, 0]
    assert width == pytest.approx(width[0] * np.array([1, 2, 4]))


def test_a_handful_of_errors_is_no_distribution() -> None:
    given = forecast_rows(np.full(10, 100.0), mean_absolute_change=np.full(10, 5.0), baselines=np.full((2, 10), 100.0))
    few = ConformalCalibrator.fit(np.full(10, 100.0), np.ones(10), given, CONFIG).predict(given, CONFIG)
    assumed = ConformalCalibrator.random_walk_default(CONFIG).predict(given, CONFIG)
    assert few.quantiles.tolist() == assumed.quantiles.tolist()
    assert (np.diff(few.quantiles, axis=1) > 0).all()
