from pathlib import Path

import numpy as np
import pytest

from job_code.series.frequency import Frequency
from job_code.series.lifecycle import is_active, is_cold_start
from tests.demand import panel_of, series


def test_discontinued_series_are_found(tmp_path: Path) -> None:
    every_week = [5.0, 6.0] * 40
    rare = ([3.0] + [0.0] * 9) * 8
    summers = ([4.0] * 26 + [0.0] * 26) * 3
    expected = {
        "every week, until now": (every_week, True),
        "every week, silent for ten": (every_week + [0.0] * 10, True),
        "every week, silent for a quarter": (every_week + [0.0] * 13, False),
        "rare, silent for a quarter": (rare + [0.0] * 13, True),
        "rare, silent for a year": (rare + [0.0] * 52, False),
        "summers only, in winter": (summers, True),
        "sold once, last week": ([2.0, 0.0], True),
        "never": ([0.0] * 30, False),
    }
    panel, _ = panel_of(tmp_path, series({name: values for name, (values, _) in expected.items()}))
    assert dict(zip(panel.keys["unique_id"], is_active(panel).tolist(), strict=True)) == {
        name: active for name, (_, active) in expected.items()
    }


def test_silence_is_counted_within_each_series(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    values = {f"S{at:03d}": (random.random(120) < random.uniform(0.02, 1)).astype(float).tolist() for at in range(200)}
    for key in list(values)[::3]:
        values[key][-20:] = [0.0] * 20
    panel, _ = panel_of(tmp_path, series(values))
    together = is_active(panel)
    alone = [bool(is_active(panel.select(np.arange(len(panel)) == at))[0]) for at in range(len(panel))]
    assert together.tolist() == alone
    assert 20 < together.sum() < 190


@pytest.mark.parametrize(("frequency", "quarter"), [("D", 91), ("W-MON", 13), ("MS", 3)])
def test_a_cold_start_lasts_a_quarter_of_a_year(frequency: str, quarter: int) -> None:
    ages = np.array([1, quarter - 1, quarter, 10 * quarter])
    assert is_cold_start(ages, Frequency(frequency)).tolist() == [True, True, False, False]
