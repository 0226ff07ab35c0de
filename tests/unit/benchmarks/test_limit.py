"""The limit that the job is measured against."""

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
    file = tmp_path_factory.mktemp("models") / "sparse.txt"
    lgb.train(settings, lgb.Dataset(values, target), 30).save_model(file)
    return file


@pytest.fixture(scope="module")
def demand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demand")
    for week in range(3):
        pl.DataFrame({"key": ["a", "b"], "y": [week, 2], "other": [1.5, 2.5]}).write_parquet(folder / f"{week}.parquet")
    return folder


def test_drawn_rows_pass_as_many_nodes_as_those_that_were_learnt_from(model: Path) -> None:
    booster = lgb.Booster(model_file=model)
    rows = draw_rows(booster, 5_000)
    assert rows.shape == (5_000, 3)
    reached = np.asarray(booster.predict(rows, pred_leaf=True, num_threads=1)).astype(int)
    drawn = learnt = 0.0
    for number, tree in enumerate(trees(booster)):
        leaves = {node["leaf_index"]: (depth, node["leaf_count"]) for node, depth in walk(tree) if "leaf_index" in node}
        drawn += float(np.mean([leaves[leaf][0] for leaf in reached[:, number]]))
        count = sum(rows for _, rows in leaves.values())
        learnt += sum(depth * rows for depth, rows in leaves.values()) / count
    assert drawn == pytest.approx(learnt, rel=0.1)


def test_every_predictor_that_is_installed_predicts_as_lightgbm_does(model: Path) -> None:
    rows = draw_rows(lgb.Booster(model_file=model), 1_000)
    found = {name: predict(rows) for name, predict in predictors(model)}
    assert next(iter(found)) == LIGHTGBM
    for predicted in found.values():
        assert np.median(np.abs(predicted - found[LIGHTGBM])) < 1e-4


def test_a_limit_is_made_of_decoding_and_of_the_models_that_are_there(model: Path, demand: Path) -> None:
    limit = measure_limit(demand, ["key", "y"], model.parent, {"regular": 5, "sparse": 1_000_000}, cores=1)
    assert limit.forecasts == {"sparse": 1_000_000}
    assert limit.seconds == pytest.approx(limit.decode_seconds + limit.microseconds[limit.predictor]["sparse"])
    assert 0 < limit.microseconds[LIGHTGBM]["sparse"] < 1_000
    nothing = measure_limit(demand, ["key", "y"], model.parent, {"regular": 5}, cores=1)
    assert nothing.seconds == nothing.decode_seconds > 0


def test_a_limit_that_cannot_be_measured_says_why(model: Path, demand: Path) -> None:
    with pytest.raises(RuntimeError, match=r"the limit was not measured: .*decode ended with 1: (?s:.)*no_such"):
        measure_limit(demand, ["no_such"], model.parent, {}, cores=1)


def test_decoding_prints_its_seconds(demand: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decode.main([str(demand), "key", "y"])
    assert 0 < json.loads(capsys.readouterr().out) < 60
