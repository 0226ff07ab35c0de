"""Predicts with a LightGBM model several times faster than LightGBM does, to the same last bit, in NumPy alone.

LightGBM walks each row down each tree: one unpredictable branch after another. Here a block of rows goes through
a tree together. Every test of the tree is made on every row, a whole column at once, in vector instructions; then
each node, from the leaves up, picks for each row the leaf number of its left or its right child by arithmetic.
"""

from typing import Any, NamedTuple

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

BLOCK = 49_152  # rows; fewer and the calls cost more than the work, more and the columns leave the cache
MOST_LEAVES = 256  # leaf numbers are bytes
UNTRANSFORMED = {"regression", "regression_l1", "huber", "fair", "quantile", "mape"}  # objectives that predict a sum
ZERO = float(np.float32(1e-35))  # LightGBM takes what is no further from 0 for 0
CATEGORICAL, NAN_LEFT = 1, 2  # bits of a node's decision type; the bits above say what counts as missing
NOTHING_IS_MISSING, NAN_IS_MISSING = 0, 2


class _Node(NamedTuple):
    """A test of one feature and what it picks; `high` is where rows go that pass, `low` where the others go.

    A child is the register with the numbers of its own leaves, from 0, or None for a single leaf.
    """

    passes: np.ufunc | None  # None: the value is one of a set of categories
    feature: int
    against: Array  # the threshold, or whether each category is in the set
    low: int | None
    high: int | None
    leaves_below_high: Array  # how far the leaf numbers of `high` are moved up; those of `low` stay
    into: int


class _Tree(NamedTuple):
    nodes: tuple[_Node, ...]  # children before their parents; the last one's register has the row's leaf
    values: Floats  # of the leaves, by number


class TreePredictor:
    """A fitted LightGBM model of one output, ready to predict; pickles as its text.

    Args:
        model: The booster, or its `model_to_string()`.

    Raises:
        ValueError: If the model is of a kind that is not predicted here, naming what is in the way.
    """

    def __init__(self, model: lgb.Booster | str) -> None:
        self._text = model if isinstance(model, str) else model.model_to_string()
        head, *trees = self._text.split("\nend of trees")[0].split("\nTree=")
        header = _fields(head)
        if header["num_tree_per_iteration"] != "1" or "average_output" in head.splitlines():
            raise ValueError("tree model: several outputs, or an average of trees; only a sum of trees is predicted")
        objective = header.get("objective", "regression").split()
        if objective[0] not in UNTRANSFORMED or "sqrt" in objective:
            raise ValueError(f"tree model: its objective {' '.join(objective)!r} transforms the sum of the trees")
        self._features = int(header["max_feature_idx"]) + 1
        self._trees = [_Planner(_fields(tree)).tree() for tree in trees]
        nodes = [node for tree in self._trees for node in tree.nodes]
        self._registers = 1 + max((node.into for node in nodes), default=0)
        self._unknown: dict[int, int] = {}  # by categorical feature: the number of what is in no node's set
        for node in nodes:
            if node.passes is None:
                self._unknown[node.feature] = max(self._unknown.get(node.feature, 0), len(node.against) - 1)

    @property
    def text(self) -> str:
        """The model as LightGBM writes it."""
        return self._text

    def __reduce__(self) -> tuple[type["TreePredictor"], tuple[str]]:
        return TreePredictor, (self._text,)

    def predict(self, rows: Rows) -> Floats:
        """Predicts like `Booster.predict`, in one thread; most efficient for some multiple of `BLOCK` rows.

        Args:
            rows: Features, shape (rows, features), in the model's order.

        Returns:
            Shape (rows,).

        Raises:
            ValueError: If the rows are not float32 or have another number of features than the model.
        """
        if rows.dtype != np.float32 or rows.ndim != 2 or rows.shape[1] != self._features:
            wanted = f"float32 of shape (rows, {self._features})"
            raise ValueError(f"rows: {rows.dtype} of shape {rows.shape}; the model wants {wanted}")
        total = np.zeros(len(rows))
        for start in range(0, len(rows), BLOCK):
            self._add_block(rows[start : start + BLOCK], total[start : start + BLOCK])
        return total

    def _add_block(self, rows: Rows, total: Floats) -> None:
        columns = np.ascontiguousarray(rows.T)
        codes = {feature: _codes(columns[feature], unknown) for feature, unknown in self._unknown.items()}
        registers = list(np.empty((self._registers + 1, len(rows)), dtype=np.uint8))
        passes_into = [register.view(np.bool_) for register in registers]  # a view takes as long as a test of a node
        value = np.empty(len(rows))
        for tree in self._trees:
            if not tree.nodes:
                total += tree.values[0]
                continue
            for passes, feature, against, low, high, leaves_below_high, into in tree.nodes:
                test = into if low is high else -1
                passed = registers[test]  # 1 or 0; between two leaves that is the number
                if passes is None:
                    against.take(codes[feature], out=passes_into[test], mode="clip")
                else:
                    passes(columns[feature], against, passes_into[test])
                if high is not None:
                    number = registers[high]
                    np.add(number, leaves_below_high, number)
                    np.multiply(number, passed, number)
                elif low is not None:
                    number = np.multiply(passed, leaves_below_high, passed)
                if low is not None:  # its numbers are all less than those of `high`, which are 0 where the test failed
                    np.maximum(registers[low], number, out=registers[low])
            tree.values.take(registers[tree.nodes[-1].into], out=value, mode="clip")
            np.add(total, value, total)


class _Planner:
    """Turns one tree of a model text into nodes in the order in which they are worked off."""

    def __init__(self, fields: dict[str, str]) -> None:
        if fields.get("is_linear", "0") != "0":
            raise ValueError("tree model: its leaves are linear models; only constant ones are predicted")
        self._value = _numbers(fields, "leaf_value", np.float64)
        if len(self._value) > MOST_LEAVES:
            raise ValueError(f"tree model: a tree has {len(self._value)} leaves; at most {MOST_LEAVES} are predicted")
        self._feature = _numbers(fields, "split_feature", np.int64)
        self._threshold = _numbers(fields, "threshold", np.float64)
        self._decision = _numbers(fields, "decision_type", np.int64)
        self._left = _numbers(fields, "left_child", np.int64)  # a node, or ~leaf
        self._right = _numbers(fields, "right_child", np.int64)
        self._set_starts = _numbers(fields, "cat_boundaries", np.int64)
        self._sets = _numbers(fields, "cat_threshold", np.uint32)
        self._order: list[int] = []  # leaves by number

    def tree(self) -> _Tree:
        nodes: list[_Node] = []
        self._plan(0 if len(self._feature) else ~0, 0, nodes)
        return _Tree(tuple(nodes), self._value[self._order])

    def _plan(self, node: int, register: int, nodes: list[_Node]) -> int | None:
        """Plans a node and all below it, into `register` and those after it; None for a leaf."""
        if node < 0:
            self._order.append(~node)
            return None
        passes, against, low_child, high_child = self._test(node)
        before = len(self._order)
        low = self._plan(low_child, register, nodes)
        below = len(self._order) - before
        high = self._plan(high_child, register if low is None else register + 1, nodes)
        step = np.array(below, dtype=np.uint8)
        nodes.append(
            _Node(
                passes=passes,
                feature=int(self._feature[node]),
                against=against,
                low=low,
                high=high,
                leaves_below_high=step,
                into=register,
            )
        )
        return register

    def _test(self, node: int) -> tuple[np.ufunc | None, Array, int, int]:
        """What a node asks, and where rows go that fail and pass: chosen so that NaN fails, as comparisons do."""
        left, right = int(self._left[node]), int(self._right[node])
        decision, threshold = int(self._decision[node]), float(self._threshold[node])
        if decision & CATEGORICAL:
            which = int(threshold)
            words = self._sets[self._set_starts[which] : self._set_starts[which + 1]]
            members = np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little").astype(np.bool_)
            return None, np.append(members, False), right, left
        missing = decision >> 2
        if missing not in (NOTHING_IS_MISSING, NAN_IS_MISSING):
            raise ValueError("tree model: it takes zeros for missing; fit it with zero_as_missing=False")
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
    """The float32 that divides float32 values just as the threshold does, those that count as 0 among them."""
    if -ZERO <= threshold < ZERO:
        threshold = ZERO if threshold >= 0 else np.nextafter(-ZERO, -1)
    with np.errstate(over="ignore"):
        rounded = np.float32(threshold)
    return np.array(np.nextafter(rounded, np.float32(-np.inf)) if float(rounded) > threshold else rounded)


def _codes(column: Rows, unknown: int) -> npt.NDArray[np.intp]:
    """Categories as LightGBM reads them, cut off at the decimal point; what is none becomes `unknown`."""
    known = (column > -1) & (column < unknown)
    return np.where(known, column, unknown).astype(np.intp)
