import math

import numpy as np
import polars as pl
import pytest

from job_code.evaluation import metrics
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel

LEVELS = (0.1, 0.5, 0.9)
RANDOM = np.random.default_rng(3)
ACTUAL = RANDOM.poisson(3, 36).astype(float)
FORECAST = RANDOM.uniform(0, 6, 36)
QUANTILES = np.sort(RANDOM.uniform(0, 8, (36, 3)), axis=1)
WEIGHT = np.where(RANDOM.random(36) < 0.7, RANDOM.integers(1, 5, 36), 0).astype(float)
AT = [at for at in range(36) for _ in range(int(WEIGHT[at]))]  # a row of weight n is equivalent to n rows


def test_wape_and_bias() -> None:
    demand = sum(ACTUAL[at] for at in AT)
    assert metrics.wape(ACTUAL, FORECAST, WEIGHT) == pytest.approx(
        sum(abs(FORECAST[at] - ACTUAL[at]) for at in AT) / demand
    )
    assert metrics.bias(ACTUAL, FORECAST, WEIGHT) == pytest.approx(sum(FORECAST[at] - ACTUAL[at] for at in AT) / demand)


def test_mase_ignores_series_without_a_scale() -> None:
    scale = np.where(np.arange(36) < 5, math.nan, np.arange(36) + 1)
    errors = [abs(FORECAST[at] - ACTUAL[at]) / scale[at] for at in AT if at >= 5]
    assert metrics.mase(ACTUAL, FORECAST, WEIGHT, scale) == pytest.approx(sum(errors) / len(errors))
    assert metrics.mase(ACTUAL, FORECAST, WEIGHT, np.full(36, math.nan)) is None


def test_weighted_quantile_loss() -> None:
    losses = []
    for number, level in enumerate(LEVELS):
        pinball = 0.0
        for at in AT:
            error = ACTUAL[at] - QUANTILES[at][number]
            pinball += level * error if error > 0 else (level - 1) * error
        losses.append(2 * pinball / sum(ACTUAL[at] for at in AT))
    assert metrics.weighted_quantile_loss(ACTUAL, QUANTILES, LEVELS, WEIGHT) == pytest.approx(sum(losses) / 3)


def test_coverage_is_the_share_between_the_outer_quantiles() -> None:
    inside = [QUANTILES[at][0] <= ACTUAL[at] <= QUANTILES[at][-1] for at in AT]
    assert metrics.coverage(ACTUAL, QUANTILES, LEVELS, WEIGHT) == pytest.approx(sum(inside) / len(inside))


def test_an_observation_that_equals_quantiles_is_divided_among_their_levels() -> None:
    quantiles = np.array([[0.0, 0.0, 2.0], [0.0, 0.0, 2.0]])
    shares = metrics.pit_histogram(np.array([0.0, 2.0]), quantiles, LEVELS, np.array([1.0, 3.0]))
    # A count of 0 covers 0 to between 0.5 and 0.9. A count of 2 covers from there to above 0.9.
    none, two = np.array([0.1, 0.4, 0.2, 0]) / 0.7, np.array([0, 0, 0.2, 0.05]) / 0.25
    assert shares == pytest.approx(0.25 * none + 0.75 * two)


def test_counts_forecast_by_their_true_distribution_are_calibrated() -> None:
    counts = np.random.default_rng(0).poisson(0.7, 50_000).astype(float)
    levels = tuple(np.arange(1, 10) / 10)
    true = np.quantile(np.random.default_rng(1).poisson(0.7, 100_000), levels, method="inverted_cdf")
    shares = metrics.pit_histogram(counts, np.tile(true, (len(counts), 1)), levels, np.ones(len(counts)))
    assert shares == pytest.approx(np.full(10, 0.1), abs=0.025)
    assert shares.sum() == pytest.approx(1)


def test_without_demand_percentages_are_not_defined() -> None:
    nothing = np.zeros(36)
    assert metrics.wape(nothing, FORECAST, WEIGHT) is None
    assert metrics.bias(nothing, FORECAST, WEIGHT) is None
    assert metrics.weighted_quantile_loss(nothing, QUANTILES, LEVELS, WEIGHT) is None
    assert metrics.wape(ACTUAL, FORECAST, np.zeros(36)) is None


def test_the_seasonal_naive_error_is_computed_within_each_series() -> None:
    lengths = [3, 12, 13, 30, 14]
    values = [RANDOM.uniform(0, 9, length) for length in lengths]
    values[4] = np.full(14, 5.0)
    panel = Panel(
        keys=pl.DataFrame({"unique_id": list("abcde")}),
        frequency=Frequency("MS"),
        first_period=np.zeros(5, dtype=np.int64),
        lengths=np.array(lengths),
        values=np.concatenate(values),
        observed=np.ones(sum(lengths), dtype=bool),
    )
    expected = [
        np.mean([abs(each[at] - each[at - 12]) for at in range(12, len(each))]) if len(each) > 12 else math.nan
        for each in values
    ]
    expected[4] = math.nan  # a constant series has no error to scale by
    assert metrics.seasonal_naive_mae(panel) == pytest.approx(expected, nan_ok=True)
