from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from job_code.exogenous.exogenous_features import Exogenous
from job_code.features.feature_recipe import recipe_for
from job_code.features.lag_features import demand_scale, last_origins, training_origins
from job_code.features.training_rows import draw_rows
from job_code.model.segment_model import MIN_TRAINING_ROWS, DemandSegment, SegmentModel, fit_segment
from job_code.series.frequency import Frequency
from tests.demand import configured, panel_of, series


@pytest.mark.parametrize(("name", "quarter"), [("W-MON", 13), ("D", 91), ("MS", 3)])
def test_a_series_is_dense_after_a_long_history_with_few_zeros(name: str, quarter: int) -> None:
    zero_share = np.array([0.0, 0.0, 0.04, 0.05, 0.9])
    age = np.array([quarter - 1, quarter, 10 * quarter, 10 * quarter, 10 * quarter])
    segments = DemandSegment.of(zero_share, age, Frequency(name))
    assert segments.tolist() == [
        DemandSegment.INTERMITTENT,
        DemandSegment.DENSE,
        DemandSegment.DENSE,
        DemandSegment.INTERMITTENT,
        DemandSegment.INTERMITTENT,
    ]


def fit_one(folder: Path, segment: DemandSegment, values: dict[str, list[float]]) -> tuple[SegmentModel, float]:
    """Fit all series as one segment. Return the model and its mean prediction for the next period."""
    panel = panel_of(folder, series(values))[0]
    drawn, static = draw_rows(panel, 4, seed=0), Exogenous.none(len(panel))
    recipe = recipe_for(panel.frequency)
    origins = training_origins(panel, static, drawn, recipe=recipe)
    model = fit_segment(segment, origins, drawn, configured(n_estimators=60), threads=1, on_round=lambda: None)
    ends = last_origins(panel, static, recipe=recipe)
    every, step = np.arange(len(panel)), np.ones(len(panel), dtype=np.int64)
    return model, float(model.predict(ends, every, step, model.rows(ends, every, step)).mean())


def test_dense_demand_is_predicted_by_its_median_and_intermittent_demand_by_its_mean(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    skewed = {f"S{at:03d}": np.exp(random.normal(0, 1, 150)).tolist() for at in range(120)}
    dense, median = fit_one(tmp_path / "dense", DemandSegment.DENSE, skewed)
    intermittent, mean = fit_one(tmp_path / "intermittent", DemandSegment.INTERMITTENT, skewed)
    truth = np.exp(0.5)  # mean divided by median of a lognormal distribution
    assert dense.mean_to_median_ratio == pytest.approx(truth, rel=0.1)
    assert intermittent.mean_to_median_ratio == 1.0
    assert mean == pytest.approx(1.0, abs=0.1)  # relative to the series' mean
    assert median == pytest.approx(1 / truth, abs=0.1)


def test_too_few_rows_train_no_trees(tmp_path: Path) -> None:
    panel = panel_of(tmp_path, series({"a": [1.0, 2.0, 3.0]}))[0]
    drawn = draw_rows(panel, 1, seed=0)
    assert len(drawn) < MIN_TRAINING_ROWS
    recipe = recipe_for(panel.frequency)
    origins = training_origins(panel, Exogenous.none(1), drawn, recipe=recipe)
    model = fit_segment(
        DemandSegment.INTERMITTENT, origins, drawn, configured(n_estimators=7), threads=1, on_round=lambda: None
    )
    assert model == SegmentModel(DemandSegment.INTERMITTENT)
    every = np.arange(len(drawn))
    rows = model.rows(origins, every, drawn.step)
    assert model.predict(origins, every, drawn.step, rows) == pytest.approx(
        np.ones(2)
    )  # the mean up to the origin, relative to itself
    smoothed = replace(model, segment=DemandSegment.DENSE).predict(origins, every, drawn.step, rows)
    assert smoothed == pytest.approx([1.0, 1.6 / 1.5])


def test_one_mistyped_value_does_not_change_the_ratio(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    calm = {f"S{at:02d}": (50 + random.normal(0, 4, 150)).tolist() for at in range(40)}
    typo = {**calm, "T": [*calm["S00"][:60], 9_999_999.0, *calm["S00"][61:]]}
    assert fit_one(tmp_path / "calm", DemandSegment.DENSE, calm)[0].mean_to_median_ratio == pytest.approx(1, abs=0.01)
    assert fit_one(tmp_path / "typo", DemandSegment.DENSE, typo)[0].mean_to_median_ratio == pytest.approx(1, abs=0.02)


def test_demand_of_both_signs_has_no_ratio(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    panel = panel_of(
        tmp_path, series({str(at): random.normal(0, 4, 150).tolist() for at in range(20)}), negative_rule="keep"
    )[0]
    drawn = draw_rows(panel, 4, seed=0)
    origins = training_origins(panel, Exogenous.none(20), drawn, recipe=recipe_for(panel.frequency))
    model = fit_segment(
        DemandSegment.DENSE, origins, drawn, configured(n_estimators=10), threads=1, on_round=lambda: None
    )
    assert model.mean_to_median_ratio == 1.0


def test_a_series_with_tiny_early_demand_does_not_dominate_others(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    values = {f"S{at:02d}": (random.random(80) < 0.4).astype(float).tolist() for at in range(40)}
    odd = {"odd": [0.01] + [0.0] * 20 + [1e4] * 59}
    _, without = fit_one(tmp_path / "without", DemandSegment.INTERMITTENT, values)
    _, together = fit_one(tmp_path / "together", DemandSegment.INTERMITTENT, values | odd)
    assert together == pytest.approx(without, rel=0.15)


def test_dense_hours_are_predicted_as_changes_from_the_day_before(tmp_path: Path) -> None:
    """Without trees, each hour repeats the same hour of the day before. Trees learn a steady daily change."""
    day = 100 + 40 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    steady = {f"S{at:02d}": (day[np.arange(600) % 24] + np.arange(600) // 24 * (at + 1)).tolist() for at in range(20)}
    panel = panel_of(tmp_path, series(steady, frequency="h"))[0]
    recipe, none = recipe_for(panel.frequency), Exogenous.none(len(panel))
    ends, every = last_origins(panel, none, recipe=recipe), np.arange(len(panel))
    step = np.full(len(panel), 30)
    bare = SegmentModel(DemandSegment.DENSE)
    repeated = bare.predict(ends, every, step, bare.rows(ends, every, step)) * demand_scale(panel)
    same_hour = panel.values[panel.starts + panel.lengths - 1 + 30 - 48]
    assert repeated == pytest.approx(same_hour)
    drawn = draw_rows(panel, 48, seed=0)
    origins = training_origins(panel, none, drawn, recipe=recipe)
    config = configured(n_estimators=60)
    model = fit_segment(DemandSegment.DENSE, origins, drawn, config, threads=1, on_round=lambda: None)
    learned = model.predict(ends, every, step, model.rows(ends, every, step)) * demand_scale(panel)
    assert learned - same_hour == pytest.approx(2.0 * (every + 1), rel=0.1)
