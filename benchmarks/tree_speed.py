"""Measure the prediction time per row of LightGBM and job_code.model.tree_predictor: `python -m benchmarks.tree_speed`.

Both predict features like the job's, computed from synthetic weekly demand. The model is fitted on the same features.
All predictions use one thread.
"""

import time
from collections.abc import Callable
from datetime import date
from functools import partial

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.plain_mlforecast import plain_forecaster
from job_code.config import ForecastConfig
from job_code.model.tree_predictor import BLOCK, TreePredictor
from job_code.series.frequency import Frequency

SERIES, WEEKS = 2_000, 156
ROWS = 3 * BLOCK
LEAVES, TREES = (31, 63), (100, 200, 300)


def features() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return features and week-to-week changes in the order of the series. Half of the series are intermittent."""
    rng = np.random.default_rng(0)
    weeks, phase = np.arange(WEEKS), rng.random((SERIES, 1))
    level = np.exp(rng.normal(0, 1.5, (SERIES, 1))) * (1 + 0.5 * np.sin(2 * np.pi * (weeks / 52 + phase / 4)))
    steady = 30 * level * (1 + 0.1 * rng.standard_normal(level.shape))
    demand = np.where(np.arange(SERIES)[:, None] % 2, steady, rng.poisson(level))
    change = np.diff(demand / (demand.mean(axis=1, keepdims=True) + 0.01), prepend=np.nan)[:, 1:]
    period = Frequency("W-MON").period_of(date(2026, 11, 16)) - WEEKS + weeks[1:]
    frame = pl.DataFrame(
        {
            "unique_id": np.repeat(np.arange(SERIES), WEEKS - 1),
            "ds": np.tile(period, SERIES),
            "y": change.ravel().astype(np.float32),
        }
    )
    forecaster = plain_forecaster("level", ForecastConfig())
    rows, changes = forecaster.preprocess(frame, return_X_y=True, dropna=False, static_features=[], as_numpy=True)
    return np.ascontiguousarray(rows, dtype=np.float32), np.asarray(changes, dtype=np.float32)


def microseconds(predict: Callable[[], object]) -> float:
    """Return the microseconds per row, the minimum of three runs."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        predict()
        seconds.append(time.perf_counter() - start)
    return min(seconds) / ROWS * 1e6


def main() -> None:
    """Print a table of the prediction times."""
    rows, changes = features()
    sample = rows[np.random.default_rng(0).permutation(len(rows))[:ROWS]]  # a block has series in any order
    print("leaves  trees  LightGBM us/row  tree_predictor us/row       speedup  bit-identical")
    for leaves in LEAVES:
        settings = {"num_leaves": leaves, "learning_rate": 0.05, "min_data_in_leaf": 200, "verbosity": -1}
        model = lgb.train(settings, lgb.Dataset(rows, changes), max(TREES))
        for trees in TREES:
            walk = partial(model.predict, sample, num_iteration=trees, num_threads=1)
            together = partial(TreePredictor(model.model_to_string(num_iteration=trees)).predict, sample)
            same = together().tobytes() == np.asarray(walk()).tobytes()
            old, new = microseconds(walk), microseconds(together)
            print(f"{leaves:6}  {trees:5}  {old:15.2f}  {new:21.2f}  {old / new:12.1f}  {same}", flush=True)


if __name__ == "__main__":
    main()
