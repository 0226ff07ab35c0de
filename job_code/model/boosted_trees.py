"""Read the trees of a LightGBM model from its text, for `TreePredictor`."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

MAX_LEAVES = 256  # leaf numbers are bytes
UNTRANSFORMED = {"regression", "regression_l1", "huber", "fair", "quantile", "mape"}  # objectives that predict a sum
ZERO = float(np.float32(1e-35))  # LightGBM treats values up to this distance from 0 as 0
CATEGORICAL, NAN_LEFT = 1, 2  # bits of a node's decision type; the higher bits define the missing values
NOTHING_IS_MISSING, NAN_IS_MISSING = 0, 2


class Node(NamedTuple):
    """A test of one feature, with a child node for rows that fail and one for rows that pass.

    Attributes:
        passes: The comparison with a threshold; None if the value must be one of a set of categories.
        feature: Position of the feature.
        against: The threshold, or whether each category is in the set.
        low: Child node of a row that fails, by position in the tree; None for a single leaf.
        high: Child node of a row that passes; None for a single leaf.
        leaves_below: Number of leaves below `low`. The leaves below `high` are numbered after them.
    """

    passes: np.ufunc | None
    feature: int
    against: Array
    low: int | None
    high: int | None
    leaves_below: Array


class Tree(NamedTuple):
    """One tree.

    Attributes:
        nodes: Children before their parents, the root last; empty for a tree of a single leaf.
        values: Prediction of each leaf, by number, shape (leaves,).
    """

    nodes: tuple[Node, ...]
    values: Floats


def read_features(text: str) -> int:
    """Read the number of features of a model of one output.

    Args:
        text: The model as `Booster.model_to_string()` writes it.

    Raises:
        ValueError: If the prediction of the model is not the sum of its trees. The message has the reason.
    """
    head = text.partition("\nTree=")[0]
    header = _fields(head)
    if header["num_tree_per_iteration"] != "1" or "average_output" in head.splitlines():
        raise ValueError("tree model: it has several outputs or averages its trees; only a sum of trees is supported")
    objective = header.get("objective", "regression").split()
    if objective[0] not in UNTRANSFORMED or "sqrt" in objective:
        raise ValueError(f"tree model: its objective {' '.join(objective)!r} transforms the sum of the trees")
    return int(header["max_feature_idx"]) + 1


def read_trees(text: str) -> list[Tree]:
    """Read the trees of a model.

    Args:
        text: The model as `Booster.model_to_string()` writes it.

    Raises:
        ValueError: If a tree has linear leaves, too many leaves, or takes zero for a missing value.
    """
    _, *trees = text.split("\nend of trees")[0].split("\nTree=")
    return [_TreeReader(_fields(tree)).tree() for tree in trees]


class _TreeReader:
    def __init__(self, fields: dict[str, str]) -> None:
        if fields.get("is_linear", "0") != "0":
            raise ValueError("tree model: its leaves are linear models; only constant leaves are supported")
        self._value = _numbers(fields, "leaf_value", np.float64)
        if len(self._value) > MAX_LEAVES:
            raise ValueError(f"tree model: a tree has {len(self._value)} leaves; at most {MAX_LEAVES} are supported")
        self._feature = _numbers(fields, "split_feature", np.int64)
        self._threshold = _numbers(fields, "threshold", np.float64)
        self._decision = _numbers(fields, "decision_type", np.int64)
        self._left = _numbers(fields, "left_child", np.int64)  # a node, or ~leaf
        self._right = _numbers(fields, "right_child", np.int64)
        self._set_starts = _numbers(fields, "cat_boundaries", np.int64)
        self._sets = _numbers(fields, "cat_threshold", np.uint32)
        self._leaves: list[int] = []  # LightGBM's leaf numbers, in the order of the numbers used here
        self._nodes: list[Node] = []

    def tree(self) -> Tree:
        self._read(0 if len(self._feature) else ~0)
        return Tree(tuple(self._nodes), self._value[self._leaves])

    def _read(self, node: int) -> int | None:
        """Read a node and its descendants. Return its position, or None for a leaf."""
        if node < 0:
            self._leaves.append(~node)
            return None
        passes, against, low_child, high_child = self._test(node)
        before = len(self._leaves)
        low = self._read(low_child)
        leaves_below = np.array(len(self._leaves) - before, dtype=np.uint8)
        high = self._read(high_child)
        self._nodes.append(Node(passes, int(self._feature[node]), against, low, high, leaves_below))
        return len(self._nodes) - 1

    def _test(self, node: int) -> tuple[np.ufunc | None, Array, int, int]:
        """Return a node's comparison, its threshold or set, and the children for rows that fail and that pass.

        The comparison is chosen so that NaN fails, as in NumPy.
        """
        left, right = int(self._left[node]), int(self._right[node])
        decision, threshold = int(self._decision[node]), float(self._threshold[node])
        if decision & CATEGORICAL:
            which = int(threshold)
            words = self._sets[self._set_starts[which] : self._set_starts[which + 1]]
            members = np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little").astype(np.bool_)
            return None, np.append(members, False), right, left
        missing = decision >> 2
        if missing not in (NOTHING_IS_MISSING, NAN_IS_MISSING):
            raise ValueError("tree model: it treats zeros as missing; fit it with zero_as_missing=False")
        nan_goes_left = bool(decision & NAN_LEFT) if missing == NAN_IS_MISSING else threshold >= 0
        if nan_goes_left:
            return np.greater, _as_float32(threshold), left, right
        return np.less_equal, _as_float32(threshold), right, left


def _fields(text: str) -> dict[str, str]:
    split = (line.partition("=") for line in text.splitlines())
    return {name: value for name, equals, value in split if equals}


def _numbers(fields: dict[str, str], name: str, dtype: type[np.generic]) -> Array:
    return np.array(fields.get(name, "").split(), dtype=dtype)


def _as_float32(threshold: float) -> Array:
    """Return the float32 threshold that splits all float32 values like the given one, including values treated as 0."""
    if -ZERO <= threshold < ZERO:
        threshold = ZERO if threshold >= 0 else np.nextafter(-ZERO, -1)
    with np.errstate(over="ignore"):
        rounded = np.float32(threshold)
    return np.array(np.nextafter(rounded, np.float32(-np.inf)) if float(rounded) > threshold else rounded)
