from pathlib import Path

import numpy as np
import pytest

from job_code.error_distribution import ErrorDistribution, kind_of_series, typical_change, usual_change
from job_code.panel import Panel
from tests.demand import panel_of, series, usual

LEVELS = (0.1, 0.5, 0.9)


def walks(folder: Path, count: int, periods: int, *, seed: int) -> Panel:
    """Random walks of very different size, each restless against its level."""
    random = np.random.default_rng(seed)
    level = 10 ** random.uniform(-1, 4, (count, 1))
    values = level * (10 + np.cumsum(random.standard_normal((count, periods)), axis=1))
    rows = series({f"S{at:03d}": row.tolist() for at, row in enumerate(values)})
    return panel_of(folder, rows, negative_rule="keep")[0]


def test_measured_quantiles_cover_what_they_say_out_of_sample(tmp_path: Path) -> None:
    learned_from, judged = walks(tmp_path / "a", 300, 65, seed=1), walks(tmp_path / "b", 300, 65, seed=2)
    steps = 12

    def errors(panel: Panel) -> tuple[np.ndarray, Panel]:
        history = panel.without_last(steps)
        return panel.last(steps) - history.last(1), history

    off, history = errors(learned_from)
    distribution = ErrorDistribution.measured(
        off / usual(history)[:, None], np.ones(off.shape), kind_of_series(history), (0.05, 0.5, 0.95)
    )
    _, history = errors(judged)
    quantiles = distribution.quantiles(np.repeat(history.last(1), steps, axis=1), history, usual(history))
    below = judged.last(steps)[..., None] <= quantiles
    assert below.mean(axis=(0, 1)) == pytest.approx([0.05, 0.5, 0.95], abs=0.04)
    assert (np.diff(quantiles, axis=2) >= 0).all()
    widths = (quantiles[..., -1] - quantiles[..., 0]).mean(axis=0)
    assert widths[-1] / widths[0] == pytest.approx(np.sqrt(steps), rel=0.25)  # a random walk's spread


def test_beyond_the_measured_steps_the_spread_grows_as_a_random_walk_s(tmp_path: Path) -> None:
    panel = walks(tmp_path, 30, 60, seed=3)
    errors = np.random.default_rng(0).standard_normal((30, 4))
    distribution = ErrorDistribution.measured(errors, np.ones((30, 4)), kind_of_series(panel), LEVELS)
    offsets = distribution.quantiles(np.zeros((30, 16)), panel, usual(panel))
    assert offsets[:, 4] == pytest.approx(offsets[:, 3] * np.sqrt(5 / 4))
    assert offsets[:, 15] == pytest.approx(offsets[:, 3] * 2)


def test_few_errors_are_pooled_over_steps_and_kinds(tmp_path: Path) -> None:
    values = {"smooth": [5.0, 6.0] * 20, "sparse": [0.0, 0.0, 0.0, 4.0] * 10}
    panel, _ = panel_of(tmp_path, series(values))
    errors = np.array([[1.0, 2, 3], [4, 5, 6]])
    weight = np.array([[1.0, 1, 1], [1, 1, 0]])
    distribution = ErrorDistribution.measured(errors, weight, kind_of_series(panel), LEVELS)
    expected = np.quantile([1, 2, 3, 4, 5], LEVELS, method="inverted_cdf")
    assert distribution.offsets.shape == (3, 3, 3)
    assert np.allclose(distribution.offsets, expected)
    nothing = ErrorDistribution.measured(errors, np.zeros((2, 3)), kind_of_series(panel), LEVELS)
    assert not nothing.offsets.any()


def test_kinds_with_errors_enough_have_a_distribution_of_their_own(tmp_path: Path) -> None:
    smooth, sparse = [5.0, 6.0] * 20, [0.0, 0.0, 0.0, 4.0] * 10
    panel, _ = panel_of(tmp_path, series({f"S{at:03d}": smooth if at < 60 else sparse for at in range(120)}))
    kind = kind_of_series(panel)
    assert kind.tolist() == [0] * 60 + [2] * 60
    errors = np.where(kind[:, None] == 0, 1.0, 9.0) * np.ones((120, 4))
    offsets = ErrorDistribution.measured(errors, np.ones((120, 4)), kind, LEVELS).offsets
    assert offsets[0].tolist() == np.ones((4, 3)).tolist()
    assert offsets[2].tolist() == np.full((4, 3), 9.0).tolist()
    assert offsets[1].max() == 9  # of the kind that was not seen, all errors


def test_the_assumed_distribution_is_that_of_a_random_walk(tmp_path: Path) -> None:
    panel = walks(tmp_path, 200, 60, seed=5)
    history = panel.without_last(1)
    quantiles = ErrorDistribution.assumed(LEVELS).quantiles(history.last(1), history, usual(history))
    below = panel.last(1)[..., None] <= quantiles
    assert below.mean(axis=(0, 1)) == pytest.approx(LEVELS, abs=0.08)
    assert (np.diff(quantiles, axis=2) > 0).all()


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
    assert kind_of_series(panel).tolist() == [0, 0, 1, 2, 2, 0]
    assert usual(panel)[4] == 0


def test_an_error_of_weight_n_is_as_good_as_n_errors(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    panel, _ = panel_of(tmp_path, series({f"S{at:03d}": [5.0, 6.0] * 20 for at in range(300)}))
    kind, errors = kind_of_series(panel), random.standard_normal((300, 2))
    times = random.integers(1, 6, 300)
    weighted = ErrorDistribution.measured(errors, np.repeat(times[:, None] * 0.7, 2, axis=1), kind, LEVELS)
    repeated = np.repeat(errors, times, axis=0)
    expected = ErrorDistribution.measured(repeated, np.ones(repeated.shape), np.repeat(kind, times), LEVELS)
    assert weighted.offsets.tolist() == expected.offsets.tolist()


def test_the_usual_change_of_a_new_series_is_that_of_the_others(tmp_path: Path) -> None:
    values = {f"S{at}": [10.0, 10.0 + at] * 30 for at in (1, 2, 3)} | {"new": [200.0], "zero": [0.0] * 60}
    panel, _ = panel_of(tmp_path, series(values))
    relative = [at / (10 + at / 2) for at in (1, 2, 3)]
    assert typical_change(panel, np.ones(5)) == pytest.approx(relative[1])
    assert typical_change(panel, np.array([9.0, 1, 1, 1, 1])) == pytest.approx(relative[0])
    assert typical_change(panel, np.array([0.0, 0, 1, 1, 1])) == pytest.approx(relative[2])
    assert typical_change(panel, np.array([0.0, 0, 0, 1, 1])) == 1  # a new one has shown none
    one, two, three, new, zero = usual_change(panel, 0.5)
    # Four changes of 0.5, relative to its size, are added to a series' own 52.
    assert [one, two, three] == pytest.approx([(52 * at + 4 * 0.5 * (10 + at / 2)) / 56 for at in (1, 2, 3)])
    assert new == pytest.approx(0.5 * 200)
    assert zero == 0
