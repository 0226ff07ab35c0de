"""The covariate mask depends on single rows, has the requested rate and changes with the seed."""

from dataclasses import replace

import numpy as np
import pytest

from job_code.exogenous.covariate_mask import CovariateMask, MaskRate
from job_code.exogenous.covariates import Covariates, CovariateTable
from job_code.features.covariate_features import covariate_columns
from job_code.series.arrays import Booleans, Integers

NAMES = ("price", "promotion", "weather")
SERIES, PERIODS, HORIZON = 50, 100, 4
SHARES = np.array([[0.01, 0.1, 0.2, 0.3], [0.5, 0.5, 0.5, 0.5], [0.0, 0.0, 0.0, 1.0]])
HASHES = np.random.default_rng(0).integers(0, 2**64, SERIES, dtype=np.uint64)
MASK = CovariateMask(mask_rate=MaskRate(names=NAMES, shares=SHARES, seed=1), series=HASHES)


def rows() -> tuple[Integers, Integers, Integers]:
    """Return every series, period and step. The first periods are before 1970."""
    series, period, step = np.indices((SERIES, PERIODS, HORIZON)).reshape(3, -1)
    return series, period - 10, step + 1


def correlation(one: Booleans, other: Booleans) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_a_row_has_the_same_mask_in_any_block_and_order() -> None:
    series, period, step = rows()
    whole = MASK.hides(series, period, step)
    order = np.random.default_rng(1).permutation(len(series))
    blocks = [MASK.hides(series[some], period[some], step[some]) for some in np.array_split(order, 7)]
    assert np.concatenate(blocks, axis=1).tolist() == whole[:, order].tolist()


def test_a_series_has_the_same_mask_in_any_selection_of_series() -> None:
    series, period, step = rows()
    chosen = np.array([41, 3, 17])
    some = np.isin(series, chosen)
    position = np.argsort(chosen)[np.searchsorted(np.sort(chosen), series[some])]
    taken = MASK.take(chosen).hides(position, period[some], step[some])
    assert taken.tolist() == MASK.hides(series, period, step)[:, some].tolist()


def test_a_column_has_the_same_mask_with_and_without_others() -> None:
    series, period, step = rows()
    alone = replace(MASK, mask_rate=MaskRate(names=NAMES[1:2], shares=SHARES[1:2], seed=1))
    assert alone.hides(series, period, step)[0].tolist() == MASK.hides(series, period, step)[1].tolist()


def test_the_masked_share_equals_the_mask_rate() -> None:
    series, period, step = rows()
    masked = MASK.hides(series, period, step)
    for at in range(HORIZON):
        found = masked[:, step == at + 1].mean(axis=1)
        assert found == pytest.approx(SHARES[:, at], abs=4 * 0.5 / np.sqrt(SERIES * PERIODS))
        assert (found[SHARES[:, at] % 1 == 0] == SHARES[SHARES[:, at] % 1 == 0, at]).all()
    for number in range(SERIES):  # every series is masked in part
        assert 0.35 < masked[1, series == number].mean() < 0.65


def test_steps_beyond_the_horizon_have_the_last_rate() -> None:
    series, period, step = rows()
    beyond = MASK.hides(series, period, step + HORIZON).mean(axis=1)
    assert beyond == pytest.approx(SHARES[:, -1], abs=0.02)


@pytest.mark.parametrize("other", ["seed", "column", "series", "period", "step"])
def test_another_seed_column_series_period_or_step_changes_the_mask(other: str) -> None:
    series, period, step = rows()
    half = MaskRate(names=("price",), shares=np.full((1, 1), 0.5), seed=1)
    mask = CovariateMask(mask_rate=half, series=HASHES)
    original = mask.hides(series, period, step)
    changed = {
        "seed": lambda: replace(mask, mask_rate=replace(half, seed=2)).hides(series, period, step),
        "column": lambda: replace(mask, mask_rate=replace(half, names=("prices",))).hides(series, period, step),
        "series": lambda: mask.hides((series + 1) % SERIES, period, step),
        "period": lambda: mask.hides(series, period + 1, step),
        "step": lambda: mask.hides(series, period, step + 1),
    }[other]()
    assert abs(correlation(original, changed)) < 4 / np.sqrt(original.size)


def test_the_mask_applies_to_the_forecast_period_but_not_to_the_season_before() -> None:
    lengths = np.full(SERIES, PERIODS)
    values = [np.ones(SERIES * PERIODS, np.float32) for _ in NAMES]
    every = Covariates(
        tables=(CovariateTable(values, np.zeros(SERIES, np.int64), lengths),),
        shared=(False,),
        group=np.arange(SERIES)[None, :],
        names=NAMES,
        positive=("price",),
    )
    series, period, step = (each[2000:8000] for each in rows())
    before = np.maximum(period - 5, 0)
    usual = np.ones((1, len(series)), np.float32)
    with_mask = covariate_columns(replace(every, mask=MASK), series, period, step, before, usual)
    masked = MASK.hides(series, period, step)
    missing = (period < 0) | masked
    assert np.isnan(with_mask[:3]).tolist() == missing.tolist()
    assert np.isnan(with_mask[6]).tolist() == missing[0].tolist()
    assert not np.isnan(with_mask[3:6]).any()
    without_mask = covariate_columns(every, series, period, step, before, usual)
    assert np.isnan(without_mask[:3]).tolist() == [(period < 0).tolist()] * 3
