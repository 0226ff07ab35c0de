"""The lower bound of the job's time."""

import json
from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest

from benchmarks.speed.limit import decode
from benchmarks.speed.limit.measure import measure_limit
from benchmarks.speed.limit.predictors import LIGHTGBM, predictors
from benchmarks.speed.limit.tree_rows import draw_rows, trees, walk

pytestmark = pytest.mark.usefixtures("one_core")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(0)
    values = np.stack([random.gamma(0.5, 3, 20_000), random.normal(0, 1, 20_000), random.poisson(1, 20_000)], axis=1)
    target = values[:, 0] * (1 + values[:, 1]) + values[:, 2] + random.normal(0, 0.3, 20_000)
    settings = {"num_leaves": 31, "min_data_in_leaf": 50, "verbosity": -1, "num_threads": 1}
    file = tmp_path_factory.mktemp("models") / "intermittent.txt"
    lgb.train(settings, lgb.Dataset(values, target), 30).save_model(file)
    return file


@pytest.fixture(scope="module")
def demand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demand")
    for week in range(3):
        pl.DataFrame({"key": ["a", "b"], "y": [week, 2], "other": [1.5, 2.5]}).write_parquet(folder / f"{week}.parquet")
    return folder


def test_drawn_rows_pass_as_many_nodes_as_training_rows(model: Path) -> None:
    booster = lgb.Booster(model_file=model)
    rows = draw_rows(booster, 5_000)
    assert rows.shape == (5_000, 3)
    reached = np.asarray(booster.predict(rows, pred_leaf=True, num_threads=1)).astype(int)
    drawn = trained = 0.0
    for number, tree in enumerate(trees(booster)):
        leaves = {node["leaf_index"]: (depth, node["leaf_count"]) for node, depth in walk(tree) if "leaf_index" in node}
        drawn += float(np.mean([leaves[leaf][0] for leaf in reached[:, number]]))
        count = sum(rows for _, rows in leaves.values())
        trained += sum(depth * rows for depth, rows in leaves.values()) / count
    assert drawn == pytest.approx(trained, rel=0.1)


def test_every_installed_predictor_agrees_with_lightgbm(model: Path) -> None:
    rows = draw_rows(lgb.Booster(model_file=model), 1_000)
    found = {name: predict(rows) for name, predict in predictors(model)}
    assert next(iter(found)) == LIGHTGBM
    for predicted in found.values():
        assert np.median(np.abs(predicted - found[LIGHTGBM])) < 1e-4


def test_the_lower_bound_covers_decoding_and_the_existing_models(model: Path, demand: Path) -> None:
    limit = measure_limit(demand, ["key", "y"], model.parent, {"dense": 5, "intermittent": 1_000_000}, cores=1)
    assert limit.forecasts == {"intermittent": 1_000_000}
    assert limit.seconds == pytest.approx(limit.decode_seconds + limit.microseconds[limit.predictor]["intermittent"])
    assert 0 < limit.microseconds[LIGHTGBM]["intermittent"] < 1_000
    without_models = measure_limit(demand, ["key", "y"], model.parent, {"dense": 5}, cores=1)
    assert without_models.seconds == without_models.decode_seconds > 0


def test_a_failed_measurement_reports_the_cause(model: Path, demand: Path) -> None:
    with pytest.raises(RuntimeError, match=r"lower bound not measured: exit code 1 of .*decode: (?s:.)*no_such"):
        measure_limit(demand, ["no_such"], model.parent, {}, cores=1)


def test_decoding_prints_its_seconds(demand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decode.main([str(demand), "key", "y"])
    assert 0 < json.loads(capsys.readouterr().out) < 60
