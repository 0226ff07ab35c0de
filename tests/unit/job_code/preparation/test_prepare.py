from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from job_code.demand.work_sizes import WorkSizes
from job_code.preparation import shard_preparation
from job_code.preparation.prepare import PreparedDemand
from job_code.series.demand_classes import DEMAND_CLASSES, classify_demand
from job_code.series.lifecycle import is_active
from tests.demand import LAST, configured, prepared, problems, run_job, series, shop, stacked

SIZES = WorkSizes(rows_per_shard=700, values_per_chunk=300)


def ready(folder: Path, demand: pl.DataFrame, **settings: object) -> PreparedDemand:
    return prepared(folder, {"a.parquet": demand}, configured(**settings), sizes=SIZES)


def varied() -> pl.DataFrame:
    random = np.random.default_rng(0)
    values = {f"P{at:02d}": random.poisson(0.1 + at / 20, int(random.integers(1, 130))).tolist() for at in range(40)}
    return pl.concat([shop(8, 150), series(values), series({"dead": [3.0] * 20 + [0.0] * 90})])


def test_series_are_counted_by_demand_class_and_life_stage(tmp_path: Path) -> None:
    demand = ready(tmp_path, varied())
    panel = stacked(demand)
    active, demand_class = is_active(panel), classify_demand(panel)
    expected = Counter(DEMAND_CLASSES[each] for each in demand_class[active])
    assert demand.counts == {
        **{name: expected[name] for name in DEMAND_CLASSES},
        "younger_than_a_season": int((panel.lengths < 52).sum()),
        "discontinued": int((~active).sum()),
    }
    assert all(demand.counts.values())
    assert demand.series == len(panel) == 49
    assert sum(chunk.series for chunk in demand.chunks) == 49
    assert len(demand.chunks) > 10


@pytest.mark.parametrize("settings", [{}, {"history": 20}, {"cutoff": date(2026, 6, 1)}, {"cutoff_rule": "series"}])
def test_recent_demand_is_the_total_by_period(tmp_path: Path, settings: dict[str, Any]) -> None:
    demand = ready(tmp_path, pl.concat([varied(), series({"early": [7.0] * 9}, last=date(2025, 3, 3))]), **settings)
    panel = stacked(demand)
    by_period: Counter[int] = Counter()
    for period, value in zip(panel.period_of_value.tolist(), panel.values.tolist(), strict=True):
        by_period[period] += value
    shown = min(104, demand.last_period - min(by_period) + 1)
    expected = [by_period[demand.last_period - shown + 1 + at] for at in range(shown)]
    assert demand.recent == pytest.approx(expected)


def test_recent_demand_ends_with_the_last_series(tmp_path: Path) -> None:
    gone = series({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0]}, last=date(2026, 9, 7))
    demand = pl.concat([gone, series({"later": [1.0]})])
    rule: dict[str, Any] = {"cutoff_rule": "series", "frequency": "W-MON", "cutoff": date(2026, 10, 5)}
    own = ready(tmp_path / "a", demand, **rule)
    assert own.recent.tolist() == [1, 6, 8]
    assert own.calendar.frequency.label_of(own.last_period) == date(2026, 9, 7)
    assert run_job(tmp_path / "b", demand, **rule).manifest["cutoff"] == "2026-09-07"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"cutoff": "2199-12-30"}, "weeks before the cutoff 2199-12-30"),
        ({"cutoff": "2026-11-16"}, "with duplicate weeks"),
    ],
)
def test_invalid_demand_is_not_aligned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], expected: str
) -> None:
    demand = shop(3, 40)
    if settings["cutoff"] == LAST.isoformat():
        demand = pl.concat([demand, demand[:1]])

    def unexpected(*_: object) -> None:
        raise AssertionError("a panel was written")

    monkeypatch.setattr(shard_preparation, "write_chunk", unexpected)
    (message,) = problems(tmp_path, {"a.parquet": demand}, **settings)
    assert expected in message
