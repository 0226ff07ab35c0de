import numpy as np
import pytest

from job_code.calibration.count_recalibration import dense_quantile_levels, recalibrate_count_quantiles
from job_code.calibration.residual_quantiles import MIN_RESIDUALS
from job_code.evaluation.metrics import pit_histogram
from job_code.series.demand_classes import DEMAND_CLASSES

LEVELS = (0.1, 0.5, 0.75, 0.9)
DENSE = dense_quantile_levels(LEVELS)
MANY = 40_000


def poisson_quantiles(rate: float) -> np.ndarray:
    draws = np.random.default_rng(9).poisson(rate, 200_000)
    return np.quantile(draws, DENSE, method="inverted_cdf").astype(float)


def test_the_dense_levels_contain_the_configured_levels() -> None:
    assert set(LEVELS) < set(DENSE)
    assert list(DENSE) == sorted(DENSE)
    assert dense_quantile_levels((0.123,)).count(0.123) == 1


def test_quantiles_that_are_too_high_move_to_lower_levels() -> None:
    """Counts with a rate of 0.6, forecast with a rate of 1."""
    counts = np.random.default_rng(0).poisson(0.6, MANY).astype(float)
    predicted = np.tile(poisson_quantiles(1.0), (MANY, 1))
    demand_class, weight = np.full(MANY, 2), np.ones(MANY)
    moved = recalibrate_count_quantiles(counts, predicted, DENSE, weight, demand_class, LEVELS)[2]
    assert (moved < np.array(LEVELS)).all()
    moved_quantiles = np.stack([np.interp(moved, DENSE, poisson_quantiles(1.0)).round()] * 2)
    before = pit_histogram(counts, predicted[:, [DENSE.index(level) for level in LEVELS]], LEVELS, weight)
    after = pit_histogram(counts, np.tile(moved_quantiles[0], (MANY, 1)), LEVELS, weight)
    right = np.diff([0, *LEVELS, 1])
    assert np.abs(after - right).sum() < np.abs(before - right).sum()


def test_calibrated_counts_do_not_move() -> None:
    counts = np.random.default_rng(0).poisson(2.5, MANY).astype(float)
    predicted = np.tile(poisson_quantiles(2.5), (MANY, 1))
    moved = recalibrate_count_quantiles(counts, predicted, DENSE, np.ones(MANY), np.ones(MANY, np.int64), LEVELS)[1]
    assert moved == pytest.approx(LEVELS, abs=0.02)


def test_few_counts_and_smooth_demand_keep_their_levels() -> None:
    few = MIN_RESIDUALS - 1
    counts, predicted = np.zeros(few), np.ones((few, len(DENSE)))
    for number in range(len(DEMAND_CLASSES)):
        moved = recalibrate_count_quantiles(counts, predicted, DENSE, np.ones(few), np.full(few, number), LEVELS)
        assert moved.tolist() == [list(LEVELS)] * len(DEMAND_CLASSES)
    many = recalibrate_count_quantiles(
        np.zeros(MANY), np.ones((MANY, len(DENSE))), DENSE, np.ones(MANY), np.zeros(MANY, int), LEVELS
    )
    assert many.tolist() == [list(LEVELS)] * len(DEMAND_CLASSES)
