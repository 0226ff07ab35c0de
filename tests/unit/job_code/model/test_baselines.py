from pathlib import Path

from job_code.model.baselines import moving_average, seasonal_naive, yearly_mean
from tests.demand import panel_of, series


def test_seasonal_naive_repeats_the_last_season_or_the_last_value(tmp_path: Path) -> None:
    values = {
        "a": [float(at) for at in range(1, 31)],
        "b": [float(at) for at in range(1, 13)],
        "c": [4.0, 5.0],
        "d": [9.0],
    }
    panel, _ = panel_of(tmp_path, series(values, frequency="MS"), frequency="MS")
    naive = seasonal_naive(panel, 14)
    assert naive[0].tolist() == [*range(19, 31), 19, 20]
    assert naive[1].tolist() == [*range(1, 13), 1, 2]
    assert naive[2].tolist() == [5] * 14
    assert naive[3].tolist() == [9] * 14


def test_means_cover_the_last_year_and_the_last_quarter(tmp_path: Path) -> None:
    panel, _ = panel_of(tmp_path, series({"a": [float(at) for at in range(60)], "b": [4.0, 6.0]}))
    assert yearly_mean(panel, 2).tolist() == [[33.5, 33.5], [5.0, 5.0]]
    assert moving_average(panel, 2).tolist() == [[53.0, 53.0], [5.0, 5.0]]
