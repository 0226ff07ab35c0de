"""The average of models predicts the mean of their predictions."""

import lightgbm as lgb
import numpy as np
import pytest

from job_code.model import tree_predictor
from job_code.model.average_trees import average_trees
from job_code.model.tree_predictor import TreePredictor


def fitted(seed: int, trees: int, *, leaves: int = 31) -> lgb.Booster:
    random = np.random.default_rng(seed)
    rows = random.standard_normal((3000, 4)).astype(np.float32)
    rows[:, 3] = np.abs(np.round(3 * rows[:, 3]))
    target = rows[:, 0] * rows[:, 1] + (rows[:, 3] == 2) + random.standard_normal(3000) / 5
    parameters = {"verbosity": -1, "num_threads": 1, "seed": seed, "num_leaves": leaves, "feature_fraction": 0.7}
    return lgb.train(parameters, lgb.Dataset(rows, target, categorical_feature=[3]), trees)


@pytest.mark.parametrize("few_rows", [0, 10**9])
@pytest.mark.parametrize("sizes", [(5,), (3, 7), (1, 2, 30)])
def test_the_average_predicts_the_mean(sizes: tuple[int, ...], few_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_predictor, "FEW_ROWS", few_rows)
    models = [fitted(seed, trees) for seed, trees in enumerate(sizes)]
    rows = np.random.default_rng(9).standard_normal((500, 4)).astype(np.float32)
    rows[:, 3] = np.abs(np.round(3 * rows[:, 3]))
    average = average_trees([model.model_to_string() for model in models])
    expected = np.mean([model.predict(rows) for model in models], axis=0)
    assert lgb.Booster(model_str=average).num_trees() == sum(sizes)
    assert TreePredictor(average).predict(rows) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_trees_of_a_single_leaf_are_averaged() -> None:
    rows = np.zeros((200, 4), np.float32)
    models = [
        lgb.train({"verbosity": -1, "num_threads": 1}, lgb.Dataset(rows, np.full(200, value)), 2)
        for value in (3.0, 6.0)
    ]
    average = TreePredictor(average_trees([model.model_to_string() for model in models]))
    assert average.predict(rows[:5]) == pytest.approx(np.full(5, 4.5))
