"""The sample of a run, drawn from chunks on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.demand.work_sizes import WorkSizes
from job_code.evaluation.backtest_scores import scores
from job_code.preparation.training_sample import Sample
from job_code.series.lifecycle import is_active
from tests.demand import configured, prepared, series, stacked
from tests.fitted import backtested

CHUNKS = WorkSizes(rows_per_shard=40_000, values_per_chunk=30_000)


def retailer(count: int, periods: int, *, seed: int = 0) -> pl.DataFrame:
    """Return a few fast, steady sellers and many slow, erratic ones. Some are new and some discontinued."""
    random = np.random.default_rng(seed)
    values = {}
    for number, rate in enumerate(np.exp(random.normal(1, 1.4, count))):
        steady = rate * (1 + 0.1 * random.standard_normal(periods))
        erratic = rate * random.exponential(size=periods) * (random.random(periods) < 0.7)
        each = steady if rate > 10 else erratic
        if random.random() < 0.1:
            each[periods // 4 :] = 0
        length = int(random.integers(5, 50)) if random.random() < 0.1 else periods
        values[f"S{number:05d}"] = each[-length:].tolist()
    return series(values)


@pytest.fixture(scope="module")
def demand() -> pl.DataFrame:
    return retailer(3000, 60)


@pytest.fixture(scope="module")
def drawn(demand: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, Sample]:
    """Return a sample and the full population."""
    category = pl.DataFrame({"unique_id": demand["unique_id"].unique().sort()})
    category = category.with_columns(number=pl.int_range(pl.len()), text="c" + pl.col("unique_id").str.slice(3, 1))
    ready = prepared(
        tmp_path_factory.mktemp("sample"),
        {"a.parquet": demand},
        configured(),
        static={"s.parquet": category},
        sizes=CHUNKS,
    )
    assert len(ready.chunks) > 5
    return Sample.draw(ready, 40_000), Sample.draw(ready, 1_000_000)


def test_a_sample_has_a_limited_size_and_represents_all_series(drawn: tuple[Sample, Sample]) -> None:
    sample, everything = drawn
    assert not sample.is_full_population
    assert sample.rows == pytest.approx(40_000, rel=0.1)
    assert sample.weight.sum() == pytest.approx(3000)
    assert (sample.weight >= 1).all()
    assert sum(sample.series.values()) == 3000
    assert sum(sample.sampled.values()) == len(sample.panel)
    assert all(0 < sample.sampled[name] <= sample.series[name] for name in sample.series)
    assert everything.is_full_population
    assert (everything.weight == 1).all()
    assert everything.sampled == everything.series


def test_the_attributes_of_a_series_stay_aligned(drawn: tuple[Sample, Sample]) -> None:
    sample, everything = drawn
    assert sample.panel.keys.equals(sample.panel.keys.sort("unique_id"))
    number = sample.panel.keys["unique_id"].str.slice(1).cast(pl.Int64)
    assert sample.exogenous.static.columns["number"].to_list() == number.to_list()
    assert sample.exogenous.static.columns["text"].to_list() == (number // 100 % 10).to_list()
    assert sample.exogenous.static.categorical == ("text",)
    assert sample.active.tolist() == is_active(sample.panel).tolist()
    chosen = everything.panel.keys["unique_id"].is_in(sample.panel.keys["unique_id"].implode()).to_numpy()
    assert everything.panel.select(chosen).values.tolist() == sample.panel.values.tolist()
    assert 0.35 < sample.in_half_sample.mean() < 0.65


def test_the_full_population_is_the_panel(demand: pl.DataFrame, tmp_path: Path) -> None:
    ready = prepared(tmp_path, {"a.parquet": demand[:3000]}, configured())
    sample, panel = Sample.draw(ready, 10_000), stacked(ready)
    assert sample.panel.keys.equals(panel.keys)
    assert sample.panel.values.tolist() == panel.values.tolist()
    assert sample.exogenous.static.columns.shape == (len(panel), 0)


def test_an_earlier_cutoff_changes_the_selling_series(tmp_path: Path) -> None:
    demand = series({"stopped": [5.0] * 40 + [0.0] * 14, "selling": [5.0] * 54, "long gone": [5.0] + [0.0] * 53})
    sample = Sample.draw(prepared(tmp_path, {"a.parquet": demand}, configured()), 10_000)
    assert sample.active.tolist() == [False, True, False]
    before = sample.without_last(4)
    assert before.active.tolist() == [False, True, True]
    assert before.panel.values.tolist() == sample.panel.without_last(4).values.tolist()


def test_scores_of_a_sample_estimate_those_of_all_series(drawn: tuple[Sample, Sample]) -> None:
    config = configured(n_estimators=5)
    sample, everything = (backtested(each, config) for each in drawn)
    assert sample
    assert everything
    for name in ("model", "seasonal_naive", "forecast"):
        estimated, true = scores(sample)[name], scores(everything)[name]
        assert estimated["wape"] == pytest.approx(true["wape"], rel=0.06)
        assert estimated["mase"] == pytest.approx(true["mase"], rel=0.25)  # a mean of ratios: a few series dominate it
    estimated, true = scores(sample)["forecast"], scores(everything)["forecast"]
    assert estimated["wql"] == pytest.approx(true["wql"], rel=0.06)
    assert estimated["coverage"] == pytest.approx(true["coverage"], abs=0.03)
    assert sample.learning_curve
    assert sample.learning_curve[1] == pytest.approx(sample.learning_curve[0], rel=0.1)
    assert everything.learning_curve is None

    # Without weights, the slow sellers would count only as much as their share of the sample.
    unweighted = backtested(replace(drawn[0], weight=np.ones(len(drawn[0].panel))), config)
    assert unweighted
    wape = scores(everything)["seasonal_naive"]["wape"]
    assert scores(unweighted)["seasonal_naive"]["wape"] != pytest.approx(wape, rel=0.12)
