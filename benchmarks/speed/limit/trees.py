"""Time each predictor on models of a folder, and print microseconds a row: `python -m benchmarks.speed.limit.trees`."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import lightgbm as lgb
import numpy as np

from benchmarks.speed.limit.predictors import Predict, predictors
from benchmarks.speed.limit.tree_rows import Rows, draw_rows

ROWS, REPEATS = 50_000, 3
# Of the predictions' spread, on average: where float32 stands for float64, some rows take another branch of a tree.
MAX_APART = 0.02


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.limit.trees", description=__doc__)
    parser.add_argument("models", nargs="+", type=Path, help="files as LightGBM writes them")
    parser.add_argument("--rows", type=int, default=ROWS, help="to predict (%(default)s)")
    given = parser.parse_args(arguments)
    found: dict[str, dict[str, float]] = {}
    with redirect_stdout(sys.stderr):  # what the predictors say
        for file in given.models:
            for name, microseconds in time_predictors(file, given.rows).items():
                found.setdefault(name, {})[file.stem] = microseconds
    complete = {name: each for name, each in found.items() if len(each) == len(given.models)}
    print(json.dumps(complete))


def time_predictors(file: Path, count: int) -> dict[str, float]:
    """Time all predictors of a model that agree with LightGBM.

    Args:
        file: The model.
        count: Number of rows to predict.

    Returns:
        Microseconds a row in one thread, by predictor.
    """
    rows = draw_rows(lgb.Booster(model_file=file), count)
    found: dict[str, float] = {}
    right = None
    for name, predict in predictors(file):
        predicted = predict(rows)
        right = predicted if right is None else right
        if np.abs(predicted - right).mean() > MAX_APART * right.std():
            print(f"{name} is left out: it predicts {file.name} otherwise than LightGBM")
            continue
        found[name] = min(_seconds(predict, rows) for _ in range(REPEATS)) / count * 1e6
    return found


def _seconds(predict: Predict, rows: Rows) -> float:
    start = time.perf_counter()
    predict(rows)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
