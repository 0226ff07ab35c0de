from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from mlforecast import MLForecast

from job_code.features.calendar_features import calendar_columns, calendar_names
from job_code.features.feature_recipe import recipe_for
from job_code.model.direct_model import DirectModel
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency
from tests.demand import configured, day_of, predicted, sample_of, shop
from tests.fitted import fit

LONG = {"W-MON": 230, "D": 1200, "MS": 260}
HORIZON = 5


@pytest.fixture(scope="module", params=LONG)
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, DirectModel]:
    demand = shop(12, LONG[request.param], frequency=request.param, noise=0.4)
    sample = sample_of(tmp_path_factory.mktemp("lookback"), demand)
    config = configured(n_estimators=40, min_child_samples=5)
    return sample, fit(sample, config, horizon=HORIZON)


def forecast(sample: Sample, model: DirectModel, lookback: int) -> Floats:
    return predicted(replace(model, max_lookback=lookback), sample, HORIZON)


def test_demand_before_the_maximum_lookback_does_not_matter(fitted: tuple[Sample, DirectModel]) -> None:
    sample, model = fitted
    longest = int(sample.panel.lengths.max())
    assert model.max_lookback == recipe_for(sample.panel.frequency).max_lookback(HORIZON) < longest
    whole = forecast(sample, model, longest)
    # A rolling mean summed in another order can differ in its last bits. Then a row can pass another side of a split.
    assert np.isclose(forecast(sample, model, model.max_lookback), whole, rtol=1e-5).mean() > 0.95
    assert forecast(sample, model, model.max_lookback) == pytest.approx(whole, rel=0.01)


def test_demand_within_the_maximum_lookback_matters(fitted: tuple[Sample, DirectModel]) -> None:
    sample, model = fitted
    shorter = recipe_for(sample.panel.frequency).year - 1
    assert not np.isclose(
        forecast(sample, model, shorter), forecast(sample, model, model.max_lookback), rtol=1e-5
    ).all()


@pytest.mark.parametrize("horizon", [1, 60])
@pytest.mark.parametrize("name", ["D", "W-MON", "MS", "ME"])
def test_the_maximum_lookback_covers_all_features(name: str, horizon: int) -> None:
    recipe = recipe_for(Frequency(name))
    lookback, year = recipe.max_lookback(horizon), recipe.year
    assert lookback > max(*recipe.lags, 2 * year)  # the mean of the year before the latest one
    # The season two years before any step, and the two periods before it.
    assert lookback > max(2 * year - step % year for step in range(1, horizon + 1)) + 2
    weights = [float(feature.removeprefix("ewm_")) for feature in recipe.names if feature.startswith("ewm_")]
    assert len(weights) == 2
    assert all((1 - weight) ** (lookback - 1) <= 2.0**-24 for weight in weights)


@pytest.mark.parametrize("name", ["D", "W-SUN", "MS", "ME"])
def test_calendar_features_agree_with_the_calendar(name: str) -> None:
    frequency = Frequency(name)
    recipe = recipe_for(frequency)
    first = frequency.period_of(date(2019, 11, 1))
    periods = np.random.default_rng(0).integers(first, first + 500, 700)
    days = [day_of(frequency, int(period)) for period in periods]
    expected = {
        "day_of_year": [(day - date(1970, 1, 1)).days % 365.2425 for day in days],
        "weekday": [day.isoweekday() for day in days],
        "day": [day.day for day in days],
        "month": [day.month for day in days],
    }
    columns = calendar_columns(recipe, frequency, periods)
    assert len(columns) == len(calendar_names(recipe))
    for feature, column in zip(calendar_names(recipe), columns, strict=True):
        assert column.tolist() == pytest.approx(expected[feature])


@pytest.mark.parametrize(("name", "every"), [("D", "1d"), ("W-SUN", "1w"), ("MS", "1mo")])
def test_date_features_equal_those_of_mlforecast(name: str, every: str) -> None:
    frequency = Frequency(name)
    recipe = recipe_for(frequency)
    periods = frequency.period_of(date(2019, 11, 1)) + np.arange(500)
    days = [day_of(frequency, int(period)) for period in periods]
    series = pl.DataFrame({"unique_id": 0, "ds": days, "y": 0.0})
    made = MLForecast(models={}, freq=every, date_features=recipe.date_features).preprocess(series)
    assert isinstance(made, pl.DataFrame)
    assert made.drop("unique_id", "ds", "y").columns == list(calendar_names(recipe))
    for feature, column in zip(calendar_names(recipe), calendar_columns(recipe, frequency, periods), strict=True):
        assert column.tolist() == made[feature].to_list()


def test_feature_names_are_in_the_order_of_mlforecast() -> None:
    assert recipe_for(Frequency("MS")).names == (
        *("lag1", "lag2", "lag3"),
        *("mean_3", "mean_6", "mean_12", "mean_24", "std_12", "ewm_0.3", "ewm_0.6"),
        *("mean_3_year_ago", "mean_6_year_ago", "mean_12_year_ago"),
    )


@pytest.mark.parametrize("name", ["D", "W-MON", "MS"])
def test_each_feature_with_a_role_is_in_the_recipe(name: str) -> None:
    recipe = recipe_for(Frequency(name))
    transforms = sum(map(len, recipe.lag_transforms.values()))
    assert len(set(recipe.names)) == len(recipe.lags) + transforms
    assert {recipe.level_feature, recipe.level_feature_last_year, recipe.ewm_feature, recipe.mean_of_year} <= set(
        recipe.names
    )
    assert set(recipe.lag_transforms) == {1, recipe.year + 1}  # other lags would have the same names
