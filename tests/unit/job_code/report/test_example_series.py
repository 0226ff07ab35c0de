from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from job_code.evaluation.backtest import Backtest
from job_code.training.example_series import select_examples
from tests.demand import configured, sample_of, series, shop
from tests.fitted import backtested


def test_one_series_of_each_sort_and_none_twice(tmp_path: Path) -> None:
    values = {
        "big": [9000.0] * 60,
        "dead": [50.0] * 10 + [0.0] * 60,
        "new": [3.0, 4.0],
        "sparse": [0.0, 0.0, 8.0] * 20,
    }
    sample = sample_of(tmp_path, pl.concat([shop(5, 60), series(values)]))
    panel, tested = sample.panel, backtested(sample, configured())
    chosen = select_examples(panel, sample.active, tested)
    by_reason = {why: panel.keys["unique_id"][each.index] for each in chosen for why in each.reason.split("; ")}
    assert by_reason["largest demand"] == "big"
    assert by_reason["intermittent demand"] == "sparse"
    assert by_reason["newest"] == "new"
    assert by_reason["stopped selling"] == "dead"
    assert len({each.index for each in chosen}) == len(chosen)
    assert len(select_examples(panel, sample.active, None)) == 5


def test_the_best_and_the_worst_are_those_and_say_how_good_they_are(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, shop(6, 80))
    tested = backtested(sample, configured())
    assert tested is not None
    error, naive = np.abs(tested.forecast - tested.actual), np.abs(tested.seasonal_naive - tested.actual)
    gain = np.bincount(tested.series, weights=naive - error)

    def named(tested: Backtest, word: str) -> list[int]:
        chosen = select_examples(sample.panel, sample.active, tested)
        return [each.index for each in chosen if f"the most {word} than" in each.reason]

    assert gain.max() > 0
    assert named(tested, "better") == [int(gain.argmax())]
    assert named(replace(tested, forecast=tested.seasonal_naive), "better") == []
    assert named(replace(tested, forecast=tested.seasonal_naive), "worse") == []
    swapped = replace(tested, forecast=tested.seasonal_naive, seasonal_naive=tested.forecast)
    assert named(swapped, "worse") == [int(gain.argmax())]
    best = next(
        each for each in select_examples(sample.panel, sample.active, tested) if "the most better" in each.reason
    )
    own = tested.series == best.index
    assert f"error {error[own].sum() / np.abs(tested.actual[own]).sum():.0%} instead of" in best.reason


def test_one_series_is_shown_once(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, series({"only": [0.0] * 60}))
    assert [each.reason for each in select_examples(sample.panel, sample.active, None)] == ["stopped selling"]
