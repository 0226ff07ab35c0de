import math

import numpy as np
import polars as pl
import pytest

from job_code import metrics
from job_code.frequency import Frequency
from job_code.panel import Panel

LEVELS = (0.1, 0.5, 0.9)
RANDOM = np.random.default_rng(3)
ACTUAL = RANDOM.poisson(3, (9, 4)).astype(float)
FORECAST = RANDOM.uniform(0, 6, (9, 4))
QUANTILES = np.sort(RANDOM.uniform(0, 8, (9, 4, 3)), axis=2)
WEIGHT = np.where(RANDOM.random((9, 4)) < 0.7, RANDOM.integers(1, 5, (9, 1)), 0).astype(float)
# An entry of weight n is as good as n entries.
AT = [(row, step) for row in range(9) for step in range(4) for _ in range(int(WEIGHT[row, step]))]


def test_wape_and_bias() -> None:
    demand = sum(ACTUAL[at] for at in AT)
    assert metrics.wape(ACTUAL, FORECAST, WEIGHT) == pytest.approx(
        sum(abs(FORECAST[at] - ACTUAL[at]) for at in AT) / demand
    )
    assert metrics.bias(ACTUAL, FORECAST, WEIGHT) == pytest.approx(sum(FORECAST[at] - ACTUAL[at] for at in AT) / demand)


def test_mase_leaves_out_series_without_a_scale() -> None:
    scale = np.array([1.0, 2, math.nan, 4, 5, 6, 7, 8, 9])
    errors = [abs(FORECAST[at] - ACTUAL[at]) / scale[at[0]] for at in AT if at[0] != 2]
    assert metrics.mase(ACTUAL, FORECAST, WEIGHT, scale) == pytest.approx(sum(errors) / len(errors))
    assert metrics.mase(ACTUAL, FORECAST, WEIGHT, np.full(9, math.nan)) is None


def test_weighted_quantile_loss() -> None:
    losses = []
    for number, level in enumerate(LEVELS):
        pinball = 0.0
        for at in AT:
            error = ACTUAL[at] - QUANTILES[at][number]
            pinball += level * error if error > 0 else (level - 1) * error
        losses.append(2 * pinball / sum(ACTUAL[at] for at in AT))
    assert metrics.weighted_quantile_loss(ACTUAL, QUANTILES, LEVELS, WEIGHT) == pytest.approx(sum(losses) / 3)


def test_coverage_counts_both_ends() -> None:
    inside = [QUANTILES[at][0] <= ACTUAL[at] <= QUANTILES[at][-1] for at in AT]
    assert metrics.coverage(ACTUAL, QUANTILES, WEIGHT) == pytest.approx(sum(inside) / len(inside))
    assert metrics.coverage(np.ones((1, 1)), np.ones((1, 1, 3)), np.ones((1, 1))) == 1


def test_without_demand_there_is_no_percentage() -> None:
    nothing = np.zeros((9, 4))
    assert metrics.wape(nothing, FORECAST, WEIGHT) is None
    assert metrics.bias(nothing, FORECAST, WEIGHT) is None
    assert metrics.weighted_quantile_loss(nothing, QUANTILES, LEVELS, WEIGHT) is None
    assert metrics.wape(ACTUAL, FORECAST, np.zeros((9, 4))) is None


def test_naive_error_is_within_each_series() -> None:
    lengths = [3, 12, 13, 30, 14]
    values = [RANDOM.uniform(0, 9, length) for length in lengths]
    values[4] = np.full(14, 5.0)
    panel = Panel(
        pl.DataFrame({"unique_id": list("abcde")}),
        Frequency("MS"),
        np.zeros(5, dtype=np.int64),
        np.array(lengths),
        np.concatenate(values),
        np.ones(sum(lengths), dtype=bool),
    )
    expected = [
        np.mean([abs(each[at] - each[at - 12]) for at in range(12, len(each))]) if len(each) > 12 else math.nan
        for each in values
    ]
    expected[4] = math.nan  # always the same: no error to scale by
    assert metrics.naive_error(panel) == pytest.approx(expected, nan_ok=True)
