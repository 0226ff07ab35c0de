"""Time each predictor on model files and print microseconds per row: `python -m benchmarks.speed.limit.trees`."""

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
# Mean difference as a share of the predictions' standard deviation. With float32 instead of float64, some rows take
# another branch.
MAX_APART = 0.02


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.limit.trees", description=__doc__)
    parser.add_argument("models", nargs="+", type=Path, help="model files of LightGBM")
    parser.add_argument("--rows", type=int, default=ROWS, help="rows to predict; default: %(default)s")
    options = parser.parse_args(arguments)
    found: dict[str, dict[str, float]] = {}
    with redirect_stdout(sys.stderr):  # output of the predictors
        for file in options.models:
            for name, microseconds in time_predictors(file, options.rows).items():
                found.setdefault(name, {})[file.stem] = microseconds
    complete = {name: each for name, each in found.items() if len(each) == len(options.models)}
    print(json.dumps(complete))


def time_predictors(file: Path, count: int) -> dict[str, float]:
    """Time all predictors of a model that agree with LightGBM.

    Args:
        file: Model file.
        count: Number of rows to predict.

    Returns:
        Microseconds per row in one thread, by predictor.
    """
    rows = draw_rows(lgb.Booster(model_file=file), count)
    found: dict[str, float] = {}
    reference = None
    for name, predict in predictors(file):
        predicted = predict(rows)
        reference = predicted if reference is None else reference
        if np.abs(predicted - reference).mean() > MAX_APART * reference.std():
            print(f"{name} is ignored: its predictions of {file.name} differ from LightGBM's")
            continue
        found[name] = min(_seconds(predict, rows) for _ in range(REPEATS)) / count * 1e6
    return found


def _seconds(predict: Predict, rows: Rows) -> float:
    start = time.perf_counter()
    predict(rows)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
