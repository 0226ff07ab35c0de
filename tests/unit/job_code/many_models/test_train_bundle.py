"""The models of a bundle's customers, their comparison with the global model, and the forecasts of the chosen ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.config import ForecastConfig
from job_code.evaluation.backtest import BacktestPlan, backtest
from job_code.many_models import train_bundle as module
from job_code.many_models.bundle import customers_of
from job_code.many_models.forecast_bundle import forecast_bundle
from job_code.many_models.model_choice import KINDS, ModelKind
from job_code.many_models.train_bundle import SharedModel, TrainedBundle, train_bundle
from job_code.many_models.train_customer import CustomerModel, train_customer
from job_code.many_models.train_customers import split_into_bundles, train_customers
from job_code.model.fitting import ModelFit, fit_models
from job_code.preparation.training_sample import Sample
from job_code.runtime.process_pool import ProcessPool
from job_code.training.assemble import assemble_forecaster
from tests.demand import configured, prepared, shop

BY = ("unique_id",)
CONFIG = configured(frequency="W-MON")


@pytest.fixture(scope="module")
def trained_globally(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, SharedModel]:
    """24 customers of 130 weeks, and one of 5 weeks."""
    folder = tmp_path_factory.mktemp("customers")
    short = shop(1, 5).with_columns(unique_id=pl.lit("short"))
    demand = prepared(folder, {"demand.parquet": pl.concat([shop(24, 130), short])}, CONFIG)
    sample = Sample.draw(demand, 10**9)
    plan = BacktestPlan.of(sample, CONFIG)
    assert plan is not None
    own = ModelFit.of(sample.panel, sample.exogenous, sample.active, horizon=4)
    model, past = fit_models([own, *plan.fits], CONFIG, ProcessPool(1), folder / "fits")
    forecaster = assemble_forecaster(model, backtest(plan, [past], CONFIG), sample, demand, CONFIG)
    return sample, SharedModel(forecaster=forecaster, tested=past, windows=plan.windows)


@pytest.fixture(scope="module", name="bundle")
def train_all(trained_globally: tuple[Sample, SharedModel]) -> TrainedBundle:
    sample, shared = trained_globally
    return train_bundle(sample, BY, shared, CONFIG)


def test_each_customer_has_a_model_or_a_reason(bundle: TrainedBundle) -> None:
    assert list(bundle.models) == [f"=41{number:03d}" for number in range(24)]
    assert list(bundle.customers) == list(bundle.models)
    assert bundle.too_short == ("short",)
    assert bundle.failures == {}


def test_both_models_forecast_the_same_rows(
    bundle: TrainedBundle, trained_globally: tuple[Sample, SharedModel]
) -> None:
    sample, shared = trained_globally
    comparison = bundle.comparison
    assert comparison is not None
    for number, customer in enumerate(bundle.customers.values()):
        series = sample.select(customer.series).panel
        for place, window in enumerate(shared.windows):
            rows = (comparison.customer == number) & (comparison.window == place)
            expected = series.last(window.held_out_periods)[0, : window.steps]
            assert comparison.actual[rows].tolist() == expected.tolist()
    own, shared_loss = (comparison.losses()[KINDS.index(kind)] for kind in (ModelKind.OWN, ModelKind.GLOBAL))
    assert not np.array_equal(own, shared_loss)
    # A forecast of another row would be as bad as the spread of the demand.
    error = np.abs(comparison.forecasts[KINDS.index(ModelKind.GLOBAL)].mean - comparison.actual)
    assert np.mean(error / comparison.actual) < 0.25


def test_a_model_does_not_depend_on_the_other_customers(
    bundle: TrainedBundle, trained_globally: tuple[Sample, SharedModel]
) -> None:
    sample, shared = trained_globally
    name, customer = next(iter(bundle.customers.items()))
    alone = train_customer(
        sample.select(customer.series),
        [replace(window, series=np.ones(1, bool)) for window in shared.windows],
        CONFIG,
        prior=shared.forecaster.prior_relative_change,
    )
    assert alone is not None
    together = bundle.models[name]
    assert [each.rows.model.tolist() for each in alone.windows] == [
        each.rows.model.tolist() for each in together.windows
    ]
    for own, other in zip(alone.model.segments, together.model.segments, strict=True):
        assert (own.trees and own.trees.text) == (other.trees and other.trees.text)


def test_the_failure_of_a_customer_is_a_result(
    bundle: TrainedBundle, trained_globally: tuple[Sample, SharedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, shared = trained_globally

    def fails_for_one(own: Sample, *_: object, **__: object) -> CustomerModel | None:
        if own.panel.keys["unique_id"][0] == "A003":
            raise ValueError("no luck")
        return bundle.models.get(next(customers_of(own, BY)).name)

    monkeypatch.setattr(module, "train_customer", fails_for_one)
    found = train_bundle(sample, BY, shared, CONFIG)
    assert {name: failure.message for name, failure in found.failures.items()} == {"=41003": "ValueError: no luck"}
    assert len(found.models) == 23
    comparison = found.comparison
    assert comparison is not None
    forecasts = forecast_bundle(sample, found, comparison.choose(), shared, CONFIG)
    without = sample.panel.keys["unique_id"].is_in(["A003", "short"]).to_numpy()
    by_global = forecasts.kinds[KINDS.index(ModelKind.GLOBAL)]
    assert np.array_equal(forecasts.chosen.mean[without], by_global.mean[without])
    own = forecasts.kinds[KINDS.index(ModelKind.OWN)]
    assert not np.isclose(own.mean[~without], by_global.mean[~without]).all(axis=1).any()


def test_lack_of_memory_is_no_failure_of_a_customer(
    trained_globally: tuple[Sample, SharedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    sample, shared = trained_globally

    def fails(*_: object, **__: object) -> CustomerModel:
        raise MemoryError

    monkeypatch.setattr(module, "train_customer", fails)
    with pytest.raises(MemoryError):
        train_bundle(sample, BY, shared, CONFIG)


@pytest.mark.parametrize("workers", [1, 3])
def test_bundles_have_whole_customers_and_enough_of_them(tmp_path: Path, workers: int) -> None:
    demand = prepared(tmp_path, {"demand.parquet": shop(90, 20)}, CONFIG)
    sample = Sample.draw(demand, 10**9)
    bundles = split_into_bundles(sample, BY, workers=workers)
    assert np.sum(bundles, axis=0).tolist() == [1] * 90
    assert len(bundles) == 4
    assert min(int(bundle.sum()) for bundle in bundles) >= 20


def test_the_number_of_workers_changes_nothing(
    trained_globally: tuple[Sample, SharedModel], small_trees: ForecastConfig
) -> None:
    sample, shared = trained_globally
    few = sample.select(np.arange(len(sample.panel)) < 3)
    here = next(train_customers(few, BY, shared, small_trees, ProcessPool(1)))
    with ProcessPool(2) as workers:
        there = next(train_customers(few, BY, shared, small_trees, workers))
    assert here.comparison is not None
    assert there.comparison is not None
    assert here.comparison.losses().tolist() == there.comparison.losses().tolist()


@pytest.fixture
def small_trees() -> ForecastConfig:
    return CONFIG.model_copy(update={"n_estimators": 3})
