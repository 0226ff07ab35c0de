from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.features.feature_recipe import recipe_for
from job_code.features.lag_features import training_origins
from job_code.features.training_rows import draw_rows, max_rows
from job_code.model import fitting
from job_code.model.direct_model import DirectModel
from job_code.model.fitting import ModelFit, fit_models
from job_code.model.segment_model import DemandSegment
from job_code.preparation.training_sample import Sample
from job_code.runtime.process_pool import ProcessPool
from tests.demand import configured, sample_of, series, shop

CONFIG = configured(n_estimators=12)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    sparse = {f"sparse{at}": [0.0, 0.0, 3.0 + at] * 30 for at in range(12)}
    demand = pl.concat([shop(20, 90, noise=0.3), series({**sparse, "new": [5.0], "dead": [4.0] * 5 + [0.0] * 80})])
    return sample_of(tmp_path_factory.mktemp("sample"), demand)


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPool]:
    with ProcessPool(2) as workers:
        assert list(workers.map(len, ["ab", "c"])) == [2, 1]
        assert workers.started
        yield workers


def fits_of(sample: Sample) -> list[ModelFit]:
    whole = ModelFit.of(sample.panel, sample.exogenous, sample.active, horizon=6)
    part = sample.select(np.arange(len(sample.panel)) % 2 == 0)
    return [whole, ModelFit.of(part.panel, part.exogenous, part.active, horizon=3, share=0.4)]


def texts(models: list[DirectModel]) -> list[list[str | None]]:
    """The trees of each segment, without the parameters after them, which include the threads."""
    trees = [[each.trees for each in model.segments] for model in models]
    return [[each.text.partition("\nparameters:")[0] if each else None for each in model] for model in trees]


def test_models_do_not_depend_on_processes_or_threads(
    sample: Sample, pool: ProcessPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = fits_of(sample)
    alone = fit_models(fits, CONFIG, ProcessPool(1), tmp_path / "alone")
    both = fit_models(fits, CONFIG, pool, tmp_path / "pool")
    monkeypatch.setattr(fitting, "threads_of_a_fit", lambda _cores, _fits: 2)
    threads = fit_models(fits, CONFIG, pool, tmp_path / "threads")
    assert texts(alone) == texts(both) == texts(threads)
    assert all(text for model in texts(alone) for text in model)
    assert len({text for model in texts(alone) for text in model}) == 4
    skews = [
        [[each.mean_to_median_ratio for each in model.segments] for model in models]
        for models in (alone, both, threads)
    ]
    assert skews[0] == skews[1] == skews[2]


def test_only_large_fits_start_processes(sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ProcessPool(2) as workers:
        small = fit_models(fits_of(sample), CONFIG, workers, tmp_path)
        started = [workers.started]
        monkeypatch.setattr(fitting, "WORTH_PROCESSES", 1)
        large = fit_models(fits_of(sample), CONFIG, workers, tmp_path)
        started.append(workers.started)
    assert started == [False, True]
    assert texts(small) == texts(large)


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0])
def test_the_work_is_estimated_from_the_number_of_rows(sample: Sample, share: float) -> None:
    drawn = len(draw_rows(sample.panel, 6, seed=0, share=share))
    assert drawn <= max_rows(sample.panel, 6, share=share) <= 1.6 * drawn


def test_fits_get_more_threads_if_cores_remain() -> None:
    threads = [fitting.threads_of_a_fit(cores, 6) for cores in (1, 2, 6, 11, 12, 64)]
    assert threads == [1, 1, 1, 1, 2, 10]


def test_progress_counts_the_rounds_of_all_fits(sample: Sample, pool: ProcessPool, tmp_path: Path) -> None:
    for name, workers in (("alone", ProcessPool(1)), ("pool", pool)):
        shares: list[float] = []
        fit_models(fits_of(sample), CONFIG, workers, tmp_path / name, shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == 1
        assert len(shares) >= 4


def test_a_model_keeps_the_order_of_its_segments(sample: Sample, pool: ProcessPool, tmp_path: Path) -> None:
    for model in fit_models(fits_of(sample), CONFIG, pool, tmp_path):
        assert [each.segment for each in model.segments] == list(DemandSegment)


def test_series_without_training_rows_do_not_change_features(sample: Sample) -> None:
    panel, exogenous = sample.panel, sample.exogenous
    drawn = draw_rows(panel, 4, seed=0)
    drawn = drawn.where(drawn.series % 3 == 1)
    few, fewer, moved = fitting._with_rows(panel, exogenous, drawn)
    assert len(few) < len(panel)
    recipe = recipe_for(panel.frequency)
    every = np.arange(len(drawn))
    expected = training_origins(panel, exogenous, drawn, recipe=recipe)
    found = training_origins(few, fewer, moved, recipe=recipe)
    assert np.array_equal(found.rows(every, drawn.step), expected.rows(every, drawn.step), equal_nan=True)
    assert found.values[moved.target].tolist() == expected.values[drawn.target].tolist()


def test_without_selling_series_no_trees_are_trained(sample: Sample, tmp_path: Path) -> None:
    none_active = np.zeros(len(sample.panel), dtype=bool)
    fit = ModelFit.of(sample.panel, sample.exogenous, none_active, horizon=4)
    (model,) = fit_models([fit], CONFIG, ProcessPool(1), tmp_path)
    assert [each.trees for each in model.segments] == [None, None]
