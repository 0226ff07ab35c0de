from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.calibration.forecast_table import ForecastRows
from job_code.calibration.mean_absolute_change import prior_relative_change
from job_code.config import ForecastConfig
from job_code.demand.work_sizes import WorkSizes
from job_code.forecasting.forecast_chunk import forecast_chunks
from job_code.forecasting.forecaster import Forecaster
from job_code.forecasting.model_store import save_model
from job_code.model.direct_model import DirectModel
from job_code.preparation.panel_chunks import read_chunk
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.training_sample import Sample
from job_code.runtime.process_pool import ProcessPool
from job_code.series.panel import Panel
from job_code.training.assemble import assemble_forecaster
from tests.demand import configured, prepared, series, shop
from tests.fitted import backtested, fit, trained

CONFIG = configured(n_estimators=20, cutoff_rule="series")


def demand() -> pl.DataFrame:
    odd = series({"new": [5.0], "dead": [4.0] * 5 + [0.0] * 80, "sparse": [0.0, 0.0, 3.0] * 20})
    return pl.concat([shop(30, 90, noise=0.3), odd, series({"early": [9.0] * 70}, last=date(2026, 8, 3))])


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> PreparedDemand:
    sizes = WorkSizes(rows_per_shard=1000, values_per_chunk=500)
    return prepared(tmp_path_factory.mktemp("ready"), {"a.parquet": demand()}, CONFIG, sizes=sizes)


@pytest.fixture(scope="module")
def fitted(ready: PreparedDemand) -> tuple[Forecaster, Sample]:
    sample = Sample.draw(ready, CONFIG.sample_rows)
    return trained(sample, ready, CONFIG), sample


def test_a_forecast_does_not_depend_on_other_series(fitted: tuple[Forecaster, Sample]) -> None:
    forecaster, sample = fitted
    together = forecaster.forecast(sample.panel, sample.exogenous, sample.active)
    random = np.random.default_rng(0)
    for share in (0.02, 0.3, 0.7):
        some = random.random(len(sample.panel)) < share
        some[0] = True
        alone = forecaster.forecast(sample.panel.select(some), sample.exogenous.select(some), sample.active[some])
        assert alone.mean.tolist() == together.mean[some].tolist()
        assert alone.quantiles.tolist() == together.quantiles[some].tolist()


def test_a_forecast_does_not_depend_on_the_batch_size(
    fitted: tuple[Forecaster, Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    forecaster, sample = fitted
    together = forecaster.forecast(sample.panel, sample.exogenous, sample.active)
    sizes: list[int] = []
    counted = ForecastRows.of

    def counting(model: DirectModel, panel: Panel, *rest: object, **named: object) -> ForecastRows:
        sizes.append(len(panel))
        return counted(model, panel, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(ForecastRows, "of", counting)
    monkeypatch.setattr("job_code.forecasting.forecaster.FORECASTS_AT_A_TIME", 10 * CONFIG.horizon)
    few = forecaster.forecast(sample.panel, sample.exogenous, sample.active)
    assert few.mean.tolist() == together.mean.tolist()
    assert few.quantiles.tolist() == together.quantiles.tolist()
    # Batches have about equal sizes. A small last batch would take nearly as long as a full one.
    assert len(sizes) == 4
    assert max(sizes) - min(sizes) <= 1


def test_a_forecast_from_the_last_years_equals_a_forecast_from_the_whole_history(tmp_path: Path) -> None:
    config = configured(n_estimators=20)
    history = pl.concat([shop(20, 230, noise=0.3), series({"sparse": [0.0, 0.0, 3.0] * 70})])
    ready = prepared(tmp_path, {"a.parquet": history}, config)
    sample = Sample.draw(ready, config.sample_rows)
    panel = sample.panel
    model, tested = fit(sample, config), backtested(sample, config)
    assert tested
    forecast = assemble_forecaster(model, tested, sample, ready, config).forecast(
        panel, sample.exogenous, sample.active
    )
    assert forecast.panel.lengths.max() < panel.lengths.max()
    entries = ForecastRows.of(
        model,
        panel,
        sample.exogenous,
        sample.active,
        config,
        steps=4,
        prior_relative_change=prior_relative_change(panel, sample.weight),
    )
    expected = tested.calibrator.predict(entries, config)
    assert forecast.mean.ravel() == pytest.approx(expected.mean, rel=1e-5)
    assert forecast.quantiles.reshape(-1, 3) == pytest.approx(expected.quantiles, rel=1e-4)


def test_chunks_are_forecast_from_files_only(
    ready: PreparedDemand, fitted: tuple[Forecaster, Sample], tmp_path: Path
) -> None:
    forecaster, sample = fitted
    frequency = ready.calendar.frequency
    model = tmp_path / "model"
    model.mkdir()
    save_model(forecaster, "{}", model)
    with ProcessPool(1) as workers:
        done = list(forecast_chunks(ready, model, workers, tmp_path))
    assert len(done) > 5
    whole = forecaster.forecast(sample.panel, sample.exogenous, sample.active)
    current = sample.panel.last_period == ready.last_period
    assert current.tolist() == [key != "early" for key in sample.panel.keys["unique_id"]]
    assert sum(chunk.total for chunk in done) == pytest.approx(whole.mean[current].sum(axis=0))
    rows = pl.concat([pl.read_parquet(tmp_path / chunk.file.name) for chunk in done]).sort("unique_id", "ds")
    assert rows["mean"].to_list() == whole.mean.astype(np.float32).ravel().tolist()
    assert rows["q90"].to_list() == whole.quantiles[..., 2].astype(np.float32).ravel().tolist()
    for chunk, info in zip(done, ready.chunks, strict=True):
        keys = read_chunk(info.folder, frequency).panel.keys["unique_id"]
        written = pl.read_parquet(tmp_path / chunk.file.name)["unique_id"]
        assert written.to_list() == [key for key in keys for _ in range(CONFIG.horizon)]


def test_without_a_backtest_quantiles_have_a_default_width(tmp_path: Path) -> None:
    config = ForecastConfig(frequency="W-MON", quantiles=(0.1, 0.5, 0.9))
    ready = prepared(tmp_path, {"a.parquet": series({"only": [10.0]})}, config)
    sample = Sample.draw(ready, 10_000)
    forecaster = trained(sample, ready, config)
    forecast = forecaster.forecast(sample.panel, sample.exogenous, sample.active)
    assert forecast.mean.tolist() == [[10.0] * 12]
    assert forecast.quantiles[0, :, 1].tolist() == [10.0] * 12
    assert (np.diff(forecast.quantiles, axis=2) > 0).all()
