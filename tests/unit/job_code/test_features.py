from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from job_code.calendar_features import calendar_columns, calendar_names
from job_code.features import features_for
from job_code.frequency import Frequency
from job_code.model import DirectModel
from job_code.panel import Floats
from job_code.regimes import Resources
from job_code.sample import Sample
from tests.demand import configured, predicted, sample_of, shop

LONG = {"W-MON": 230, "D": 1200, "MS": 260}
HORIZON = 5


@pytest.fixture(scope="module", params=LONG)
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, DirectModel]:
    demand = shop(12, LONG[request.param], frequency=request.param, noise=0.4)
    sample = sample_of(tmp_path_factory.mktemp("memory"), demand)
    resources = Resources(1, lambda: None)
    config = configured(trees=40, min_rows_per_leaf=5)
    model = DirectModel.fit(sample.panel, sample.exogenous, sample.active, config, resources, horizon=HORIZON)
    return sample, model


def forecast(sample: Sample, model: DirectModel, memory: int) -> Floats:
    return predicted(replace(model, memory=memory), sample, HORIZON)


def test_what_lies_beyond_the_memory_changes_nothing(fitted: tuple[Sample, DirectModel]) -> None:
    sample, model = fitted
    longest = int(sample.panel.lengths.max())
    assert model.memory == features_for(sample.panel.frequency).memory(HORIZON) < longest
    whole = forecast(sample, model, longest)
    # A rolling mean summed up in another order may be another float: a row may then fall to the other side of a split.
    assert np.isclose(forecast(sample, model, model.memory), whole, rtol=1e-5).mean() > 0.95
    assert forecast(sample, model, model.memory) == pytest.approx(whole, rel=0.01)


def test_what_lies_within_the_memory_counts(fitted: tuple[Sample, DirectModel]) -> None:
    sample, model = fitted
    shorter = features_for(sample.panel.frequency).year - 1
    assert not np.isclose(forecast(sample, model, shorter), forecast(sample, model, model.memory), rtol=1e-5).all()


@pytest.mark.parametrize("horizon", [1, 60])
@pytest.mark.parametrize("name", ["D", "W-MON", "MS", "ME"])
def test_memory_reaches_as_far_as_the_features(name: str, horizon: int) -> None:
    features = features_for(Frequency(name))
    memory = features.memory(horizon)
    assert memory > max(*features.lags, *features.windows, features.year + max(features.year_ago_windows))
    # The second year back of the season of any step, and the two periods before it.
    assert memory > max(2 * features.year - step % features.year for step in range(1, horizon + 1)) + 2
    for weight in features.smoothing:
        assert (1 - weight) ** (memory - 1) <= 2.0**-24


@pytest.mark.parametrize("name", ["D", "W-SUN", "MS"])
def test_calendar_features_agree_with_the_calendar(name: str) -> None:
    frequency = Frequency(name)
    first = frequency.period_of(date(2019, 11, 1))
    periods = np.random.default_rng(0).integers(first, first + 500, 700)
    days = [frequency.date_of(int(period)) for period in periods]
    expected = {
        "day_of_year": [(day - date(1970, 1, 1)).days % 365.2425 for day in days],
        "day_of_week": [day.isoweekday() for day in days],
        "day_of_month": [day.day for day in days],
        "month": [day.month for day in days],
    }
    columns = calendar_columns(frequency, periods)
    assert len(columns) == len(calendar_names(frequency))
    for feature, column in zip(calendar_names(frequency), columns, strict=True):
        assert column.tolist() == pytest.approx(expected[feature])
