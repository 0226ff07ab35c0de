"""The predictions of `TreePredictor` and LightGBM are bit-identical, also if NumPy predicts all rows."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pytest

from job_code.model import tree_predictor
from job_code.model.boosted_trees import MAX_LEAVES, Tree, read_trees
from job_code.model.tree_predictor import BLOCK, TreePredictor

Rows = npt.NDArray[np.float32]
AWKWARD = np.array([0, -0.0, 1e-35, -1e-35, 1e-36, -1e-36, 1e-45, np.nan, np.inf, -np.inf, 3e38, -3e38], np.float32)


@pytest.fixture(autouse=True, params=[0, 10**9], ids=["by NumPy", "by LightGBM"])
def few_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The maximum number of rows that are left to LightGBM."""
    monkeypatch.setattr(tree_predictor, "FEW_ROWS", request.param)
    return int(request.param)


def fitted(
    rows: Rows, *, seed: int = 0, trees: int = 20, categorical: list[int] | None = None, **settings: Any
) -> lgb.Booster:
    random = np.random.default_rng(seed)
    known = np.nan_to_num(rows, nan=3.0, posinf=5.0, neginf=-5.0).clip(-9, 9)
    target = known[:, 0] * np.sin(known[:, -1]) + (known[:, 0] == 0) + random.standard_normal(len(rows)) / 5
    parameters = {"objective": "regression", "min_data_in_leaf": 3, "verbosity": -1, "num_threads": 1, "seed": seed}
    data = lgb.Dataset(rows, target, categorical_feature=categorical or "auto")
    return lgb.train({**parameters, **settings}, data, trees)


def table(count: int, *, seed: int = 0, columns: int = 5, awkward: float = 0.0) -> Rows:
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, columns)).astype(np.float32)
    rows[random.random(rows.shape) < awkward] = 0
    where = random.random(rows.shape) < awkward / 2
    rows[where] = random.choice(AWKWARD, where.sum())
    return rows


def on_the_edge(model: lgb.Booster, rows: Rows) -> Rows:
    """Rows with the thresholds of the model and the values next to them."""
    lines = [line for line in model.model_to_string().splitlines() if line.startswith("threshold=")]
    with np.errstate(over="ignore"):
        exact = np.array(" ".join(line[10:] for line in lines).split(), dtype=np.float64).astype(np.float32)
    near = [np.nextafter(exact, np.float32(side)) for side in (-np.inf, np.inf)]
    return np.random.default_rng(0).choice(np.concatenate([exact, *near, AWKWARD]), size=(4000, rows.shape[1]))


def assert_same(model: lgb.Booster, rows: Rows) -> None:
    expected = np.asarray(model.predict(rows, num_threads=1))
    assert TreePredictor(model).predict(rows).tobytes() == expected.tobytes()


@pytest.mark.parametrize("seed", range(40))
def test_any_model_predicts_any_rows(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = table(
        int(random.integers(50, 3000)),
        seed=seed,
        columns=int(random.integers(1, 9)),
        awkward=random.choice([0, 0.1, 0.5]),
    )
    categorical = [0] if seed % 3 == 0 else None
    if categorical:
        rows[:, 0] = np.where(np.isnan(rows[:, 0]), np.nan, random.integers(0, random.integers(2, 200), len(rows)))
    model = fitted(
        rows,
        seed=seed,
        categorical=categorical,
        num_leaves=int(random.choice([2, 3, 31, 63, MAX_LEAVES])),
        max_depth=int(random.choice([-1, 3, 6])),
        min_data_in_leaf=int(random.choice([1, 20])),
        use_missing=bool(random.random() < 0.7),
        max_bin=int(random.choice([15, 255, 1000])),
        learning_rate=0.3,
    )
    assert_same(model, rows)
    assert_same(model, on_the_edge(model, rows))


@pytest.mark.parametrize("known", [[0, 1, 2], [0, 5, 31, 32, 63, 64, 254], list(range(100))])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_categories(known: list[int], missing: float) -> None:
    random = np.random.default_rng(0)
    rows = table(3000)
    rows[:, 2] = random.choice(known, len(rows))
    rows[random.random(len(rows)) < missing, 2] = np.nan
    effect = np.nan_to_num(rows[:, 2], nan=7.0) * 7 % 5
    parameters = {"verbosity": -1, "num_threads": 1, "min_data_per_group": 5, "cat_smooth": 1}
    model = lgb.train(parameters, lgb.Dataset(rows, effect + rows[:, 0], categorical_feature=[2]), 20)
    assert "cat_threshold" in model.model_to_string()
    seen_or_not = [*range(300), -1, -0.5, 0.5, 31.9, 1e9, -1e9, 3e38, np.nan, np.inf, -np.inf, -0.0]
    asked = np.repeat(table(50, seed=1), len(seen_or_not), axis=0)
    asked[:, 2] = np.tile(np.array(seen_or_not, dtype=np.float32), 50)
    assert_same(model, asked)


def test_values_that_lightgbm_treats_as_zero() -> None:
    rows = np.random.default_rng(0).choice(np.array([-1, -1e-34, 0, 1e-34, 1], np.float32), size=(3000, 2))
    target = (rows[:, 0] > 0) + 2.0 * (rows[:, 0] < 0) + rows[:, 1]
    parameters = {"verbosity": -1, "num_threads": 1}
    model = lgb.train(parameters, lgb.Dataset(rows, target), 10)
    assert "e-35 " in model.model_to_string()
    assert_same(model, on_the_edge(model, rows))


@pytest.mark.parametrize("threshold", ["0", "-0", "5e-36", "-5e-36", "1e39", "-1e39", "1e300", "inf", "-inf"])
@pytest.mark.parametrize("use_missing", [True, False])
def test_unusual_thresholds(threshold: str, use_missing: bool) -> None:
    rows = table(2000, awkward=0.3)
    lines = fitted(rows, trees=3, use_missing=use_missing).model_to_string().splitlines()
    head, first = "threshold=", next(line for line in lines if line.startswith("threshold="))
    changed = head + " ".join([threshold] * len(first.split()))
    text = "\n".join(changed if line == first else line for line in lines if not line.startswith("tree_sizes="))
    assert_same(lgb.Booster(model_str=text), rows)


@pytest.mark.parametrize("count", [0, 1, 7, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_number_of_rows(count: int, order: Any) -> None:
    model = fitted(table(2000))
    rows = np.asarray(table(count, seed=1, awkward=0.2), order=order)
    expected = np.asarray(model.predict(rows)) if count else np.zeros(0)
    assert TreePredictor(model).predict(rows).tobytes() == expected.tobytes()


def grid(steps: int, series: int, *, same_for_steps: list[int], same_for_series: list[int]) -> Rows:
    """Rows of a grid with some constant columns."""
    cells = table(steps * series, seed=1, awkward=0.3).reshape(steps, series, 5)
    cells[:, :, same_for_steps] = cells[:1, :, same_for_steps]
    cells[:, :, same_for_series] = cells[:, :1, same_for_series]
    return cells.reshape(-1, 5)


@pytest.mark.parametrize("steps", [1, 2, 12])
@pytest.mark.parametrize("series", [1, 2, 700])
@pytest.mark.parametrize("same_for_steps", [[], [0], [1, 3, 4], [0, 1, 2, 3, 4]])
@pytest.mark.parametrize("same_for_series", [[], [4], [0, 2], [0, 1, 2, 3, 4]])
def test_constant_columns_of_a_grid_are_predicted_alike(
    steps: int, series: int, same_for_steps: list[int], same_for_series: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = grid(steps, series, same_for_steps=same_for_steps, same_for_series=same_for_series)
    training = table(2000, awkward=0.1)
    training[:, 3] = np.abs(np.round(training[:, 3]))
    rows[:, 3] = np.abs(np.round(rows[:, 3]))
    with np.errstate(invalid="ignore"):
        model = fitted(training, categorical=[3], min_data_per_group=5)
    expected = np.asarray(model.predict(rows, num_threads=1)).tobytes()
    predictor = TreePredictor(model)
    for block in (BLOCK, 1000, 7):
        monkeypatch.setattr(tree_predictor, "BLOCK", block)
        assert predictor.predict(rows, steps).tobytes() == expected
        assert predictor.predict(np.asfortranarray(rows), steps).tobytes() == expected


def test_rows_that_do_not_form_a_grid_are_rejected() -> None:
    with pytest.raises(ValueError, match="a multiple of 5 rows"):
        TreePredictor(fitted(table(200))).predict(table(12), 5)


def test_a_prediction_does_not_depend_on_other_rows() -> None:
    predictor, rows = TreePredictor(fitted(table(2000))), table(500, seed=1)
    alone = np.concatenate([predictor.predict(row[None]) for row in rows])
    assert alone.tobytes() == predictor.predict(rows).tobytes()


def test_trees_of_a_single_leaf() -> None:
    rows = table(200)
    model = lgb.train({"verbosity": -1, "num_threads": 1}, lgb.Dataset(rows, np.full(200, 3.5)), 3)
    assert "num_leaves=1\n" in model.model_to_string()
    assert_same(model, rows)


def test_the_maximum_number_of_leaves() -> None:
    rows = table(5000)
    model = fitted(rows, trees=3, num_leaves=MAX_LEAVES, min_data_in_leaf=1)
    assert f"num_leaves={MAX_LEAVES}\n" in model.model_to_string()
    assert_same(model, rows)


def test_only_the_trees_of_the_best_iteration_are_used() -> None:
    rows = table(500)
    model = fitted(rows)
    model.best_iteration = 7
    assert TreePredictor(model).predict(rows).tobytes() == np.asarray(model.predict(rows)).tobytes()


@pytest.mark.parametrize("objective", ["regression_l1", "huber", "fair", "quantile", "mape"])
def test_objectives_that_predict_the_sum(objective: str) -> None:
    rows = table(500)
    assert_same(fitted(rows, objective=objective), rows)


def test_a_predictor_can_be_pickled_for_a_worker() -> None:
    predictor, rows = TreePredictor(fitted(table(2000))), table(300, seed=1)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as workers:
        there = workers.submit(predictor.predict, rows).result()
    assert there.tobytes() == predictor.predict(rows).tobytes()
    assert len(pickle.dumps(predictor)) < 200_000


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"reg_sqrt": True}, "'regression sqrt' transforms"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "averages its trees"),
    ],
)
def test_a_model_that_is_no_sum_of_trees_is_rejected(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TreePredictor(fitted(table(2000), **settings))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_leaves": MAX_LEAVES + 1, "min_data_in_leaf": 1}, "leaves; at most 256"),
        ({"zero_as_missing": True}, "zero_as_missing=False"),
        ({"linear_tree": True}, "linear models"),
    ],
)
def test_unsupported_trees_are_left_to_lightgbm_or_rejected(
    settings: dict[str, Any], message: str, few_rows: int
) -> None:
    rows = table(2000)
    model = fitted(rows, **settings)
    if few_rows:
        assert_same(model, rows)
    else:
        with pytest.raises(ValueError, match=message):
            TreePredictor(model).predict(rows)


@pytest.mark.parametrize("rows", [np.zeros((3, 5)), np.zeros((3, 4), np.float32), np.zeros(5, np.float32)])
def test_rows_of_another_type_or_shape_are_rejected(rows: npt.NDArray[Any]) -> None:
    with pytest.raises(ValueError, match=r"float32 of shape \(rows, 5\)"):
        TreePredictor(fitted(table(500))).predict(rows)


def test_many_small_calls_are_not_left_to_lightgbm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_predictor, "FEW_ROWS", 250)
    read: list[str] = []

    def reads(text: str) -> list[Tree]:
        read.append(text)
        return read_trees(text)

    monkeypatch.setattr(tree_predictor, "read_trees", reads)
    model, rows = fitted(table(2000)), table(100, seed=1)
    predictor = TreePredictor(model)
    expected = np.asarray(model.predict(rows)).tobytes()
    for calls in range(1, 6):
        assert predictor.predict(rows).tobytes() == expected
        assert len(read) == (calls > 2)
