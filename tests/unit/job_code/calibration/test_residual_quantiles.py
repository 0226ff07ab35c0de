from pathlib import Path

import numpy as np
import pytest

from job_code.calibration.residual_quantiles import ResidualQuantiles
from job_code.series.demand_classes import classify_demand
from tests.demand import panel_of, series, usual

LEVELS = (0.1, 0.5, 0.9)


def measured(errors: np.ndarray, weight: np.ndarray, demand_class: np.ndarray, step: np.ndarray) -> ResidualQuantiles:
    return ResidualQuantiles.fit(errors, weight, demand_class, step, LEVELS)


def test_each_step_and_class_with_enough_residuals_has_its_own_quantiles() -> None:
    random = np.random.default_rng(0)
    demand_class, step = random.integers(0, 3, 60_000), random.integers(1, 13, 60_000)
    errors = random.standard_normal(60_000) * (1 + demand_class) + 0.1 * step
    offsets = measured(errors, np.ones(60_000), demand_class, step).values
    assert offsets.shape == (3, 12, 3)
    for k in range(3):
        for at in (3, 6, 10):  # steps with as many neighbors on both sides
            assert offsets[k, at - 1] == pytest.approx(0.1 * at + (1 + k) * np.array([-1.28, 0, 1.28]), abs=0.15)
    assert (np.diff(offsets, axis=2) > 0).all()


def test_few_residuals_are_pooled_over_steps_and_classes() -> None:
    errors, step, demand_class = np.arange(1.0, 7), np.array([1, 2, 3, 1, 2, 3]), np.array([0, 0, 0, 2, 2, 2])
    distribution = measured(errors, np.array([1.0, 1, 1, 1, 1, 0]), demand_class, step)
    expected = np.quantile([1, 2, 3, 4, 5], LEVELS, method="inverted_cdf")
    assert distribution.values.shape == (3, 3, 3)
    assert np.allclose(distribution.values, expected)
    assert not measured(errors, np.zeros(6), demand_class, step).values.any()


def test_classes_with_enough_residuals_have_their_own_distribution() -> None:
    demand_class = np.repeat([0, 2], 240)
    errors, step = np.where(demand_class == 0, 1.0, 9.0), np.arange(480) % 4 + 1
    offsets = measured(errors, np.ones(480), demand_class, step).values
    assert offsets[0].tolist() == np.ones((4, 3)).tolist()
    assert offsets[2].tolist() == np.full((4, 3), 9.0).tolist()
    assert offsets[1].max() == 9  # a class without residuals uses all of them


def test_steps_after_the_backtest_use_its_last_quantiles() -> None:
    distribution = measured(np.arange(900.0), np.ones(900), np.zeros(900, np.int64), np.repeat([1, 2, 3], 300))
    at = np.array([3, 9])
    quantiles = distribution.quantiles(np.array([0.0, 10.0]), np.array([1.0, 2.0]), np.zeros(2, np.int64), at)
    assert quantiles[1].tolist() == (10 + 2 * quantiles[0]).tolist()


def test_the_default_distribution_is_a_random_walk(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    level = 10 ** random.uniform(-1, 4, (200, 1))
    values = level * (10 + np.cumsum(random.standard_normal((200, 60)), axis=1))
    rows = series({f"S{at:03d}": row.tolist() for at, row in enumerate(values)})
    panel = panel_of(tmp_path, rows, negative_rule="keep")[0]
    history, ones = panel.without_last(1), np.ones(200, np.int64)
    quantiles = ResidualQuantiles.random_walk_default(LEVELS).quantiles(
        history.last(1)[:, 0], usual(history), 0 * ones, ones
    )
    assert (panel.last(1) <= quantiles).mean(axis=0) == pytest.approx(LEVELS, abs=0.08)
    assert (np.diff(quantiles, axis=1) > 0).all()


def test_demand_classes_depend_on_the_last_year(tmp_path: Path) -> None:
    values = {
        "a smooth": [0.0] * 60 + [5.0] * 52,
        "b two zeros": [5.0] * 50 + [0.0] * 2,
        "c mixed": [5.0] * 49 + [0.0] * 3,
        "d half": [5.0, 0.0] * 26,
        "e dead": [3.0] * 10 + [0.0] * 60,
        "f new": [1.0],
    }
    panel, _ = panel_of(tmp_path, series(values))
    assert classify_demand(panel).tolist() == [0, 0, 1, 2, 2, 0]
    assert usual(panel)[4] == 0


def test_a_residual_of_weight_n_is_equivalent_to_n_residuals() -> None:
    random = np.random.default_rng(0)
    errors, step, times = random.standard_normal(600), np.arange(600) % 2 + 1, random.integers(1, 6, 600)
    demand_class = np.zeros(600, np.int64)
    weighted = measured(errors, times * 0.7, demand_class, step)
    repeated = np.repeat(errors, times)
    expected = measured(repeated, np.ones(len(repeated)), np.repeat(demand_class, times), np.repeat(step, times))
    assert weighted.values.tolist() == expected.values.tolist()
