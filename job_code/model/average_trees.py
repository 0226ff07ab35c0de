"""Average LightGBM models: one model whose trees are those of all, with smaller leaves."""

import re
from collections.abc import Sequence

_LEAVES = re.compile(r"(?m)^leaf_value=(.*)$")
_NUMBER = re.compile(r"(?m)^Tree=\d+$")


def average_trees(models: Sequence[str]) -> str:
    """Return the model whose prediction is the mean of the predictions of several models.

    Args:
        models: Models of the same features, as `Booster.model_to_string()` writes them. Each is a sum of trees.

    Returns:
        The model in the same format, with the header and the parameters of the first one.
    """
    if len(models) == 1:
        return models[0]
    head, _, tail = _parts(models[0])
    trees = "".join(_parts(model)[1] for model in models)
    shared = _LEAVES.sub(lambda found: f"leaf_value={_divided(found[1], len(models))}", trees)
    numbers = iter(range(shared.count("Tree=")))
    # The sizes of the trees in bytes only help LightGBM to read them in parallel.
    head = "\n".join(line for line in head.split("\n") if not line.startswith("tree_sizes="))
    return head + _NUMBER.sub(lambda _: f"Tree={next(numbers)}", shared) + tail


def _parts(model: str) -> tuple[str, str, str]:
    """Split a model into its header, its trees, and the rest."""
    begin, end = model.find("Tree="), model.index("end of trees")
    begin = end if begin < 0 else begin
    return model[:begin], model[begin:end], model[end:]


def _divided(leaves: str, by: int) -> str:
    return " ".join(repr(float(value) / by) for value in leaves.split())
