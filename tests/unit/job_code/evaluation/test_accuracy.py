"""The forecasts of simulated demand with a known distribution are accurate."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.demand import Finished, run_job, series, shop

HORIZON = 12


def test_season_and_trend_are_forecast_better_than_by_seasonal_naive(tmp_path: Path) -> None:
    demand = shop(60, 160 + HORIZON, seed=4)
    days = demand["ds"].unique().sort()
    finished = run_job(tmp_path, demand, horizon=HORIZON, cutoff=days[-HORIZON - 1], n_estimators=100)
    actual = demand.filter(pl.col("ds") > days[-HORIZON - 1])["y"].to_numpy()
    naive = demand.filter(pl.col("ds").is_in(days[-HORIZON - 52 : -52].implode()))["y"].to_numpy()
    forecast = finished.forecasts
    error = np.abs(forecast["mean"].to_numpy() - actual).sum()
    assert error < 0.85 * np.abs(naive - actual).sum()
    assert error < 0.095 * actual.sum()  # the noise, which is not predictable, is 0.08 of it
    inside = (forecast["q10"].to_numpy() <= actual) & (actual <= forecast["q90"].to_numpy())
    assert inside.mean() == pytest.approx(0.8, abs=0.12)
    metrics = finished.manifest["metrics"]
    assert metrics["forecast"]["wape"] < 0.9 * metrics["seasonal_naive"]["wape"]


@pytest.fixture(scope="module")
def rates() -> np.ndarray:
    return np.exp(np.random.default_rng(0).uniform(np.log(0.05), np.log(2), 200))


@pytest.fixture(scope="module")
def intermittent(rates: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    random = np.random.default_rng(1)
    demand = series({f"S{at:03d}": random.poisson(rate, 160).tolist() for at, rate in enumerate(rates)})
    return run_job(tmp_path_factory.mktemp("intermittent"), demand, horizon=HORIZON, n_estimators=300)


def test_means_of_intermittent_demand_are_near_its_rate(intermittent: Finished, rates: np.ndarray) -> None:
    mean = intermittent.forecasts["mean"].to_numpy().reshape(len(rates), HORIZON)
    assert mean.sum() == pytest.approx(HORIZON * rates.sum(), rel=0.2)
    assert np.corrcoef(mean.sum(axis=1), rates)[0, 1] > 0.9


def test_quantiles_of_intermittent_demand_are_plausible(intermittent: Finished, rates: np.ndarray) -> None:
    quantiles = intermittent.forecasts.select("q10", "q50", "q90").to_numpy().reshape(len(rates), HORIZON, 3)
    rare = rates < 0.12
    assert quantiles[rare, :, 1].mean() < 0.1
    assert quantiles[rare, :, 2].max() < 3
    future = np.random.default_rng(2).poisson(rates[:, None], (len(rates), HORIZON))
    assert (
        0.9 <= (future <= quantiles[..., 2]).mean() < 0.97
    )  # counts have ties, so the share at or below the quantile is above 0.9
    assert np.array_equal(quantiles, np.round(quantiles))


@pytest.mark.parametrize("seed", [1, 10, 11])
def test_sparse_demand_does_not_drift_from_its_rate(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    rates = random.uniform(0.05, 0.3, 200)
    demand = series({f"S{at:03d}": random.poisson(rate, 160).tolist() for at, rate in enumerate(rates)})
    finished = run_job(tmp_path, demand, horizon=HORIZON)
    mean = finished.forecasts["mean"].to_numpy().reshape(len(rates), HORIZON)
    assert mean.sum() == pytest.approx(HORIZON * rates.sum(), rel=0.1)
    assert mean[:, -1].sum() == pytest.approx(rates.sum(), rel=0.15)


def test_daily_series_without_demand_for_a_week_keep_their_interval(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rates = random.uniform(0.1, 1.0, 100)
    demand = series({f"S{at:03d}": random.poisson(rate, 500).tolist() for at, rate in enumerate(rates)}, frequency="D")
    finished = run_job(tmp_path, demand, horizon=28, n_estimators=50)
    future = random.poisson(rates[:, None], (len(rates), 28)).ravel()
    forecast = finished.forecasts
    assert (future <= forecast["q90"].to_numpy()).mean() == pytest.approx(0.9, abs=0.06)
    assert forecast["mean"].to_numpy().sum() == pytest.approx(28 * rates.sum(), rel=0.15)


def test_a_new_article_is_about_as_uncertain_as_its_neighbors(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    values = {f"S{at:02d}": (50 * np.exp(random.normal(0, 0.4, 120))).tolist() for at in range(60)}
    finished = run_job(tmp_path, series({**values, "new": [50.0]}), horizon=HORIZON, n_estimators=50)
    spread = finished.forecasts["q90"].to_numpy() - finished.forecasts["q10"].to_numpy()
    is_new = (finished.forecasts["unique_id"] == "new").to_numpy()
    new, others = spread[is_new].mean(), np.median(spread[~is_new])
    assert 0.5 * others < new < 2 * others


def test_new_articles_are_forecast_like_slow_sellers_around_them(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    values = {f"S{at:03d}": random.poisson(0.5, 120).tolist() for at in range(200)}
    values |= {
        f"new{at:02d}": [1.0] for at in range(40)
    }  # demand begins with the first sale; earlier zeros are missing
    finished = run_job(tmp_path, series(values), horizon=HORIZON, n_estimators=100)
    is_new = finished.forecasts["unique_id"].str.starts_with("new")
    assert finished.forecasts.filter(is_new)["mean"].mean() == pytest.approx(0.5, abs=0.15)
