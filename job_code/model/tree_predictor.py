"""Predict with a LightGBM model in NumPy, several times faster than LightGBM and bit-identical.

LightGBM moves each row down each tree, through one unpredictable branch after another. Here a block of rows goes
through a tree together. Each test of the tree is applied to all rows, one column at a time, in vector instructions.
Then each node, from the leaves up, selects the leaf number of its left or right child for each row, by arithmetic.

Reading the trees takes as long as the prediction of some thousand rows. A few rows are left to LightGBM itself.

The rows of a block form a grid of steps and series. Most features are the same at every step, and calendar features
are the same for every series. Results that depend only on such features are computed once for all steps or series.
"""

from collections.abc import Sequence
from typing import Protocol

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from job_code.model.boosted_trees import Array, Floats, Node, Tree, read_features, read_trees

Rows = npt.NDArray[np.float32]

BLOCK = 98_304  # rows; with fewer, the calls cost more than the work; with more, the columns leave the cache
FEW_ROWS = 10_000  # LightGBM predicts as many in the time in which the trees are read
BY_SERIES, BY_STEP = 1, 2  # bits of an extent: the dimensions along which a value varies


class TreePredictor:
    """A fitted LightGBM model with one output. It pickles as its text.

    Args:
        model: The booster, or its `model_to_string()`.

    Raises:
        ValueError: If the prediction is not the sum of the trees. The message has the reason.
    """

    def __init__(self, model: lgb.Booster | str) -> None:
        self._text = model if isinstance(model, str) else model.model_to_string()
        self._features = read_features(self._text)
        self._booster: lgb.Booster | None = None
        self._predicted = 0  # rows
        self._grid: _GridPredictor | None = None

    @property
    def text(self) -> str:
        """The model in LightGBM's text format."""
        return self._text

    def __reduce__(self) -> tuple[type["TreePredictor"], tuple[str]]:
        return TreePredictor, (self._text,)

    def predict(self, rows: Rows, steps: int = 1) -> Floats:
        """Predict like `Booster.predict`, in one thread. A multiple of `BLOCK` rows is most efficient.

        After `FEW_ROWS` rows, in one call or several, the predictor reads the trees and keeps them. Both ways have the
        same result.

        Args:
            rows: Features, shape (steps * series, features), in the model's order: all series of the first step, then
                all series of the second step.
            steps: Steps of the grid. The predictions do not depend on it.

        Returns:
            Shape (steps * series,).

        Raises:
            ValueError: If the rows are not float32, do not have the model's number of features, or do not form a grid
                with this number of steps. Or if `read_trees` does not support the trees.
        """
        if rows.dtype != np.float32 or rows.ndim != 2 or rows.shape[1] != self._features or len(rows) % steps:
            wanted = f"float32 of shape (rows, {self._features}), with a multiple of {steps} rows"
            raise ValueError(f"rows: {rows.dtype} of shape {rows.shape}; the model needs {wanted}")
        if not len(rows):
            return np.zeros(0)
        self._predicted += len(rows)
        if self._predicted <= FEW_ROWS:
            if self._booster is None:
                self._booster = lgb.Booster(model_str=self._text)
            return np.asarray(self._booster.predict(rows, num_threads=1), dtype=np.float64)
        if self._grid is None:
            self._grid, self._booster = _GridPredictor(read_trees(self._text)), None
        return self._grid.predict(rows.reshape(steps, len(rows) // steps, self._features))


class _GridPredictor:
    """Predicts rows that form a grid, block by block.

    Args:
        trees: The trees.
    """

    def __init__(self, trees: Sequence[Tree]) -> None:
        self._trees = trees
        self._unknown: dict[int, int] = {}  # by categorical feature: the code of categories that are in no node's set
        for node in (node for tree in trees for node in tree.nodes):
            if node.passes is None:
                self._unknown[node.feature] = max(self._unknown.get(node.feature, 0), len(node.against) - 1)
        self._program: _Program | None = None  # of the last block; most blocks have the same extents

    def predict(self, grid: Rows) -> Floats:
        """Predict rows of shape (steps, series, features). Return shape (steps * series,)."""
        steps, series, _ = grid.shape
        total = np.zeros((steps, series))
        blocks = max(1, -(-steps * series // BLOCK))
        width = max(1, -(-series // blocks))
        for start in range(0, series, width):
            self._add_block(grid[:, start : start + width], total[:, start : start + width])
        return total.ravel()

    def _add_block(self, grid: Rows, total: Floats) -> None:
        columns = [_without_repetition(column) for column in np.ascontiguousarray(np.moveaxis(grid, 2, 0))]
        extents = [_extent(column) for column in columns]
        program = self._program
        if program is None or program.extents != extents:
            program = self._program = _Program(self._trees, extents)
        asked = [
            _codes(column, self._unknown[feature]) if feature in self._unknown else column
            for feature, column in enumerate(columns)
        ]
        program.run(asked, total)


class _Operation(Protocol):
    def __call__(self, left: Array, right: Array, /, *, out: Array) -> object: ...


class _Program:
    """The operations that add up the trees of a block, for given extents of its columns.

    An operation reads two slots and writes a third. Slots contain the columns, the total, constants, and registers. A
    register has the leaf numbers of a part of a tree, and varies along the same dimensions as that part's features.

    Args:
        trees: The trees.
        extents: Extent of each column: the dimensions along which it varies.
    """

    def __init__(self, trees: Sequence[Tree], extents: list[int]) -> None:
        self.extents = extents
        self._operations: list[tuple[_Operation, int, int, int]] = []
        self._slots: list[Array | None] = [None] * (len(extents) + 1)
        self._registers: dict[tuple[type[np.generic], int, int], int] = {}  # slots by type, number and extent
        for tree in trees:
            self._add(tree)

    def run(self, columns: list[Array], total: Floats) -> None:
        """Add the prediction of a block.

        Args:
            columns: The features, with codes for categorical ones. Each has the shape of its extent.
            total: Array that the prediction is added to, shape (steps, series).
        """
        slots: list[Array] = [*columns, total, *self._slots[len(columns) + 1 :]]  # type: ignore[list-item]
        steps, series = total.shape
        for (dtype, number, extent), slot in self._registers.items():
            if dtype != np.bool_:
                shape = (steps if extent & BY_STEP else 1, series if extent & BY_SERIES else 1)
                slots[slot] = np.empty(shape, dtype=dtype)
                if dtype == np.uint8:  # a test writes 0 or 1 into the same memory
                    slots[self._registers[np.bool_, number, extent]] = slots[slot].view(np.bool_)
        for operate, left, right, into in self._operations:
            operate(slots[left], slots[right], out=slots[into])

    def _add(self, tree: Tree) -> None:
        total = len(self.extents)
        if not tree.nodes:
            self._operations.append((np.add, total, self._constant(tree.values[:1]), total))
            return
        number, extent = self._plan(tree, len(tree.nodes) - 1, 0)
        value = self._register(np.float64, 0, extent)
        self._operations.append((_pick, self._constant(tree.values), self._register(np.uint8, number, extent), value))
        self._operations.append((np.add, total, value, total))

    def _plan(self, tree: Tree, at: int, register: int) -> tuple[int, int]:
        """Plan a node and its descendants.

        Args:
            tree: The tree.
            at: Position of the node.
            register: Number of the first register to use.

        Returns:
            Number and extent of the register with the resulting leaf numbers, which start at 0.
        """
        node = tree.nodes[at]
        low = None if node.low is None else self._plan(tree, node.low, register)
        high = None if node.high is None else self._plan(tree, node.high, register + (low is not None))
        extent = self.extents[node.feature]
        test = register + (low is not None) + (high is not None)
        self._test(node, test, extent)
        passed = self._register(np.uint8, test, extent)
        picked, result = passed, (test, extent)  # 1 or 0: between two leaves, this is the leaf number
        if high is not None:
            moved, result = self._register(np.uint8, *high), (high[0], high[1] | extent)
            picked = self._register(np.uint8, *result)
            self._operations.append((np.add, moved, self._constant(node.leaves_below), moved))
            self._operations.append((np.multiply, moved, passed, picked))
        elif low is not None:
            self._operations.append((np.multiply, passed, self._constant(node.leaves_below), passed))
        if low is not None:  # its leaf numbers are all less than those of `high`, which are 0 if the test failed
            lower, result = self._register(np.uint8, *low), (low[0], low[1] | result[1])
            self._operations.append((np.maximum, lower, picked, self._register(np.uint8, *result)))
        return result

    def _test(self, node: Node, register: int, extent: int) -> None:
        against, passed = self._constant(node.against), self._register(np.bool_, register, extent)
        if node.passes is None:
            self._operations.append((_pick, against, node.feature, passed))
        else:
            self._operations.append((node.passes, node.feature, against, passed))

    def _constant(self, value: Array) -> int:
        self._slots.append(value)
        return len(self._slots) - 1

    def _register(self, dtype: type[np.generic], number: int, extent: int) -> int:
        if (dtype, number, extent) not in self._registers:
            if dtype == np.uint8:
                self._register(np.bool_, number, extent)
            self._registers[dtype, number, extent] = len(self._slots)
            self._slots.append(None)
        return self._registers[dtype, number, extent]


def _pick(values: Array, numbers: Array, *, out: Array) -> None:
    values.take(numbers, out=out, mode="clip")


def _without_repetition(column: Rows) -> Rows:
    """Cut a column of shape (steps, series) to length 1 along each dimension where it is constant. NaN equals NaN."""
    bits = column.view(np.uint32)
    if len(bits) > 1 and (bits[1] == bits[0]).all() and (bits == bits[:1]).all():
        column = column[:1]
    return column[:, :1] if (column.view(np.uint32) == bits[: len(column), :1]).all() else column


def _extent(column: Rows) -> int:
    steps, series = column.shape
    return (BY_STEP if steps > 1 else 0) | (BY_SERIES if series > 1 else 0)


def _codes(column: Rows, unknown: int) -> npt.NDArray[np.intp]:
    """Return categories as LightGBM reads them, truncated to integers. Invalid categories become `unknown`."""
    known = (column > -1) & (column < unknown)
    return np.where(known, column, unknown).astype(np.intp)
