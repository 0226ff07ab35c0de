"""The lag features equal slow calculations by hand, at any origin."""

from pathlib import Path

import numpy as np
import pytest

from job_code.exogenous.exogenous_features import Exogenous
from job_code.features import lag_features
from job_code.features.feature_matrix import Columns
from job_code.features.feature_recipe import FeatureRecipe, recipe_for
from job_code.features.lag_features import demand_scale, last_origins, training_origins
from job_code.features.training_rows import TrainingRows
from job_code.series.arrays import Floats, Integers
from job_code.series.panel import Panel
from tests.demand import panel_of, series

LENGTHS = {"W-MON": (1, 2, 5, 30, 54, 107, 160), "D": (1, 2, 100, 366, 800), "MS": (1, 2, 12, 14, 60)}


@pytest.fixture(scope="module", params=LENGTHS)
def panel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """Decimals, many zeros, a huge value, and a discontinued series."""
    random = np.random.default_rng(7)
    lengths = LENGTHS[request.param]
    values = {
        f"S{length:04d}": np.round(random.gamma(2, 3, length) * (random.random(length) < 0.5), 1) for length in lengths
    }
    values["ended"] = np.append(np.round(random.gamma(2, 3, max(lengths)), 1), np.zeros(lengths[-2]))
    values["huge"] = np.append([1e6], np.round(random.gamma(2, 3, max(lengths)), 1))
    demand = {key: each.tolist() for key, each in values.items()}
    return panel_of(tmp_path_factory.mktemp("past"), series(demand, frequency=request.param))[0]


def read_by_hand(past: list[float], feature: str, year: int) -> float:
    """Compute one feature from the values up to the origin."""
    if feature.startswith("lag"):
        lag = int(feature.removeprefix("lag"))
        return past[-lag] if lag <= len(past) else np.nan
    statistic, number, *ago = feature.split("_", 2)
    if ago:
        past = past[:-year]
    if statistic == "ewm":
        smooth = past[0]
        for value in past[1:]:
            smooth = float(number) * value + (1 - float(number)) * smooth
        return smooth
    window = past[-int(number) :]
    if statistic == "std":
        return float(np.std(window, ddof=1)) if len(window) > 1 else np.nan
    assert statistic == "mean"
    return float(np.mean(window)) if window else np.nan


def expected(panel: Panel, recipe: FeatureRecipe, at: np.ndarray) -> Columns:
    sizes = demand_scale(panel)
    pasts = [
        (panel.values[start : end + 1] / own).tolist() for start, end, own in zip(panel.starts, at, sizes, strict=True)
    ]
    return np.array([[read_by_hand(past, name, recipe.year) for past in pasts] for name in recipe.names])


def drawn_at(panel: Panel, at: Integers) -> TrainingRows:
    """Draw a training row of every series."""
    ones = np.ones(len(panel))
    return TrainingRows(
        series=np.arange(len(panel)),
        origin=at,
        step=np.ones(len(panel), dtype=np.int64),
        scale=ones,
        zero_share=0 * ones,
        age=at - panel.starts + 1,
    )


def test_features_at_the_ends_of_series_equal_a_calculation_by_hand(panel: Panel) -> None:
    recipe = recipe_for(panel.frequency)
    ends = last_origins(panel, Exogenous.none(len(panel)), recipe=recipe)
    by_hand = expected(panel, recipe, panel.starts + panel.lengths - 1)
    assert ends.lag_features == pytest.approx(by_hand, rel=1e-5, abs=1e-7, nan_ok=True)
    means = [name.startswith("mean") for name in recipe.names]
    assert (by_hand[means] == 0).any()
    assert np.array_equal(ends.lag_features[means] == 0, by_hand[means] == 0)  # means over zeros are exactly 0


def test_features_in_the_middle_of_series_equal_a_calculation_by_hand(panel: Panel) -> None:
    recipe = recipe_for(panel.frequency)
    at = panel.starts + (panel.lengths - 1) // 2
    drawn = drawn_at(panel, at)
    middles = training_origins(panel, Exogenous.none(len(panel)), drawn, recipe=recipe)
    assert middles.lag_features == pytest.approx(expected(panel, recipe, at), rel=1e-5, abs=1e-7, nan_ok=True)
    assert middles.lag_features[0] / middles.scale == pytest.approx(panel.values[at])


def test_no_feature_uses_the_period_after_the_last(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, ends = recipe_for(panel.frequency), drawn_at(panel, panel.starts + panel.lengths - 1)

    def past() -> Columns:
        return training_origins(panel, Exogenous.none(len(panel)), ends, recipe=recipe).lag_features

    assert np.isinf(lag_features.UNKNOWN)
    known = past()
    assert not np.isinf(known).any()
    monkeypatch.setattr(lag_features, "UNKNOWN", -3.0)
    assert np.array_equal(past(), known, equal_nan=True)


def test_training_and_forecasting_compute_the_same_features(panel: Panel) -> None:
    recipe, exogenous = recipe_for(panel.frequency), Exogenous.none(len(panel))
    ends = drawn_at(panel, panel.starts + panel.lengths - 1)
    trained = training_origins(panel, exogenous, ends, recipe=recipe).lag_features
    assert last_origins(panel, exogenous, recipe=recipe).lag_features == pytest.approx(
        trained, rel=1e-5, abs=1e-7, nan_ok=True
    )


def test_means_do_not_depend_on_earlier_values(panel: Panel) -> None:
    recipe = recipe_for(panel.frequency)
    panel = panel.select(
        panel.mean_of_last(panel.values, panel.frequency.per_year) > 0
    )  # the scale of other series uses older values
    recent = panel.recent(recipe.max_lookback(1))
    assert recent.lengths.max() < panel.lengths.max()
    whole, latest = (
        last_origins(each, Exogenous.none(len(each)), recipe=recipe).lag_features for each in (panel, recent)
    )
    means = [name.startswith(("mean", "lag")) for name in recipe.names]
    assert np.array_equal(whole[means], latest[means], equal_nan=True)


def test_usual_changes_of_hours_equal_a_calculation_by_hand(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    demand = {f"S{length:04d}": random.gamma(2, 3, length).tolist() for length in (20, 100, 180, 200, 400, 900)}
    panel = panel_of(tmp_path, series(demand, frequency="h"))[0]
    recipe = recipe_for(panel.frequency)
    assert recipe.change_window == 672
    recent = panel.recent(recipe.max_lookback(12))
    ends = last_origins(recent, Exogenous.none(len(panel)), recipe=recipe)
    middles = training_origins(
        panel,
        Exogenous.none(len(panel)),
        drawn_at(panel, panel.starts + panel.lengths - 1),
        recipe=recipe,
    )
    for origins in (ends, middles):
        assert origins.usual_changes is not None
        for number, values in enumerate(demand.values()):
            scaled = np.array(values) / demand_scale(panel)[number]
            by_hand = [usual_change(scaled, *seasons) for seasons in ((24,), (168,), (24, 168))]
            assert origins.usual_changes[:, number] == pytest.approx(by_hand, rel=1e-6)


def test_usual_changes_are_the_same_in_any_panel(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    demand = {f"S{number}": random.gamma(0.1, 9.7, 1500).tolist() for number in range(5)}
    demand["S0"][0] = 1e12  # far above its scale
    panel = panel_of(tmp_path, series(demand, frequency="h"))[0]
    recipe = recipe_for(panel.frequency)

    def changes(panel: Panel) -> Floats:
        origins = last_origins(panel, Exogenous.none(len(panel)), recipe=recipe)
        assert origins.usual_changes is not None
        return origins.usual_changes

    together = changes(panel)
    for number in range(len(panel)):
        assert np.array_equal(changes(panel.select(np.arange(len(panel)) == number))[:, 0], together[:, number])


def usual_change(values: Floats, *seasons: int) -> float:
    """Average the absolute changes of the last four weeks."""
    for season in seasons:
        values = values[season:] - values[:-season]
    return float(np.abs(values[-672:]).mean()) if len(values) else 0.0
