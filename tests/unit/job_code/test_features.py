import pickle
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from job_code.features import features_for
from job_code.frequency import Frequency
from job_code.model import ChangeModel, Resources
from job_code.panel import Floats
from job_code.sample import Sample
from tests.demand import configured, sample_of, shop

LONG = {"W-MON": 230, "D": 800, "MS": 260}


@pytest.fixture(scope="module", params=LONG)
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, ChangeModel]:
    demand = shop(12, LONG[request.param], frequency=request.param, noise=0.4)
    sample = sample_of(tmp_path_factory.mktemp("memory"), demand)
    resources = Resources(1, lambda: None)
    config = configured(trees=40, min_rows_per_leaf=5)
    return sample, ChangeModel.fit(sample.panel, sample.static, sample.active, config, resources)


def forecast(sample: Sample, model: ChangeModel, memory: int) -> Floats:
    return replace(model, memory=memory).predict(sample.panel, sample.static, sample.active, 5)


def test_what_lies_beyond_the_memory_changes_nothing(fitted: tuple[Sample, ChangeModel]) -> None:
    sample, model = fitted
    longest = int(sample.panel.lengths.max())
    assert model.memory == features_for(sample.panel.frequency).memory < longest
    whole = forecast(sample, model, longest)
    # A rolling mean summed up in another order may be another float: a row may then fall to the other side of a split.
    assert np.isclose(forecast(sample, model, model.memory), whole, rtol=1e-5).mean() > 0.95
    assert forecast(sample, model, model.memory) == pytest.approx(whole, rel=0.01)


def test_what_lies_within_the_memory_counts(fitted: tuple[Sample, ChangeModel]) -> None:
    sample, model = fitted
    features = features_for(sample.panel.frequency)
    shorter = max(features.lags) - 1
    assert not np.isclose(forecast(sample, model, shorter), forecast(sample, model, model.memory), rtol=1e-5).all()


@pytest.mark.parametrize("name", ["D", "W-MON", "MS", "ME"])
def test_memory_reaches_as_far_as_the_features(name: str) -> None:
    features = features_for(Frequency(name))
    assert features.memory > max(features.lags)
    assert features.memory > max(lag + max(windows) for lag, windows in features.rolling_means.items())
    for weight in features.smoothing:
        assert (1 - weight) ** (features.memory - 1) <= 2.0**-24


@pytest.mark.parametrize("name", ["D", "W-SUN", "MS"])
def test_calendar_features_travel_and_agree_with_the_calendar(name: str) -> None:
    frequency = Frequency(name)
    first = frequency.period_of(date(2019, 11, 1))
    periods = pl.Series("ds", range(first, first + 500), dtype=pl.Int32)
    days = [frequency.date_of(period) for period in periods]
    expected = {
        "day_of_year": [(day - date(1970, 1, 1)).days % 365.2425 for day in days],
        "day_of_week": [day.isoweekday() for day in days],
        "day_of_month": [day.day for day in days],
        "month": [day.month for day in days],
    }
    for feature in features_for(frequency).calendar:
        travelled = pickle.loads(pickle.dumps(feature))
        column = periods.to_frame().select(travelled(pl.col("ds"))).to_series()
        assert column.to_list() == pytest.approx(expected[feature.__name__])
        # While predicting, MLForecast hands over a column and not an expression.
        assert pl.select(travelled(periods)).to_series().equals(column, check_names=False)
