"""Forecasts are bit-identical for any shards, workers, batches, chunks, input files and row order."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from job_code.demand.work_sizes import WorkSizes
from tests.demand import Finished, job_request, run_job, run_request, series, shop

SERIES, PERIODS = 400, 60
SAMPLE_ROWS = 10_000  # of 22,000


def assortment() -> pl.DataFrame:
    """Series of every type: steady, intermittent, new, discontinued."""
    random = np.random.default_rng(0)
    values: dict[str, list[float | None]] = {}
    for number in range(SERIES - 40):
        each: list[float | None] = random.poisson(np.exp(random.normal(0, 1.5)), PERIODS).astype(float).tolist()
        if number % 9 == 0:
            each = each[-int(random.integers(1, 20)) :]
        if number % 11 == 0:
            each[len(each) // 3 :] = [0.0] * (len(each) - len(each) // 3)
        if number % 7 == 0:
            each[len(each) // 2] = None
        values[f"S{number:04d}"] = each
    return pl.concat([series(values), shop(40, PERIODS)])


DEMAND = assortment()
STATIC = DEMAND.select(pl.col("unique_id").unique().sort()).with_columns(
    brand="b" + pl.col("unique_id").str.slice(2, 1), size=pl.int_range(pl.len()) % 17 / 3
)[5:]
SETTINGS: dict[str, Any] = {"sample_rows": SAMPLE_ROWS, "n_estimators": 20}


def sameness(finished: Finished) -> dict[str, Any]:
    """The results that do not depend on the sizes of the work."""
    manifest = finished.manifest
    quality = dict(manifest["data_quality"])
    quality["input"] = {name: count for name, count in quality["input"].items() if name != "demand_files"}
    kept = ("cutoff", "frequency", "series", "rows", "metrics", "sample", "first_period", "last_period")
    return {name: manifest[name] for name in kept} | {"quality": quality}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    finished = run_job(tmp_path_factory.mktemp("whole"), DEMAND, static={"s.parquet": STATIC}, **SETTINGS)
    assert len(finished.parts) == 1
    return finished


SHUFFLED = DEMAND.sample(fraction=1, shuffle=True, seed=1)
WAYS: dict[str, tuple[dict[str, pl.DataFrame | bytes], WorkSizes]] = {
    "small batches": ({"a.parquet": SHUFFLED}, WorkSizes(rows_per_batch=997)),
    "many shards and chunks": (
        {"a.parquet": DEMAND[::2], "b.csv": SHUFFLED.join(DEMAND[::2], on=["unique_id", "ds"], how="anti")},
        WorkSizes(rows_per_shard=1500, values_per_chunk=700),
    ),
    "two processes": (
        {f"{number:02d}.parquet": SHUFFLED[number::7] for number in range(7)},
        WorkSizes(rows_per_batch=1500, rows_per_shard=4000, values_per_chunk=3000, rows_worth_a_worker=100),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_forecasts_metrics_and_counts_are_the_same(whole: Finished, tmp_path: Path, way: str) -> None:
    files, sizes = WAYS[way]
    static: dict[str, pl.DataFrame | bytes] = {"a.parquet": STATIC[::-1][:100], "b.parquet": STATIC[::-1][100:]}
    request = job_request(tmp_path, files, static=static, **SETTINGS)
    finished = run_request(request, tmp_path, sizes=sizes, workers=2 if way == "two processes" else 1)
    assert finished.forecasts.sort("unique_id", "ds").equals(whole.forecasts)
    assert sameness(finished) == sameness(whole)
    assert len(finished.parts) == len(finished.manifest["files"])
    assert (len(finished.parts) > 1) == (way != "small batches")


def test_the_model_is_trained_on_a_sample(whole: Finished) -> None:
    sample = whole.manifest["sample"]
    assert sum(sample["of_series"].values()) == SERIES
    assert 0.8 * SAMPLE_ROWS < sample["rows"] < 1.2 * SAMPLE_ROWS < DEMAND.height
    assert all(0 < sample["series"][name] <= count for name, count in sample["of_series"].items())
    assert 0 < sample["model_wape_with_half"] < 5
    assert "trained and tested on a stratified sample" in whole.report
    assert "in the sample" in whole.report


def test_a_large_sample_is_the_full_population(whole: Finished, tmp_path: Path) -> None:
    everything = run_job(tmp_path, DEMAND, static={"s.parquet": STATIC}, n_estimators=20)
    sample = everything.manifest["sample"]
    assert sample["series"] == sample["of_series"]
    assert sample["model_wape_with_half"] is None
    assert "trained and tested on a stratified sample" not in everything.report
    assert not everything.forecasts.equals(whole.forecasts)
    estimated, true = (each.manifest["metrics"]["forecast"]["wape"] for each in (whole, everything))
    assert estimated == pytest.approx(true, rel=0.15)
