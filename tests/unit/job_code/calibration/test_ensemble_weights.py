import numpy as np
import pytest

from job_code.calibration.ensemble_weights import EnsembleWeights, blend, fit_ensemble_weights
from job_code.model.baselines import BASELINES
from tests.forecast_rows import forecast_rows

NAIVE, MEAN = (list(BASELINES).index(name) for name in ("seasonal naive", "yearly mean"))


def baselines(**rows: np.ndarray) -> np.ndarray:
    return np.stack([rows["naive"], rows["mean"]] if NAIVE < MEAN else [rows["mean"], rows["naive"]])


def test_each_demand_class_has_its_own_weights() -> None:
    chosen = (
        EnsembleWeights(0.3, "seasonal naive"),
        EnsembleWeights(0.5, "yearly mean"),
        EnsembleWeights(0.0, "yearly mean"),
    )
    rows = forecast_rows(
        np.full(5, 10.0),
        demand_class=np.array([0, 1, 2, 2, 0]),
        cold_start=np.array([False, False, False, True, False]),
        active=np.array([True, True, True, True, False]),
        baselines=baselines(naive=np.full(5, 5.0), mean=np.full(5, 2.0)),
    )
    # The baselines know nothing of a cold-start series. A discontinued series has a forecast of 0.
    assert blend(rows, rows.model, chosen).tolist() == pytest.approx([6.5, 6.0, 2.0, 10.0, 0.0])


@pytest.mark.parametrize("truth", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("name", list(BASELINES))
def test_the_weights_have_the_least_error(truth: float, name: str) -> None:
    random = np.random.default_rng(1)
    by = baselines(naive=random.uniform(5, 9, 150), mean=random.uniform(5, 9, 150))
    rows = forecast_rows(random.uniform(5, 9, 150), baselines=by)
    actual = truth * rows.model + (1 - truth) * by[list(BASELINES).index(name)]
    every = np.ones(150)
    smooth = fit_ensemble_weights(actual, every, rows)[0]
    assert smooth.model_weight == pytest.approx(truth)
    assert truth == 1 or smooth.baseline == name
    counted = np.arange(150) % 4 > 0
    assert fit_ensemble_weights(np.where(counted, actual, 1000.0), every * counted, rows)[0] == smooth
    assert fit_ensemble_weights(actual, 0 * every, rows)[0].model_weight == 1
    unknown = forecast_rows(rows.model, baselines=by, cold_start=np.ones(150, dtype=bool))
    assert fit_ensemble_weights(actual, every, unknown)[0].model_weight == 1


def test_sparse_series_minimize_the_squared_error() -> None:
    actual = np.random.default_rng(1).poisson(0.2, 400).astype(float)
    nothing = np.zeros(400)  # the least absolute error of all
    rows = forecast_rows(
        nothing, demand_class=np.full(400, 2), baselines=baselines(naive=nothing, mean=np.full(400, actual.mean()))
    )
    assert fit_ensemble_weights(actual, np.ones(400), rows)[2] == EnsembleWeights(0.0, "yearly mean")


@pytest.mark.parametrize("heavy", [0, 1])
def test_rows_with_a_large_weight_decide(heavy: int) -> None:
    random = np.random.default_rng(2)
    naive = random.uniform(5, 9, 240)
    rows = forecast_rows(random.uniform(5, 9, 240), baselines=baselines(naive=naive, mean=naive + 3))
    by_model = np.arange(240) % 2 == 0
    weight = np.where(by_model == (heavy == 1), 50.0, 1.0)
    assert fit_ensemble_weights(np.where(by_model, rows.model, naive), weight, rows)[0].model_weight == heavy
