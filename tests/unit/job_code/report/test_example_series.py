from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.evaluation.backtest import Backtest
from job_code.evaluation.chart_data import SeriesChartData
from job_code.preparation.training_sample import Sample
from job_code.training.example_series import select_examples, series_of_report
from tests.demand import configured, prepared, run_job, sample_of, series, shop
from tests.fitted import backtested, trained


def test_one_series_is_selected_for_each_reason(tmp_path: Path) -> None:
    values = {
        "big": [9000.0] * 60,
        "dead": [50.0] * 10 + [0.0] * 60,
        "new": [3.0, 4.0],
        "sparse": [0.0, 0.0, 8.0] * 20,
    }
    sample = sample_of(tmp_path, pl.concat([shop(5, 60), series(values)]))
    panel, tested = sample.panel, backtested(sample, configured())
    chosen = select_examples(panel, sample.active, tested)
    by_reason = {reason: panel.keys["unique_id"][each.index] for each in chosen for reason in each.reason.split("; ")}
    assert by_reason["largest demand"] == "big"
    assert by_reason["intermittent demand"] == "sparse"
    assert by_reason["newest"] == "new"
    assert by_reason["discontinued"] == "dead"
    assert len({each.index for each in chosen}) == len(chosen)
    assert len(select_examples(panel, sample.active, None)) == 5


def test_the_best_and_the_worst_forecast_are_selected_with_their_errors(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, shop(6, 80))
    tested = backtested(sample, configured())
    assert tested is not None
    error, naive = np.abs(tested.forecast - tested.actual), np.abs(tested.seasonal_naive - tested.actual)
    gain = np.bincount(tested.series, weights=naive - error)

    def named(tested: Backtest, word: str) -> list[int]:
        chosen = select_examples(sample.panel, sample.active, tested)
        return [each.index for each in chosen if f"largest {word} against" in each.reason]

    assert gain.max() > 0
    assert named(tested, "gain") == [int(gain.argmax())]
    assert named(replace(tested, forecast=tested.seasonal_naive), "gain") == []
    assert named(replace(tested, forecast=tested.seasonal_naive), "loss") == []
    swapped = replace(tested, forecast=tested.seasonal_naive, seasonal_naive=tested.forecast)
    assert named(swapped, "loss") == [int(gain.argmax())]
    best = next(each for each in select_examples(sample.panel, sample.active, tested) if "largest gain" in each.reason)
    own = tested.series == best.index
    assert f"WAPE {error[own].sum() / np.abs(tested.actual[own]).sum():.0%} instead of" in best.reason


def test_a_single_series_is_selected_once(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, series({"only": [0.0] * 60}))
    assert [each.reason for each in select_examples(sample.panel, sample.active, None)] == ["discontinued"]


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], tuple[SeriesChartData, ...]]:
    """Return a function that forecasts the series of a report from 331 series."""
    config, demand = configured(), pl.concat([shop(330, 30), series({"A" * 500: [1.0] * 30})])
    ready = prepared(tmp_path_factory.mktemp("demand"), {"demand.parquet": demand}, config)
    sample = Sample.draw(ready, config.sample_rows)
    forecaster = trained(sample, ready, config)
    return lambda: series_of_report(sample, backtested(sample, config), forecaster)


def test_the_report_has_the_examples_and_a_random_sample(forecast: Callable[[], tuple[SeriesChartData, ...]]) -> None:
    chosen = forecast()
    examples = [each.name for each in chosen if each.reason is not None]
    drawn = [each.name for each in chosen if each.reason is None]
    assert len(drawn) == 300
    assert drawn == sorted(drawn)
    assert [each.name for each in chosen] == examples + drawn
    assert len({*examples, *drawn}) == len(chosen)
    assert chosen == forecast()


def test_long_keys_are_shortened(forecast: Callable[[], tuple[SeriesChartData, ...]]) -> None:
    assert max((each.name for each in forecast()), key=len) == "A" * 199 + "…"


def test_a_long_horizon_bounds_the_random_sample(tmp_path: Path) -> None:
    demand = shop(80, 740, frequency="D")
    finished = run_job(tmp_path, demand, horizon=60)
    assert finished.report.count('"reason":null') == 60_000 // (2 * 364 + 3 * 60)
