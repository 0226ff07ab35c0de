import numpy as np
import polars as pl
import pytest

from job_code.series.frequency import Frequency
from job_code.series.panel import Panel


@pytest.fixture
def panel() -> Panel:
    lengths = np.array([3, 1, 5])
    return Panel(
        keys=pl.DataFrame({"unique_id": ["a", "b", "c"]}),
        frequency=Frequency("W-MON"),
        first_period=np.array([10, 12, 8]),
        lengths=lengths,
        values=np.array([1.0, 2, 3, 7, 10, 20, 30, 40, 50]),
        observed=np.array([1, 0, 1, 1, 1, 1, 0, 1, 1], dtype=bool),
    )


def test_positions(panel: Panel) -> None:
    assert len(panel) == 3
    assert panel.starts.tolist() == [0, 3, 4]
    assert panel.last_period.tolist() == [12, 12, 12]
    assert panel.series_of_value.tolist() == [0, 0, 0, 1, 2, 2, 2, 2, 2]
    assert panel.period_of_value.tolist() == [10, 11, 12, 12, 8, 9, 10, 11, 12]
    assert panel.age.tolist() == [0, 1, 2, 0, 0, 1, 2, 3, 4]
    assert panel.periods_left.tolist() == [2, 1, 0, 0, 4, 3, 2, 1, 0]


def test_some_of_the_series(panel: Panel) -> None:
    some = panel.select(np.array([True, False, True]))
    assert some.keys["unique_id"].to_list() == ["a", "c"]
    assert some.values.tolist() == [1, 2, 3, 10, 20, 30, 40, 50]
    assert some.observed.sum() == 6
    assert some.starts.tolist() == [0, 3]
    nothing = panel.select(np.zeros(3, dtype=bool))
    assert len(nothing) == len(nothing.values) == nothing.keys.height == 0


def test_cutting_the_last_periods_off(panel: Panel) -> None:
    shorter = panel.select(np.array([True, False, True])).without_last(2)
    assert shorter.values.tolist() == [1, 10, 20, 30]
    assert shorter.last_period.tolist() == [10, 10]
    assert panel.select(np.array([True, False, True])).last(2).tolist() == [[2, 3], [40, 50]]


@pytest.mark.parametrize("periods", [1, 2, 4, 100])
def test_means_of_the_last_periods(panel: Panel, periods: int) -> None:
    expected = [np.mean(values[-periods:]) for values in ([1, 2, 3], [7], [10, 20, 30, 40, 50])]
    assert panel.mean_of_last(panel.values, periods) == pytest.approx(expected)


@pytest.mark.parametrize("periods", [1, 2, 3, 4, 5, 100])
def test_the_most_recent_periods(panel: Panel, periods: int) -> None:
    recent = panel.recent(periods)
    values = ([1, 2, 3], [7], [10, 20, 30, 40, 50])
    assert recent.values.tolist() == [value for each in values for value in each[-periods:]]
    assert recent.lengths.tolist() == [min(periods, len(each)) for each in values]
    assert recent.last_period.tolist() == panel.last_period.tolist()
    observed = ([True, False, True], [True], [True, True, False, True, True])
    assert recent.observed.tolist() == [seen for each in observed for seen in each[-periods:]]


def test_series_in_another_order(panel: Panel) -> None:
    taken = panel.take(np.array([2, 0, 2]))
    assert taken.keys["unique_id"].to_list() == ["c", "a", "c"]
    assert taken.values.tolist() == [10, 20, 30, 40, 50, 1, 2, 3, 10, 20, 30, 40, 50]
    assert taken.first_period.tolist() == [8, 10, 8]
    assert taken.observed.tolist()[5:8] == [True, False, True]
    assert len(panel.take(np.empty(0, np.int64))) == 0


def test_stack_sorts_the_series_of_several_panels_by_key(panel: Panel) -> None:
    parts = [panel.take(np.array(some, dtype=np.int64)) for some in ([2], [], [1, 0])]
    together = Panel.stack(parts)
    assert together.keys.equals(panel.keys)
    for name in ("first_period", "lengths", "values", "observed"):
        assert getattr(together, name).tolist() == getattr(panel, name).tolist()
