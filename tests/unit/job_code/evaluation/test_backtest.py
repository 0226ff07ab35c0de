from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.evaluation.backtest import Backtest
from job_code.evaluation.backtest_scores import NOT_MEASURED, scores, scores_by_group, scores_by_step
from job_code.evaluation.backtest_windows import make_backtest_windows
from job_code.preparation.training_sample import Sample
from tests import fitted
from tests.demand import configured, panel_of, prepared, sample_of, series, shop


def backtested(sample: Sample, **settings: object) -> Backtest:
    result = fitted.backtested(sample, configured(**settings))
    assert result is not None
    return result


def windows_of(folder: Path, demand: pl.DataFrame, **settings: object) -> list[tuple[int, int, int]]:
    panel, _ = panel_of(folder, demand, frequency="W-MON")
    return [
        (each.held_out_periods, each.steps, int(each.series.sum()))
        for each in make_backtest_windows(panel, configured(**settings))
    ]


def test_cutoffs_are_a_third_of_a_horizon_apart(tmp_path: Path) -> None:
    assert windows_of(tmp_path / "a", shop(3, 160), horizon=12) == [
        (back, min(12, back), 3) for back in range(36, 0, -4)
    ]
    assert windows_of(tmp_path / "b", shop(3, 160), horizon=12, backtest_horizons=1) == [
        (12, 12, 3),
        (8, 8, 3),
        (4, 4, 3),
    ]
    # At most a quarter of the median history is held out.
    assert windows_of(tmp_path / "c", shop(3, 80), horizon=12) == [
        (20, 12, 3),
        (16, 12, 3),
        (12, 12, 3),
        (8, 8, 3),
        (4, 4, 3),
    ]
    assert windows_of(tmp_path / "d", shop(3, 20), horizon=12) == [(5, 5, 3), (3, 3, 3), (1, 1, 3)]
    assert windows_of(tmp_path / "e", shop(3, 2), horizon=12) == [(1, 1, 3)]
    assert windows_of(tmp_path / "f", shop(3, 1), horizon=12) == []


def test_one_long_series_does_not_lengthen_the_windows_of_short_ones(tmp_path: Path) -> None:
    long = series({"long": [5.0] * 300})
    windows = windows_of(tmp_path, pl.concat([long, shop(9, 30)]), horizon=12)
    assert windows[0] == (7, 7, 10)


def test_windows_use_different_series_if_there_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, _ = panel_of(tmp_path, shop(60, 80))
    monkeypatch.setattr("job_code.evaluation.backtest_windows.MAX_FORECASTS", 240)
    windows = make_backtest_windows(panel, configured(horizon=4))
    assert sum(int(each.series.sum()) * each.steps for each in windows) <= 240 + 2 * 4 * len(windows)
    assert np.any([each.series for each in windows], axis=0).sum() > 30
    for each in windows:  # as many of each half, because cross-fitting needs both
        assert abs(int(each.series[::2].sum()) - int(each.series[1::2].sum())) <= 1


def test_held_out_demand_does_not_influence_forecasts(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, shop(8, 80))
    before, panel = backtested(sample), sample.panel
    changed = np.where(panel.periods_left < 4, panel.values * 1.3 + 5, panel.values)
    after = backtested(replace(sample, panel=replace(panel, values=changed)))
    unaffected = before.period - before.step < panel.last_period[0] - 3  # rows with a cutoff before the changed values
    assert 0 < unaffected.sum() < len(unaffected)
    for name in ("seasonal_naive", "moving_average", "model"):
        assert np.array_equal(getattr(before, name)[unaffected], getattr(after, name)[unaffected])
    assert not np.allclose(before.actual, after.actual)


def test_forecasts_and_actuals_belong_to_held_out_periods(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, pl.concat([shop(3, 120), series({"new": [5.0, 6.0, 7.0]})]))
    result, panel = backtested(sample), sample.panel
    values = {
        (index, period): value
        for index, period, value in zip(panel.series_of_value, panel.period_of_value, panel.values, strict=True)
    }
    at = list(zip(result.series.tolist(), result.period.tolist(), strict=True))
    assert result.actual.tolist() == [values[each] for each in at]
    assert result.seasonal_naive.tolist() == [
        pytest.approx(values.get((index, period - 52), values[(index, period - step)]))
        for (index, period), step in zip(at, result.step.tolist(), strict=True)
    ]
    assert result.steps == 4
    assert (result.period <= panel.last_period[0]).all()


def test_scores_of_a_series_do_not_depend_on_its_own_residuals(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, shop(40, 80))
    before, panel = backtested(sample), sample.panel
    odd = np.where((panel.series_of_value % 2 == 1) & (panel.periods_left < 2), panel.values * 3, panel.values)
    after = backtested(replace(sample, panel=replace(panel, values=odd)))
    is_odd = before.series % 2 == 1
    assert np.array_equal(before.quantiles[is_odd], after.quantiles[is_odd])
    assert (after.quantiles[~is_odd][:, -1] > before.quantiles[~is_odd][:, -1]).mean() > 0.9


def test_carried_forward_values_are_not_scored(tmp_path: Path) -> None:
    demand = series({"a": [5.0, 6.0] * 14 + [None, 7.0], "b": [5.0, 6.0] * 14 + [7.0, None]})
    unknown = {"gap_rule": "carry_forward", "end_rule": "missing"}
    carried = backtested(sample_of(tmp_path / "c", demand, **unknown), **unknown)
    ends = carried.period == carried.period.max() - (1 - carried.series)
    assert (carried.weight[ends] == 0).all()
    assert (carried.weight[~ends] == 1).all()
    assert (backtested(sample_of(tmp_path / "z", demand)).weight == 1).all()


def test_scores_are_complete_and_finite(tmp_path: Path) -> None:
    found = scores(backtested(sample_of(tmp_path, shop(25, 120))))
    assert {name: set(each) for name, each in found.items()} == {name: set(each) for name, each in NOT_MEASURED.items()}
    assert all(value is not None and np.isfinite(value) for value in found["forecast"].values())


def test_scores_by_step_and_group_add_up(tmp_path: Path) -> None:
    demand = pl.concat([shop(30, 120), series({"sparse": [0.0, 0.0, 3.0] * 40, "new": [4.0] * 9})])
    shops = pl.DataFrame({"unique_id": demand["unique_id"].unique().sort()}).with_columns(
        shop=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("north")).otherwise(pl.lit("south")),
        note=pl.int_range(pl.len()).cast(pl.String),
    )
    config = configured()
    ready = prepared(tmp_path, {"a.parquet": demand}, config, static={"s.parquet": shops})
    sample = Sample.draw(ready, config.sample_rows)
    tested = backtested(sample)
    by_step = scores_by_step(tested)
    assert [each["step"] for each in by_step] == [1, 2, 3, 4]
    groups = scores_by_group(tested, sample, ready.encoding)
    assert {(each["by"], each["group"]) for each in groups} >= {
        ("class", "A"),
        ("class", "younger than a season"),
        ("demand class", "smooth"),
        ("demand class", "intermittent"),
        ("shop", "north"),
        ("shop", "south"),
    }
    assert not any(each["by"] == "note" for each in groups)
    for by in ("class", "demand class", "shop"):
        own = [each for each in groups if each["by"] == by]
        assert sum(each["share_of_demand"] for each in own) == pytest.approx(1)
        for name in ("forecast", "seasonal_naive", "moving_average"):
            wape = sum(each["share_of_demand"] * each[name]["wape"] for each in own)
            assert wape == pytest.approx(scores(tested)[name]["wape"])
