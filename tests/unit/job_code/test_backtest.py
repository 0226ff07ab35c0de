from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from job_code.backtest import Backtest, backtest
from job_code.combination import seasonal_naive
from job_code.regimes import Resources
from job_code.sample import Sample
from tests.demand import configured, sample_of, series, shop


def backtested(sample: Sample, **settings: object) -> Backtest:
    result = backtest(sample, configured(**settings), Resources(1, lambda: None))
    assert result is not None
    return result


def test_nothing_held_out_reaches_the_forecast(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, shop(8, 80))
    before, panel = backtested(sample), sample.panel
    spoilt = np.where(panel.periods_left < before.steps, panel.values * 1.3 + 5, panel.values)
    after = backtested(replace(sample, panel=replace(panel, values=spoilt)))
    assert np.array_equal(before.baseline, after.baseline)
    assert np.array_equal(before.model, after.model)
    assert not np.allclose(before.actual, after.actual)


def test_what_is_compared_lies_in_the_held_out_periods(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, pl.concat([shop(3, 60), series({"new": [5.0, 6.0, 7.0]})]))
    result, panel = backtested(sample), sample.panel
    assert result.steps == 4
    assert result.series.tolist() == [True, True, True, False]  # the new one has nothing before the held-out periods
    assert np.array_equal(result.actual, panel.select(result.series).last(4))
    assert np.array_equal(result.baseline, seasonal_naive(result.history, 4))
    assert (result.history.last_period == panel.last_period[:3] - 4).all()


def test_a_short_history_holds_a_quarter_out_and_the_shortest_nothing(tmp_path: Path) -> None:
    assert backtested(sample_of(tmp_path / "a", shop(3, 20)), horizon=12).steps == 5
    assert backtested(sample_of(tmp_path / "b", shop(3, 2)), horizon=12).steps == 1
    one = sample_of(tmp_path / "c", shop(3, 1), frequency="W-MON")
    assert backtest(one, configured(), Resources(1, lambda: None)) is None


def test_values_that_were_carried_forward_are_not_scored(tmp_path: Path) -> None:
    demand = series({"a": [5.0, 6.0] * 14 + [None, 7.0], "b": [5.0, 6.0] * 14 + [7.0, None]})
    carried = backtested(sample_of(tmp_path / "c", demand, gap_rule="carry_forward"), gap_rule="carry_forward")
    assert carried.weight.tolist() == [[1, 1, 0, 1], [1, 1, 1, 0]]
    assert (backtested(sample_of(tmp_path / "z", demand)).weight == 1).all()


def test_scores_are_complete_and_finite(tmp_path: Path) -> None:
    scores = backtested(sample_of(tmp_path, shop(25, 120))).scores
    assert set(scores) == {"forecast", "model", "baseline"}
    assert set(scores["forecast"]) == {"wape", "mase", "bias", "wql", "coverage"}
    assert all(value is not None and np.isfinite(value) for value in scores["forecast"].values())
