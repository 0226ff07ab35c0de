from pathlib import Path

import polars as pl

from job_code.backtest import backtest
from job_code.regimes import Resources
from job_code.telling_series import choose
from tests.demand import configured, sample_of, series, shop


def test_one_series_of_each_sort_and_none_twice(tmp_path: Path) -> None:
    values = {
        "big": [9000.0] * 60,
        "dead": [50.0] * 10 + [0.0] * 60,
        "new": [3.0, 4.0],
        "sparse": [0.0, 0.0, 8.0] * 20,
    }
    sample = sample_of(tmp_path, pl.concat([shop(5, 60), series(values)]))
    panel, tested = sample.panel, backtest(sample, configured(), Resources(1, lambda: None))
    chosen = choose(panel, sample.active, tested)
    by_reason = {each.why: panel.keys["unique_id"][each.index] for each in chosen}
    assert by_reason["largest demand"] == "big"
    assert by_reason["intermittent demand"] == "sparse"
    assert by_reason["newest"] == "new"
    assert by_reason["stopped selling"] == "dead"
    assert len(by_reason) == 7
    assert len({each.index for each in chosen}) == 7
    assert len(choose(panel, sample.active, None)) == 5


def test_one_series_is_shown_once(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, series({"only": [0.0] * 60}))
    assert [each.why for each in choose(sample.panel, sample.active, None)] == ["stopped selling"]
