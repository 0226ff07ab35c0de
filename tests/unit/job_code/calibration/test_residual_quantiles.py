from pathlib import Path

import numpy as np
import pytest

from job_code.calibration.residual_quantiles import ResidualQuantiles
from job_code.series.demand_classes import classify_demand
from tests.demand import panel_of, series, usual

LEVELS = (0.1, 0.5, 0.9)


def measured(errors: np.ndarray, weight: np.ndarray, kind: np.ndarray, step: np.ndarray) -> ResidualQuantiles:
    return ResidualQuantiles.fit(errors, weight, kind, step, LEVELS)


def test_each_step_and_kind_has_quantiles_of_its_own_where_there_are_errors_enough() -> None:
    random = np.random.default_rng(0)
    kind, step = random.integers(0, 3, 60_000), random.integers(1, 13, 60_000)
    errors = random.standard_normal(60_000) * (1 + kind) + 0.1 * step
    offsets = measured(errors, np.ones(60_000), kind, step).values
    assert offsets.shape == (3, 12, 3)
    for k in range(3):
        for at in (3, 6, 10):  # with as many neighbours on both sides
            assert offsets[k, at - 1] == pytest.approx(0.1 * at + (1 + k) * np.array([-1.28, 0, 1.28]), abs=0.15)
    assert (np.diff(offsets, axis=2) > 0).all()


def test_few_errors_are_pooled_over_steps_and_kinds() -> None:
    errors, step, kind = np.arange(1.0, 7), np.array([1, 2, 3, 1, 2, 3]), np.array([0, 0, 0, 2, 2, 2])
    distribution = measured(errors, np.array([1.0, 1, 1, 1, 1, 0]), kind, step)
    expected = np.quantile([1, 2, 3, 4, 5], LEVELS, method="inverted_cdf")
    assert distribution.values.shape == (3, 3, 3)
    assert np.allclose(distribution.values, expected)
    assert not measured(errors, np.zeros(6), kind, step).values.any()


def test_kinds_with_errors_enough_have_a_distribution_of_their_own() -> None:
    kind = np.repeat([0, 2], 240)
    errors, step = np.where(kind == 0, 1.0, 9.0), np.arange(480) % 4 + 1
    offsets = measured(errors, np.ones(480), kind, step).values
    assert offsets[0].tolist() == np.ones((4, 3)).tolist()
    assert offsets[2].tolist() == np.full((4, 3), 9.0).tolist()
    assert offsets[1].max() == 9  # of the kind that was not seen, all errors


def test_beyond_the_measured_steps_the_last_quantiles_hold() -> None:
    distribution = measured(np.arange(900.0), np.ones(900), np.zeros(900, np.int64), np.repeat([1, 2, 3], 300))
    at = np.array([3, 9])
    quantiles = distribution.quantiles(np.array([0.0, 10.0]), np.array([1.0, 2.0]), np.zeros(2, np.int64), at)
    assert quantiles[1].tolist() == (10 + 2 * quantiles[0]).tolist()


def test_the_assumed_distribution_is_that_of_a_random_walk(tmp_path: Path) -> None:
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


def test_kinds_of_series_go_by_their_last_season(tmp_path: Path) -> None:
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


def test_an_error_of_weight_n_is_as_good_as_n_errors() -> None:
    random = np.random.default_rng(0)
    errors, step, times = random.standard_normal(600), np.arange(600) % 2 + 1, random.integers(1, 6, 600)
    kind = np.zeros(600, np.int64)
    weighted = measured(errors, times * 0.7, kind, step)
    repeated = np.repeat(errors, times)
    expected = measured(repeated, np.ones(len(repeated)), np.repeat(kind, times), np.repeat(step, times))
    assert weighted.values.tolist() == expected.values.tolist()
