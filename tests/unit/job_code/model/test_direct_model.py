from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.exogenous.static_features import StaticFeatures
from job_code.features.lag_features import demand_scale, last_origins
from job_code.model.direct_model import DirectModel
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Floats
from tests.demand import configured, panel_of, predicted, sample_of, series, shop
from tests.fitted import fit


def fitted(sample: Sample, **settings: object) -> DirectModel:
    return fit(sample, configured(**settings), horizon=12)


def forecast(sample: Sample, horizon: int, **settings: object) -> Floats:
    return predicted(fitted(sample, **settings), sample, horizon)


def test_discontinued_series_have_a_forecast_of_zero(tmp_path: Path) -> None:
    values = {"dead": [5.0] * 10 + [0.0] * 52, "zero": [0.0] * 60, "dying": [5.0] * 48 + [0.0] * 12}
    sample = sample_of(tmp_path, pl.concat([shop(3, 60), series(values)]))
    assert sample.active.tolist() == [True, True, True, False, True, False]
    forecasts = forecast(sample, 4)
    assert not forecasts[3].any()
    assert not forecasts[5].any()
    assert forecasts[:3].all()


def test_the_scale_is_the_mean_of_the_last_year_or_of_all_periods_or_one(tmp_path: Path) -> None:
    values = {"a": [100.0] * 10 + [4.0] * 52, "b": [5.0] * 8 + [0.0] * 72, "c": [0.0] * 3, "d": [1.0, 3.0]}
    assert demand_scale(panel_of(tmp_path, series(values))[0]) == pytest.approx([4.0, 0.5, 1.0, 2.0])


def test_forecasts_scale_with_the_demand(tmp_path: Path) -> None:
    demand = shop(10, 100)
    small = sample_of(tmp_path / "s", demand)
    large = sample_of(tmp_path / "l", demand.with_columns(pl.col("y") * 1024))
    assert forecast(large, 4) == pytest.approx(forecast(small, 4) * 1024, rel=1e-6)


def test_too_few_rows_repeat_the_mean(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, series({"a": [3.0, 4.0], "b": [7.0]}))
    assert forecast(sample, 3) == pytest.approx(np.array([[3.5] * 3, [7.0] * 3]))


def test_the_model_uses_static_columns(tmp_path: Path) -> None:
    """Some articles triple after their fourth week. Only the static column identifies them."""
    values = {f"old{at:03d}": [10.0] * 4 + [30.0 if at % 2 else 10.0] * (2 + at // 2 % 15) for at in range(120)}
    values |= {"new0": [10.0] * 4, "new1": [10.0] * 4}
    sample = sample_of(tmp_path, series(values))
    floor = [float(key[-1]) % 2 for key in sample.panel.keys["unique_id"]]
    static = StaticFeatures(pl.DataFrame({"floor": floor}, schema={"floor": pl.Float32}), ("floor",))
    exogenous = replace(sample.exogenous, static=static)
    new0, new1 = forecast(replace(sample, exogenous=exogenous), 1, n_estimators=60)[:2, 0]
    assert new0 < 12
    assert new1 > 13


def test_the_mean_of_dense_series_is_above_their_median(tmp_path: Path) -> None:
    values = {"regular": [4.0, 6.0] * 40, "sparse": [0.0, 0.0, 3.0] * 30}
    sample = sample_of(tmp_path, series(values))
    model = fitted(sample, n_estimators=5)
    skewed = replace(
        model, segments=tuple(replace(each, mean_to_median_ratio=1.5 - each.segment / 2) for each in model.segments)
    )
    median = np.array([[5.0, 5.0], [1.0, 1.0]])
    assert skewed.mean(median, sample.panel).tolist() == [[7.5, 7.5], [1.0, 1.0]]


def test_categories_are_not_numbers_and_may_have_the_name_of_a_feature(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    factors = random.gamma(3, 1, 10)
    values = {f"S{at:02d}": (factors[at % 10] * random.gamma(3, 1, 60)).tolist() for at in range(60)}
    sample = sample_of(tmp_path, series(values))
    columns = {"age": [float(at % 10) for at in range(60)], "floor": [float(at % 7) for at in range(60)]}
    static = StaticFeatures(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Float32)), ("age",))
    exogenous = replace(sample.exogenous, static=static)
    model = fitted(replace(sample, exogenous=exogenous), n_estimators=60)
    names = last_origins(sample.panel, exogenous, recipe=model.recipe).names
    for segment in model.segments:
        assert segment.trees
        (text,) = segment.trees.__reduce__()[1]
        of_features = next(line for line in text.splitlines() if line.startswith("feature_infos="))
        # LightGBM writes the range of a numeric feature, and lists the values of a categorical feature.
        listed = [":" in info and not info.startswith("[") for info in of_features.split("=")[1].split()]
        assert [name for name, is_listed in zip(names, listed, strict=True) if is_listed] == ["static age"]
