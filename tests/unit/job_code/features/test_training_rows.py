from pathlib import Path

import numpy as np
import pytest

from job_code.features.training_rows import MIN_ROWS, draw_rows
from tests.demand import panel_of, series


def test_every_period_is_a_target_with_an_origin_in_its_series(tmp_path: Path) -> None:
    values = {"a": [1.0, 2.0, 3.0], "b": [5.0], "c": [float(at + 1) for at in range(90)]}
    panel = panel_of(tmp_path, series(values))[0]
    drawn = draw_rows(panel, 12, seed=0)
    assert len(drawn) == (2 + 89) * 12  # few periods: each is drawn once for each step
    assert set(drawn.target.tolist()) == set(np.flatnonzero(panel.age > 0).tolist())
    assert np.array_equal(panel.series_of_value[drawn.target], drawn.series)
    assert np.array_equal(panel.series_of_value[drawn.origin], drawn.series)
    assert drawn.step.min() == 1
    assert drawn.step.max() == 12
    of_long = drawn.step[drawn.series == 2]
    assert np.bincount(of_long)[1:] == pytest.approx(len(of_long) / 12, rel=0.35)


def test_scale_and_zero_share_cover_the_year_before(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    panel = panel_of(tmp_path, series({name: random.poisson(0.7, 150).tolist() for name in "abc"}))[0]
    drawn = draw_rows(panel, 8, seed=3)
    for row in range(0, len(drawn), 97):
        begin = max(panel.starts[drawn.series[row]], drawn.origin[row] - 51)
        year = panel.values[begin : drawn.origin[row] + 1]
        assert drawn.scale[row] == pytest.approx(np.abs(year).mean())
        assert drawn.age[row] == drawn.origin[row] - panel.starts[drawn.series[row]] + 1
        assert drawn.zero_share[row] == pytest.approx((year == 0).mean())


def test_a_year_without_demand_has_no_rows(tmp_path: Path) -> None:
    panel = panel_of(tmp_path, series({"a": [9.0] * 20 + [0.0] * 80 + [9.0] * 20, "b": [7.0] * 120}))[0]
    drawn = draw_rows(panel, 4, seed=0)
    idle = (drawn.origin >= 71) & (drawn.origin < 100)  # the year up to the origin has only zeros
    assert not idle.any()
    assert (drawn.scale > 0).all()


@pytest.mark.parametrize(("share", "share_of_min_rows"), [(0.8, 0.8), (2, 1), (6, 2)])
def test_some_of_many_periods_are_targets_once(tmp_path: Path, share: float, share_of_min_rows: float) -> None:
    length = int(MIN_ROWS * share) // 100
    panel = panel_of(tmp_path, series({f"S{at:03d}": [1.0] * length for at in range(100)}, frequency="D"))[0]
    drawn = draw_rows(panel, 30, seed=0)
    assert len(drawn) == pytest.approx(MIN_ROWS * share_of_min_rows, rel=0.01)
    assert len(np.unique(drawn.target)) == len(drawn)


def test_the_seed_determines_the_rows(tmp_path: Path) -> None:
    panel = panel_of(tmp_path, series({"a": [1.0] * 50}))[0]
    first, again, other = (draw_rows(panel, 12, seed) for seed in (4, 4, 5))
    assert np.array_equal(first.step, again.step)
    assert not np.array_equal(first.step, other.step)


def test_series_of_one_period_have_no_rows(tmp_path: Path) -> None:
    panel = panel_of(tmp_path, series({"a": [1.0], "b": [2.0], "c": [1.0, 2.0]}))[0]
    alone = np.array([True, True, False])
    assert len(draw_rows(panel.select(alone), 12, seed=0)) == 0
    assert len(draw_rows(panel.select(~alone & alone), 12, seed=0)) == 0


def test_the_rows_of_a_series_do_not_depend_on_other_series(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    own = {f"S{at}": random.poisson(2, 120).tolist() for at in range(5)}
    alone = draw_rows(panel_of(tmp_path / "alone", series(own))[0], 3, seed=0)
    huge = {"A": [1e20] * 120}  # the first series
    panel = panel_of(tmp_path / "together", series({**huge, **own}))[0]
    together = draw_rows(panel, 3, seed=0)
    own_rows = together.where(together.series > 0)
    assert len(own_rows) == pytest.approx(len(alone), rel=0.01)  # one random sequence draws the steps of all series
    for row in range(0, len(own_rows), 50):
        at = own_rows.origin[row]
        year = panel.values[max(panel.starts[own_rows.series[row]], at - 51) : at + 1]
        assert own_rows.scale[row] == pytest.approx(year.mean())
        assert own_rows.zero_share[row] == pytest.approx((year == 0).mean())
