"""Draw rows that descend a model's trees about as deep as its training rows."""

from collections.abc import Iterator
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]


def draw_rows(model: lgb.Booster, count: int, seed: int = 0) -> Rows:
    """Draw each feature independently from the gaps between its neighboring thresholds, each gap equally likely.

    LightGBM places thresholds close together where values are dense, so each gap has about the same number of values.
    The drawn value is the middle of the gap. Outside the thresholds, it is the first minus one or the last plus one.

    Args:
        model: Model with numeric features only.
        count: Number of rows.
        seed: Seed of the random generator.

    Returns:
        Shape (count, features).
    """
    rng = np.random.default_rng(seed)
    rows = np.zeros((count, model.num_feature()), dtype=np.float32)
    thresholds: dict[int, set[float]] = {}
    for tree in trees(model):
        for node, _ in walk(tree):
            if "split_feature" in node:
                thresholds.setdefault(node["split_feature"], set()).add(float(node["threshold"]))
    for feature, found in thresholds.items():
        every = np.array(sorted(found))
        values = np.concatenate([[every[0] - 1], (every[1:] + every[:-1]) / 2, [every[-1] + 1]])
        rows[:, feature] = rng.choice(values, count)
    return rows


def trees(model: lgb.Booster) -> list[dict[str, Any]]:
    """Return the roots of a model's trees."""
    return [tree["tree_structure"] for tree in model.dump_model()["tree_info"]]


def walk(node: dict[str, Any], depth: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """Walk a tree in depth-first order.

    Args:
        node: Root of the walk.
        depth: Number of nodes above the root.

    Yields:
        Every node and leaf, with the number of nodes above it.
    """
    yield node, depth
    if "split_feature" in node:
        for child in ("left_child", "right_child"):
            yield from walk(node[child], depth + 1)
