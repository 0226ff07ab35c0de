"""The feature rows equal slow calculations by hand, and are the same in training and forecasting."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.exogenous.exogenous_features import Exogenous
from job_code.exogenous.static_features import StaticFeatures
from job_code.features.feature_matrix import ForecastOrigins
from job_code.features.feature_recipe import recipe_for
from job_code.features.lag_features import demand_scale, last_origins, training_origins
from job_code.features.season_features import MAX_GROWTH, MIN_GROWTH, NEAR
from job_code.features.training_rows import TrainingRows
from job_code.series.arrays import Integers
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel
from tests.demand import panel_of, series

WEEKS = Frequency("W-MON")
LENGTHS = (1, 2, 40, 60, 130, 200)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    random = np.random.default_rng(3)
    values = {f"S{length:03d}": (1 + random.gamma(2, 3, length)).tolist() for length in LENGTHS}
    return panel_of(tmp_path_factory.mktemp("rows"), series(values))[0]


def exogenous(panel: Panel) -> Exogenous:
    floor = pl.DataFrame({"floor": np.arange(len(panel)) * 10.0}, schema={"floor": pl.Float32})
    return replace(Exogenous.none(len(panel)), static=StaticFeatures(floor))


def at_ends(panel: Panel, known: Exogenous | None = None) -> ForecastOrigins:
    return last_origins(panel, known or exogenous(panel), recipe=recipe_for(panel.frequency))


def table(origins: ForecastOrigins, index: Integers, step: Integers) -> dict[str, list[float]]:
    rows = origins.rows(index, step)
    assert rows.dtype == np.float32
    assert rows.shape == (len(index), len(origins.names))
    return {name: rows[:, number].tolist() for number, name in enumerate(origins.names)}


@pytest.mark.parametrize("step", [1, 12, 52, 53, 104])
def test_season_features_belong_to_the_forecast_period(panel: Panel, step: int) -> None:
    every = np.arange(len(panel))
    columns = table(at_ends(panel), every, np.full(len(panel), step))
    sizes = demand_scale(panel)
    for number in every:
        begin = panel.starts[number]
        own = panel.values[begin : begin + panel.lengths[number]] / sizes[number]
        back = step - 52 * -(-step // 52)  # from the last value, at most 0

        def value(offset: int, own: np.ndarray = own) -> float:
            at = len(own) - 1 + offset
            return float(own[at]) if 0 <= at < len(own) else np.nan

        for offset in NEAR:
            assert columns[f"year ago {offset:+d}"][number] == pytest.approx(value(back + offset), nan_ok=True)
        of_three = [each for each in map(value, (back - 1, back, back + 1)) if not np.isnan(each)]
        expected = np.mean(of_three) if of_three else np.nan
        assert columns["year ago, mean of 3"][number] == pytest.approx(expected, nan_ok=True)
        assert columns["two years ago"][number] == pytest.approx(value(back - 52), nan_ok=True)
        before = own[max(0, len(own) - 65) : -52]
        if len(before):
            now, then = own[-13:].mean(), before.mean()
            last = value(back)
            assert columns["year ago, moved"][number] == pytest.approx(last + now - then, rel=1e-4, nan_ok=True)
            assert columns["year ago, grown"][number] == pytest.approx(last * now / then, rel=1e-4, nan_ok=True)
        else:
            assert np.isnan(columns["year ago, moved"][number])
    assert columns["step"] == [float(step)] * len(panel)
    assert columns["static floor"] == (every * 10.0).tolist()
    assert columns["age"] == [float(min(length, 104)) for length in LENGTHS]


def test_training_and_forecasting_use_the_same_features(panel: Panel) -> None:
    """Origins in the middle of series have the same features as series that end there."""
    panel = replace(panel, values=panel.values.copy())
    panel.values[panel.starts[-1] + 20] = 1e6  # an earlier huge value leaves no rounding error
    longer = panel.select(panel.lengths > 1)
    shorter = longer.without_last(1)
    assert shorter.lengths.min() == 1
    sizes = demand_scale(shorter)
    at = longer.starts + shorter.lengths - 1
    every = np.arange(len(longer))
    drawn = TrainingRows(
        series=every,
        origin=at,
        step=np.full(len(at), 3),
        scale=sizes,
        zero_share=np.zeros(len(at)),
        age=shorter.lengths,
    )
    learning = training_origins(longer, exogenous(longer), drawn, recipe=recipe_for(WEEKS))
    forecasting = at_ends(shorter).rows(every, drawn.step)
    assert learning.rows(every, drawn.step) == pytest.approx(forecasting, rel=1e-6, nan_ok=True)


def test_rows_do_not_depend_on_other_series(panel: Panel) -> None:
    together, step = at_ends(panel), np.array([7])
    for number in range(len(panel)):
        chosen = np.zeros(len(panel), dtype=bool)
        chosen[number] = True
        alone = at_ends(panel.select(chosen), exogenous(panel).select(chosen))
        row = together.rows(np.array([number]), step)
        assert np.array_equal(alone.rows(np.array([0]), step), row, equal_nan=True)


def test_daily_demand_has_short_season_features(tmp_path: Path) -> None:
    values = [float(day % 7) + 1 for day in range(100)]
    panel = panel_of(tmp_path, series({"a": values}, frequency="D"))[0]
    origins = at_ends(panel, Exogenous.none(1))
    steps = np.arange(1, 22)
    columns = table(origins, np.zeros(len(steps), dtype=np.int64), steps)
    expected = [((99 + step) % 7 + 1) / demand_scale(panel)[0] for step in steps]
    assert columns["short season"] == pytest.approx(expected)
    assert columns["short season, mean"] == pytest.approx(expected)
    assert origins.recipe.short_season == 7


def test_growth_is_bounded(tmp_path: Path) -> None:
    panel = panel_of(tmp_path, series({"up": [1.0] * 60 + [900.0] * 40, "down": [900.0] * 60 + [1.0] * 40}))[0]
    every = np.arange(2)
    columns = table(at_ends(panel, Exogenous.none(2)), every, np.array([1, 1]))
    down, up = (columns["year ago, grown"][at] / columns["year ago +0"][at] for at in every)
    assert (down, up) == pytest.approx((MIN_GROWTH, MAX_GROWTH))


def test_some_of_the_origins_have_the_same_rows(panel: Panel) -> None:
    origins = at_ends(panel)
    some = np.array([False, True, False, True, False, True])
    kept, step = origins.where(some), np.array([2, 9, 30])
    whole = origins.rows(np.flatnonzero(some), step)
    assert np.array_equal(kept.rows(np.arange(3), step), whole, equal_nan=True)
    assert replace(kept, scale=kept.scale * 2).lag_feature("lag1", np.arange(3)) == pytest.approx(
        kept.lag_feature("lag1", np.arange(3)) / 2
    )
